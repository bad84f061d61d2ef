"""What AI assistants bring: by assistant how many come, how far they get, what they order, and on which pages they land; and
what their crawlers read.

Journeys that began in the period with an arrival by an assistant; `arrivals` counts later arrivals of any journey too.
Crawlers are nobody's journey, so no filter tells of them.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.enrich import Channel
from tracker.journey.contribution import FAMILIES
from tracker.reports import arrivals, counters, crawlers, credits
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.shops import Shop

TITLE = N_("AI assistants")
QUESTION = N_("Which assistants read the shop and send people to it, how far do those people get, and what do they order?")
PARAMETERS = ("period", "since", "until", "filter")
FILTERS = tuple(kind for kind in FAMILIES["arrivals"].kinds if kind != "channel")

CHANNEL: Channel = "ai_assistant"
MOST_PAGES = 100  # of the table beside

_ASSISTANT = Column("source", Unit.TEXT, N_("Assistant"), N_("The assistant that sent the first arrival."), "assistant")
_ARRIVALS = Column(
    "arrivals",
    Unit.COUNT,
    N_("Arrivals"),
    N_("Arrivals by the assistant in journeys that began in the period, the first ones and later ones."),
)
COLUMNS = (_ASSISTANT, _ARRIVALS, arrivals.JOURNEYS, *arrivals.REACHED, *arrivals.AMOUNTS)
FIGURES = (_ARRIVALS, arrivals.JOURNEYS, *arrivals.REACHED, *arrivals.AMOUNTS)

PAGE_COLUMNS = (
    Column("source", Unit.TEXT, N_("Assistant"), N_("The assistant that sent the arrivals."), "assistant"),
    Column("page", Unit.TEXT, N_("Page"), N_("The path of the page on which they landed.")),
    Column("arrivals", Unit.COUNT, N_("Arrivals"), N_("Arrivals by the assistant on this page.")),
    Column("share", Unit.SHARE, N_("Of its arrivals"), N_("As a share of all arrivals by this assistant.")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row an assistant, the one with most arrivals first.  Raises BadQuery for several filters at once."""
    counters.check_filters(query, FILTERS)
    amounts = counters.read_amounts(db, shop, query, "arrivals")
    every = arrivals.group(amounts, credits.key_of(credits.PARTS["source"]))
    pages = _pages(amounts)
    landed: Counter[str] = Counter()
    by_path: Counter[str] = Counter()
    for (source, path), count in pages.items():
        landed[source] += count
        by_path[path] += count
    keys = {key for key in every if key[0] == CHANNEL} | {(CHANNEL, source, "") for source in landed}
    rows = {key: every.get(key, Counter()) for key in sorted(keys, key=lambda key: (-landed[key[1]], key))}
    total = arrivals.add_up(rows)
    return ReportTable(
        COLUMNS,
        [{"source": key[1], "arrivals": landed[key[1]], **arrivals.cells(found, shop, query)} for key, found in rows.items()],
        sample=total["journeys"],
        figures=FIGURES,
        totals={"arrivals": sum(landed.values()), **arrivals.cells(total, shop, query)},
        notes=arrivals.notes(total, query),
        beside={
            "stages": arrivals.stages(rows, _ASSISTANT, 1),
            "pages": ReportTable(PAGE_COLUMNS, _page_rows(pages, landed), sum(landed.values())),
            **({} if query.filters else crawlers.tables(db, shop, query, by_path)),
        },
    )


def _pages(amounts: Counter[str]) -> Counter[tuple[str, str]]:
    """(assistant, path) -> arrivals."""
    found: Counter[tuple[str, str]] = Counter()
    for key, count in counters.by_metric(amounts, "landed").items():
        source, _, path = key.partition("|")
        found[source, path] += count
    return found


def _page_rows(pages: Counter[tuple[str, str]], landed: Counter[str]) -> list[Row]:
    most = sorted(pages.items(), key=lambda row: (-row[1], row[0]))[:MOST_PAGES]
    return [
        {"source": source, "page": path or None, "arrivals": count, "share": Share(count, landed[source])}
        for (source, path), count in most
    ]
