"""The ways people came: the channels of a journey's touchpoints, one after the other.

Closed journeys on the day they ended.  Touchpoints in a row from one channel are one step; of long ways the middle is left out.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.journey.contribution import FAMILIES
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.sorting import page_of
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Share, Unit
from tracker.shops import Shop

TITLE = N_("Paths")
QUESTION = N_("Through which channels do people come, and which paths lead to orders?")
PARAMETERS = ("period", "since", "until", "filter", "sort", "cursor", "limit")
FILTERS = FAMILIES["paths"].kinds

_AMOUNTS = (
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that ended in the period, with an order or by lapsing.")),
    Column("ordered", Unit.COUNT, N_("With an order"), N_("Of these, those with an order that stands.")),
    Column("conversion", Unit.SHARE, N_("Conversion"), N_("With an order, as a share of these journeys.")),
    Column(
        "net", Unit.MONEY, N_("Net revenue"), N_("Of all their orders: after discounts and refunds, without VAT and shipping.")
    ),
)

COLUMNS = (
    Column(
        "path",
        Unit.TEXT,
        N_("Path"),
        N_("The channels of the journey's touchpoints in order; several in a row from one channel are one step."),
        vocabulary="path",
    ),
    Column(
        "steps", Unit.COUNT, N_("Steps"), N_("How many channels follow each other; of more than six the middle is left out.")
    ),
    Column("share", Unit.SHARE, N_("Of all journeys"), N_("As a share of all journeys that ended in the period.")),
    *_AMOUNTS,
)

FIGURES = (
    *_AMOUNTS,
    Column("paths", Unit.COUNT, N_("Different paths"), N_("How many different paths these journeys took.")),
)

_NOTHING = "none"


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a path, the most frequent first, page by page."""
    amounts = counters.read_amounts(db, shop, query, "paths")
    by_path = {metric: counters.by_metric(amounts, metric) for metric in ("journeys", "ordered", "net")}
    paths = sorted(by_path["journeys"].items(), key=lambda found: (-found[1], found[0]))
    total = Counter({metric: sum(found.values()) for metric, found in by_path.items()})

    def row(of: tuple[str, int]) -> Row:
        return _row(of[0], Counter({metric: found[of[0]] for metric, found in by_path.items()}), total, shop)

    shown, cursor = page_of(paths, row, COLUMNS, query)
    return ReportTable(
        COLUMNS,
        shown,
        sample=total["journeys"],
        figures=FIGURES,
        totals={**_cells(total, shop), "paths": len(paths)},
        next_cursor=cursor,
    )


def _row(path: str, amounts: Counter[str], total: Counter[str], shop: Shop) -> Row:
    return {
        "path": path,
        "steps": 0 if path == _NOTHING else path.count(">") + 1,
        "share": Share(amounts["journeys"], total["journeys"]),
        **_cells(amounts, shop),
    }


def _cells(amounts: Counter[str], shop: Shop) -> Row:
    return {
        "journeys": amounts["journeys"],
        "ordered": amounts["ordered"],
        "conversion": Share(amounts["ordered"], amounts["journeys"]),
        "net": Money(amounts["net"], shop.settings.currency),
    }
