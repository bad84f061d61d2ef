"""How many touchpoints a journey has, and how long it takes from the first to the order.

Journeys that began in the period, followed until now.  Reference values: docs/reports.md.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.journey.contribution import FILTER_KINDS, MOST_TOUCHES
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Row, Sentence, Share, Unit
from tracker.reports.words import LEADS
from tracker.shops import Shop

TITLE = N_("Touchpoints per journey")
QUESTION = N_("How often must people come before they order, and how long does it take?")
PARAMETERS = ("period", "since", "until", "filter")
FILTERS = FILTER_KINDS

REFERENCES = {"consumers_from": 5.0, "consumers_to": 8.0, "companies_to": 27.0}
_REFERENCE = N_("5–8 is usual when selling to consumers, up to 27 between companies")

COLUMNS = (
    Column(
        "touchpoints", Unit.COUNT, N_("Touchpoints"), N_("Arrivals from outside in one journey; 50 stands for 50 and more.")
    ),
    Column(
        "journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that began in the period and have so many touchpoints until now.")
    ),
    Column("share", Unit.SHARE, N_("Of all journeys"), N_("As a share of all journeys that began in the period.")),
    Column("ordered", Unit.COUNT, N_("With an order"), N_("Of these, those with an order that stands.")),
    Column(
        "share_of_orders",
        Unit.SHARE,
        N_("Of journeys with an order"),
        N_("With an order, as a share of all journeys with one."),
    ),
    Column("conversion", Unit.SHARE, N_("Conversion"), N_("With an order, as a share of these journeys.")),
)

FIGURES = (
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that began in the period.")),
    Column("mean", Unit.NUMBER, N_("Average"), N_("All touchpoints divided by all journeys."), reference=_REFERENCE),
    Column("median", Unit.NUMBER, N_("Median"), N_("Half of the journeys have fewer touchpoints, half have more.")),
    Column(
        "ordered",
        Unit.COUNT,
        N_("Journeys with an order"),
        N_("Journeys that began in the period and have an order that stands."),
    ),
    Column(
        "ordered_mean",
        Unit.NUMBER,
        N_("Average with an order"),
        N_("Their touchpoints divided by their number."),
        reference=_REFERENCE,
    ),
    Column(
        "ordered_median",
        Unit.NUMBER,
        N_("Median with an order"),
        N_("Half of the journeys with an order have fewer touchpoints, half have more."),
    ),
    Column(
        "mean_days",
        Unit.NUMBER,
        N_("Days to the order"),
        N_("Whole days from the first touchpoint to the order, on average; orders without a touchpoint are left out."),
    ),
)

DAY_COLUMNS = (
    Column(
        "days", Unit.TEXT, N_("Days to the order"), N_("Whole days from the first touchpoint to the order."), vocabulary="lead"
    ),
    Column(
        "journeys",
        Unit.COUNT,
        N_("Journeys"),
        N_("Journeys with an order that took so long; without a touchpoint they are left out."),
    ),
    Column("share", Unit.SHARE, N_("Share"), N_("As a share of the journeys with an order and a touchpoint.")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row for each number of touchpoints that occurred; beside it the days to the order, where they are known."""
    amounts = counters.read_amounts(db, shop, query, "journeys")
    all_of, ordered = _by_number(amounts, "touches"), _by_number(amounts, "ordered_touches")
    days = _days(amounts)
    known = len(query.filters) <= 1
    return ReportTable(
        COLUMNS,
        [_row(number, all_of, ordered, amounts) for number in sorted(all_of)],
        sample=amounts["journeys"],
        figures=FIGURES,
        totals={
            "journeys": amounts["journeys"],
            "mean": _mean(amounts["touchpoints"], amounts["journeys"]),
            "median": median(all_of),
            "ordered": amounts["ordered"],
            "ordered_mean": _mean(amounts["ordered_touchpoints"], amounts["ordered"]),
            "ordered_median": median(ordered),
            "mean_days": _mean(amounts["lead_days"], days.sample),
        },
        references=REFERENCES,
        notes=_notes(all_of, amounts, days_are_known=known),
        beside={"days": days} if known else {},
    )


def _by_number(amounts: Counter[str], metric: str) -> Counter[int]:
    return Counter({int(number): count for number, count in counters.by_metric(amounts, metric).items() if count})


def _row(number: int, all_of: Counter[int], ordered: Counter[int], amounts: Counter[str]) -> Row:
    return {
        "touchpoints": number,
        "journeys": all_of[number],
        "share": Share(all_of[number], amounts["journeys"]),
        "ordered": ordered[number],
        "share_of_orders": Share(ordered[number], amounts["ordered"]),
        "conversion": Share(ordered[number], all_of[number]),
    }


def _mean(total: int, count: int) -> float | None:
    return total / count if count else None


def median(counts: Counter[int]) -> float | None:
    """The middle one of so many of each number; of an even count the mean of the middle two."""
    whole = sum(counts.values())
    if not whole:
        return None
    return (_at(counts, (whole - 1) // 2) + _at(counts, whole // 2)) / 2


def _at(counts: Counter[int], place: int) -> int:
    """The number at this place, from 0, when all are put in order."""
    for number in sorted(counts):
        place -= counts[number]
        if place < 0:
            return number
    raise IndexError(place)


def _days(amounts: Counter[str]) -> ReportTable:
    found = counters.by_metric(amounts, "lead")
    whole = sum(found.values())
    rows: list[Row] = [
        {"days": key, "journeys": found[str(i)], "share": Share(found[str(i)], whole)} for i, key in enumerate(LEADS)
    ]
    return ReportTable(DAY_COLUMNS, rows, whole)


def _notes(all_of: Counter[int], amounts: Counter[str], *, days_are_known: bool) -> tuple[Sentence, ...]:
    notes = []
    if amounts["open"]:
        text = N_("%(open)s of %(journeys)s journeys are still under way: they may yet go on and order.")
        notes.append(Sentence(text, {"open": amounts["open"], "journeys": amounts["journeys"]}))
    if all_of[MOST_TOUCHES]:
        text = N_("%(journeys)s journeys have 50 touchpoints or more and are shown as having 50; the mean counts all of them.")
        notes.append(Sentence(text, {"journeys": all_of[MOST_TOUCHES]}))
    if not days_are_known:
        notes.append(Sentence(N_("The days to the order are known for one filter at a time."), {}))
    return tuple(notes)
