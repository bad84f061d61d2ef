"""What each campaign brings: journeys whose first arrival carried its label, and what came of them.

Journeys that began in the period.  Shared credit is in the report `attribution`, what a campaign cost in `costs`.
"""

from __future__ import annotations

from sqlalchemy import Connection

from tracker.journey.contribution import FAMILIES
from tracker.reports import arrivals, counters, credits
from tracker.reports.query import Query
from tracker.reports.sorting import page_of
from tracker.reports.table import N_, Column, ReportTable, Sentence, Unit
from tracker.shops import Shop

TITLE = N_("Campaigns")
QUESTION = N_("Which campaigns bring journeys that end in an order?")
PARAMETERS = ("period", "since", "until", "filter", "sort", "cursor", "limit")
FILTERS = FAMILIES["arrivals"].kinds

COLUMNS = (
    arrivals.CHANNEL,
    arrivals.SOURCE,
    arrivals.CAMPAIGN,
    arrivals.JOURNEYS,
    *arrivals.REACHED,
    *arrivals.AMOUNTS,
)
FIGURES = (
    arrivals.JOURNEYS,
    *arrivals.REACHED,
    *arrivals.AMOUNTS,
    Column(
        "campaigns", Unit.COUNT, N_("Campaigns"), N_("How many different campaigns these are; of one channel and source each.")
    ),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row for each campaign of a source, the one with most journeys first, page by page."""
    amounts = counters.read_amounts(db, shop, query, "arrivals")
    every = arrivals.group(amounts, credits.key_of(credits.PARTS["campaign"]))
    rows = {key: found for key, found in every.items() if key[2]}
    total = arrivals.add_up(rows)
    unlabelled = sum(found["journeys"] for key, found in every.items() if not key[2])
    by_journeys = sorted(rows.items(), key=lambda row: (-row[1]["journeys"], row[0]))
    shown, cursor = page_of(
        by_journeys, lambda row: {**credits.key_cells(row[0]), **arrivals.cells(row[1], shop, query)}, COLUMNS, query
    )
    return ReportTable(
        COLUMNS,
        shown,
        sample=total["journeys"],
        figures=FIGURES,
        totals={**arrivals.cells(total, shop, query), "campaigns": len(rows)},
        notes=(*_notes(unlabelled), *arrivals.notes(total, query)),
        next_cursor=cursor,
    )


def _notes(unlabelled: int) -> tuple[Sentence, ...]:
    if not unlabelled:
        return ()
    return (Sentence(N_("%(journeys)s journeys began without a campaign label and are not here."), {"journeys": unlabelled}),)
