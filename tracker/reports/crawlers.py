"""What machines read of the shop, where its server reports them: a table of the crawlers, and one of the pages that they read
for AI, with the people who landed there.  Part of the report `ai_assistants`.

Counted on the day of the visit: pipeline/told.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection

from tracker.enrich import Crawler, crawler
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Row, Unit
from tracker.shops import Shop

MOST_CRAWLERS, MOST_PAGES = 200, 100  # of the tables

COLUMNS = (
    Column("crawler", Unit.TEXT, N_("Crawler"), N_("What the machine calls itself."), "crawler"),
    Column("maker", Unit.TEXT, N_("Made by"), N_("Whose it is, where it is known to read for AI.")),
    Column("source", Unit.TEXT, N_("Assistant"), N_("The assistant that it reads for."), "assistant"),
    Column(
        "reads_for",
        Unit.TEXT,
        N_("Reads for"),
        N_("An answer that somebody waits for, a search index, or training, as its maker says."),
        "reads_for",
    ),
    Column("visits", Unit.COUNT, N_("Visits"), N_("Pages fetched, as the shop's server reported them.")),
    Column("pages", Unit.COUNT, N_("Pages"), N_("How many different pages; of each day the first 200 are told apart.")),
    Column("last", Unit.DAY, N_("Last seen"), N_("The last day of the period on which it came.")),
)
PAGE_COLUMNS = (
    Column("page", Unit.TEXT, N_("Page"), N_("The path of the page.")),
    Column("reads", Unit.COUNT, N_("Read"), N_("How often machines that read for AI fetched it.")),
    Column("answers", Unit.COUNT, N_("For an answer"), N_("Of these, how often because somebody was waiting for an answer.")),
    Column("arrivals", Unit.COUNT, N_("Arrivals"), N_("Arrivals by assistants on this page.")),
)


def tables(db: Connection, shop: Shop, query: Query, landed: Mapping[str, int]) -> dict[str, ReportTable]:
    """`crawlers`, those that read for AI first, and `read`, the page read most first.  `landed`: path → arrivals of people."""
    visits: Counter[str] = Counter()
    last: dict[str, date] = {}
    for day, amounts in counters.every_day(db, shop, query, "crawlers"):
        for bot, count in counters.by_metric(Counter(amounts), "visits").items():
            visits[bot] += count
            last[bot] = counters.day_from_number(day)
    reads: dict[str, Counter[str]] = defaultdict(Counter)  # crawler → path → visits
    for key, count in counters.by_metric(counters.read_amounts(db, shop, query, "crawled"), "visits").items():
        bot, _, path = key.partition("|")
        if path:  # else those beyond what is told apart
            reads[bot][path] += count
    ordered = sorted(visits, key=lambda bot: (not _is_ai(bot), -visits[bot], bot))
    rows: list[Row] = [
        {**_who(bot), "visits": visits[bot], "pages": len(reads[bot]), "last": last[bot]} for bot in ordered[:MOST_CRAWLERS]
    ]
    return {"crawlers": ReportTable(COLUMNS, rows, visits.total()), "read": _read(reads, landed)}


def _read(reads: Mapping[str, Counter[str]], landed: Mapping[str, int]) -> ReportTable:
    every: Counter[str] = Counter()
    answers: Counter[str] = Counter()
    for bot, paths in reads.items():
        if _is_ai(bot):
            every.update(paths)
        if (known := _known(bot)) and known.purpose == "answer":
            answers.update(paths)
    most = sorted(every, key=lambda path: (-every[path], path))[:MOST_PAGES]
    rows: list[Row] = [
        {"page": path, "reads": every[path], "answers": answers[path], "arrivals": landed.get(path, 0)} for path in most
    ]
    return ReportTable(PAGE_COLUMNS, rows, every.total())


def _known(bot: str) -> Crawler | None:
    return crawler(bot.partition(":")[2])


def _is_ai(bot: str) -> bool:
    return bot.startswith("ai:") or _known(bot) is not None


def _who(bot: str) -> Row:
    """A machine that reads for AI and is not in the list is there by its name alone."""
    known = _known(bot)
    return {
        "crawler": bot.partition(":")[2] or bot,
        "maker": known.maker if known else None,
        "source": known.assistant if known else None,
        "reads_for": known.purpose if known else "other",
    }
