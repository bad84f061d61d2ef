"""What an owner asks, each with the report that answers it in a sentence.

To add a question: its line in QUESTIONS; the report needs an entry in insight.py and a page of its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from tracker.reports import answer
from tracker.reports.query import Query, read_query
from tracker.reports.table import N_, ReportTable
from tracker.shops import Shop
from tracker.telling.cells import Writer
from tracker.telling.insight import INSIGHTS

# question, report, the period that it takes to say it; None: the days that are looked at anyway
QUESTIONS: tuple[tuple[str, str, str | None], ...] = (
    (N_("Where do I lose most people?"), "stages", None),
    (N_("Which channel brought my best customers?"), "clv", "365d"),
    (N_("What do people look for that I don't sell?"), "searches", None),
    (N_("Is anything not measured?"), "data_health", "28d"),
)

_MOST_SENTENCES = 2


@dataclass(frozen=True)
class Answered:
    """A question and what is said to it; nothing, while too little is known."""

    question: str
    said: list[str]
    report: str
    period: str | None


def of_all(shop: Shop, query: Query) -> Query:
    """The same days without the filter, which not every report can heed."""
    return read_query({"since": str(query.since), "until": str(query.until)}, shop, query.now)


def answers(
    db: Connection, shop: Shop, query: Query, write: Callable[[Query], Writer], known: Mapping[str, ReportTable] | None = None
) -> Iterator[Answered]:
    """`known`: what reports have answered to `query` already; they are not asked again for the same."""
    plain = of_all(shop, query)
    same = (query.filter, query.view, query.sort) == (plain.filter, plain.view, plain.sort)
    told = known if known and same else {}
    for question, report, period in QUESTIONS:
        asked = read_query({"period": period}, shop, query.now) if period else plain
        table = told[report] if report in told and not period else answer(report, db, shop, asked)
        writer = write(asked)
        said = INSIGHTS[report](table, asked, writer)
        yield Answered(writer.translate(question), said[:_MOST_SENTENCES], report, period)
