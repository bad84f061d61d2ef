"""What people ask the shop's support, and how long they wait for an answer.

A matter counts on the day it was opened, an answer on the day the matter was closed: the support system tells the time to the
first answer then; when it does not, the time until it was closed stands for it.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.journey.contribution import FAMILIES
from tracker.journey.notes import TICKET_BOUNDS
from tracker.reports import counters
from tracker.reports.durations import median_seconds
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.shops import Shop

TITLE = N_("Support")
QUESTION = N_("What do people ask support, and how long do they wait?")
PARAMETERS = ("period", "since", "until", "filter")
FILTERS = FAMILIES["support"].kinds

COLUMNS = (
    Column("topic", Unit.TEXT, N_("Topic"), N_("What it was about, in the support system's words."), vocabulary="topic"),
    Column("opened", Unit.COUNT, N_("Asked"), N_("Matters opened in the period.")),
    Column("share", Unit.SHARE, N_("Share"), N_("As a share of all matters opened in the period.")),
)

_WAIT = (
    Column("closed", Unit.COUNT, N_("Settled"), N_("Matters closed in the period, whenever they were opened.")),
    Column("timed", Unit.COUNT, N_("With a known wait"), N_("Closed matters of which the time to the first answer is known.")),
    Column(
        "mean_wait",
        Unit.SECONDS,
        N_("Average wait"),
        N_("All waiting for a first answer, divided by matters with a known wait."),
    ),
    Column(
        "median_wait",
        Unit.SECONDS,
        N_("Median wait"),
        N_("Half of the people waited less for a first answer. Estimated from classes of length."),
    ),
    Column("within_4h", Unit.SHARE, N_("Within 4 hours"), N_("First answer within 4 hours, of the matters with a known wait.")),
    Column(
        "within_24h", Unit.SHARE, N_("Within 24 hours"), N_("First answer within 24 hours, of the matters with a known wait.")
    ),
)

FIGURES = (COLUMNS[1], *_WAIT)

DAY_COLUMNS = (
    Column("day", Unit.DAY, N_("Day"), N_("The day on which matters were opened or closed, in the shop's time zone.")),
    *FIGURES,
)

CLASS_COLUMNS = tuple(
    Column(f"b{i}", Unit.COUNT, title, N_("Matters whose first answer took this long."))
    for i, title in enumerate(
        (N_("up to 1 h"), N_("up to 4 h"), N_("up to 1 day"), N_("up to 3 days"), N_("longer")),
    )
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a topic, most frequent first; beside it the single days, and waits by length."""
    amounts = counters.read_amounts(db, shop, query, "support")
    topics = counters.by_metric(amounts, "opened")
    opened = topics.total()
    rows: list[Row] = [
        {"topic": topic, "opened": count, "share": Share(count, opened)}
        for topic, count in sorted(topics.items(), key=lambda entry: (-entry[1], entry[0]))
    ]
    days: list[Row] = [
        {"day": counters.day_from_number(day), **_figures(Counter(found))}
        for day, found in counters.every_day(db, shop, query, "support")
    ]
    classes = {f"b{i}": count for i, count in enumerate(_classes(amounts))}
    return ReportTable(
        COLUMNS,
        rows,
        opened,
        FIGURES,
        _figures(amounts),
        beside={
            "days": ReportTable(DAY_COLUMNS, days, opened),
            "waits": ReportTable(CLASS_COLUMNS, [classes], amounts["timed"]),
        },
    )


def _classes(amounts: Counter[str]) -> list[int]:
    return [amounts[f"b:{i}"] for i in range(len(TICKET_BOUNDS) + 1)]


def _figures(amounts: Counter[str]) -> dict[str, int | float | Share | None]:
    classes, timed = _classes(amounts), amounts["timed"]
    return {
        "opened": counters.by_metric(amounts, "opened").total(),
        "closed": amounts["closed"],
        "timed": timed,
        "mean_wait": amounts["seconds"] / timed if timed else None,
        "median_wait": median_seconds(classes, TICKET_BOUNDS),
        "within_4h": Share(_within(classes, 14_400), timed),
        "within_24h": Share(_within(classes, 86_400), timed),
    }


def _within(classes: list[int], seconds: int) -> int:
    """`seconds` is one of the bounds."""
    return sum(classes[: TICKET_BOUNDS.index(seconds) + 1])
