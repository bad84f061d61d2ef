"""What each channel brings: journeys that it began, how far they got, what came of them, and how often it helped others.

Journeys that began in the period, by the channel of their first arrival.  Shared credit is in the report `attribution`.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.journey.contribution import FAMILIES
from tracker.reports import arrivals, counters, credits
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.shops import Shop

TITLE = N_("Channels")
QUESTION = N_("Where do journeys begin, and what comes of them?")
PARAMETERS = ("period", "since", "until", "filter")
FILTERS = tuple(kind for kind in FAMILIES["arrivals"].kinds if kind != "channel")

COLUMNS = (
    arrivals.CHANNEL,
    arrivals.JOURNEYS,
    Column("share", Unit.SHARE, N_("Of all journeys"), N_("As a share of all journeys that began in the period.")),
    Column(
        "touchpoints",
        Unit.COUNT,
        N_("Touchpoints"),
        N_("All arrivals by this channel in journeys that began in the period, the first ones and later ones."),
    ),
    *arrivals.REACHED,
    *arrivals.AMOUNTS,
    Column(
        "assists",
        Unit.COUNT,
        N_("Assists"),
        N_("Journeys with an order in which this channel had a touchpoint and another channel had the last one."),
    ),
)
FIGURES = (arrivals.JOURNEYS, *arrivals.REACHED, *arrivals.AMOUNTS)

_NONE: Counter[str] = Counter()


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a channel, the one with most journeys first; beside it how far the journeys of each got."""
    amounts = counters.read_amounts(db, shop, query, "arrivals")
    rows = arrivals.group(amounts, credits.key_of(credits.PARTS["channel"]))
    touches, assists = counters.by_metric(amounts, "touches"), counters.by_metric(amounts, "assists")
    channels = {key[0] for key in rows} | set(touches)
    rows = {(channel, "", ""): rows.get((channel, "", ""), _NONE) for channel in channels}
    rows = dict(sorted(rows.items(), key=lambda row: (-row[1]["journeys"], row[0])))
    total, known = arrivals.add_up(rows), arrivals.all_is_known(query)
    table: list[Row] = [
        {
            "channel": channel,
            "share": Share(found["journeys"], total["journeys"]),
            "touchpoints": touches[channel] if known else None,
            "assists": assists[channel] if known else None,
            **arrivals.cells(found, shop, query),
        }
        for (channel, _, _), found in rows.items()
    ]
    return ReportTable(
        COLUMNS,
        table,
        sample=total["journeys"],
        figures=FIGURES,
        totals=arrivals.cells(total, shop, query),
        notes=arrivals.notes(total, query),
        beside={"stages": arrivals.stages(rows, arrivals.CHANNEL, 0)} if known else {},
    )
