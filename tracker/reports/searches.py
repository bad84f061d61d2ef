"""What people say they need: the words they search for on the shop, and what is not found.

Journeys that *began* in the period.  Words are lower case; what is only spaced otherwise is the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from tracker.journey.contribution import FAMILIES
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.ranked import rank
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.shops import Shop

TITLE = N_("Searches")
QUESTION = N_("What do people say they need, and what of it does the shop not have?")
PARAMETERS = ("period", "since", "until", "filter", "limit")
FILTERS = FAMILIES["searches"].kinds

COLUMNS = (
    Column("words", Unit.TEXT, N_("Words"), N_("What was searched for, in small letters.")),
    Column("searches", Unit.COUNT, N_("Searches"), N_("How many the row stands for: 1, or all others in the last one.")),
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that began in the period and searched for this.")),
    Column("nothing", Unit.COUNT, N_("Nothing found"), N_("Of these, journeys in which the shop found nothing for it.")),
    Column("nothing_share", Unit.SHARE, N_("Found nothing"), N_("Nothing found, as a share of the journeys.")),
    Column("ordered", Unit.COUNT, N_("With an order"), N_("Journeys that searched for this and have a counted order.")),
    Column("conversion", Unit.SHARE, N_("Conversion"), N_("With an order, as a share of the journeys.")),
)

FIGURES = (
    Column("searches", Unit.COUNT, N_("Different searches"), N_("How many different things were searched for.")),
    Column("journeys", Unit.COUNT, N_("Journeys with a search"), N_("Journeys that began in the period and searched.")),
    Column("nothing", Unit.SHARE, N_("Found nothing"), N_("Journeys with a search that found nothing, as a share of these.")),
    Column("conversion", Unit.SHARE, N_("Conversion"), N_("With a counted order, as a share of the journeys with a search.")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row for what was searched, most journeys first, the last one sums up those beyond `limit`; beside it the same of what
    was not found, most of it first: what people look for and the shop does not sell, or calls otherwise.
    """
    amounts = counters.read_amounts(db, shop, query, "searches")
    found = counters.by_key(amounts)
    missing = {words: row for words, row in found.items() if row.get("nothing")}
    searching = amounts["searching"]
    totals: Row = {
        "searches": len(found),
        "journeys": searching,
        "nothing": Share(amounts["searching_nothing"], searching),
        "conversion": Share(amounts["searching_ordered"], searching),
    }
    return ReportTable(
        COLUMNS,
        _rows(found, ("journeys", "ordered", "nothing"), query.limit),
        searching,
        FIGURES,
        totals,
        beside={"nothing": ReportTable(COLUMNS, _rows(missing, ("nothing", "journeys"), query.limit), searching)},
    )


def _rows(found: Mapping[str, Mapping[str, int]], by: tuple[str, ...], most: int) -> list[Row]:
    return [
        {
            "words": row.named(None, ""),
            "searches": row.keys,
            "journeys": row.amounts["journeys"],
            "nothing": row.amounts["nothing"],
            "nothing_share": Share(row.amounts["nothing"], row.amounts["journeys"]),
            "ordered": row.amounts["ordered"],
            "conversion": Share(row.amounts["ordered"], row.amounts["journeys"]),
        }
        for row in rank(found, by, most)
    ]
