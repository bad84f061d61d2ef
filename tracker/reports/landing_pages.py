"""The pages on which journeys begin, and what comes of them.

Journeys that began in the period, by the path of their first arrival's page.
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

TITLE = N_("Landing pages")
QUESTION = N_("On which pages do journeys begin, and where do people leave at once?")
PARAMETERS = ("period", "since", "until", "filter", "sort", "cursor", "limit")
FILTERS = FAMILIES["landings"].kinds

_AMOUNTS = (
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that began in the period with an arrival on a page.")),
    Column(
        "bounced",
        Unit.SHARE,
        N_("Left at once"),
        N_("Of these journeys, those with one page and nothing beyond looking at it, until now."),
    ),
    Column("ordered", Unit.COUNT, N_("With an order"), N_("Of these journeys, those with an order that stands.")),
    Column("conversion", Unit.SHARE, N_("Conversion"), N_("With an order, as a share of these journeys.")),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("Of their orders: after discounts and refunds, without VAT and shipping.")),
)
COLUMNS = (
    Column("page", Unit.TEXT, N_("Page"), N_("The path of the page on which the first arrival landed.")),
    Column("share", Unit.SHARE, N_("Of all journeys"), N_("As a share of all journeys that began in the period on a page.")),
    *_AMOUNTS,
)
FIGURES = (*_AMOUNTS, Column("pages", Unit.COUNT, N_("Pages"), N_("On how many different pages they landed.")))


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a page, the one with most journeys first, page by page."""
    by_page = counters.by_key(counters.read_amounts(db, shop, query, "landings"))
    total: Counter[str] = Counter()
    for counted in by_page.values():
        for metric, amount in counted.items():
            total[metric] += amount
    by_journeys = sorted(by_page.items(), key=lambda row: (-row[1].get("journeys", 0), row[0]))
    rows, cursor = page_of(by_journeys, lambda row: _row(row[0], Counter(row[1]), total, shop), COLUMNS, query)
    return ReportTable(
        COLUMNS,
        rows,
        sample=total["journeys"],
        figures=FIGURES,
        totals={**_cells(total, shop), "pages": len(by_page)},
        next_cursor=cursor,
    )


def _row(path: str, amounts: Counter[str], total: Counter[str], shop: Shop) -> Row:
    return {"page": path, "share": Share(amounts["journeys"], total["journeys"]), **_cells(amounts, shop)}


def _cells(amounts: Counter[str], shop: Shop) -> Row:
    return {
        "journeys": amounts["journeys"],
        "bounced": Share(amounts["bounced"], amounts["journeys"]),
        "ordered": amounts["ordered"],
        "conversion": Share(amounts["ordered"], amounts["journeys"]),
        "net": Money(amounts["net"], shop.settings.currency),
    }
