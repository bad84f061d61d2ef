"""What journeys came to by their first arrival: the family `arrivals`, for the reports on channels, campaigns and assistants.

Journeys that began in the days asked for, followed until now.  With several filters at once only journeys, orders of journeys
and net revenue are known; the other cells then stay empty, and a note says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from tracker.money import divide
from tracker.reports import counters
from tracker.reports.credits import Key, KeyOf
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Sentence, Share, Unit
from tracker.shops import Shop
from tracker.stages import CONSIDERATION, DECISION, STAGES

CHANNEL = Column("channel", Unit.TEXT, N_("Channel"), N_("Where the journey's first arrival came from."), vocabulary="channel")
SOURCE = Column("source", Unit.TEXT, N_("Source"), N_("Who sent the first arrival: a search engine, a network, a site."))
CAMPAIGN = Column("campaign", Unit.TEXT, N_("Campaign"), N_("The campaign label of the first arrival."))

JOURNEYS = Column("journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that began in the period with such an arrival."))
REACHED = (
    Column(
        "considered",
        Unit.SHARE,
        N_("Reached consideration"),
        N_("Of these journeys, those that got as far as consideration or further."),
    ),
    Column(
        "decided", Unit.SHARE, N_("Reached decision"), N_("Of these journeys, those that got as far as decision or further.")
    ),
)
AMOUNTS = (
    Column("ordered", Unit.COUNT, N_("With an order"), N_("Of these journeys, those with an order that stands.")),
    Column("conversion", Unit.SHARE, N_("Conversion"), N_("With an order, as a share of these journeys.")),
    Column(
        "orders", Unit.COUNT, N_("Orders"), N_("All orders of these journeys that stand, renewals of subscriptions included.")
    ),
    Column(
        "first",
        Unit.COUNT,
        N_("First orders"),
        N_("Of the journeys with an order, those whose order was their customer's first."),
    ),
    Column(
        "net", Unit.MONEY, N_("Net revenue"), N_("Of all these orders: after discounts and refunds, without VAT and shipping.")
    ),
    Column(
        "average",
        Unit.MONEY,
        N_("Average order value"),
        N_("Net revenue divided by the orders; those in a currency without a rate are left out of both."),
    ),
)

STAGE_COLUMNS = (
    Column(
        "stage",
        Unit.TEXT,
        N_("Stage"),
        N_("One of the twelve stages, in order; reactivation stands beside them."),
        vocabulary="twelve",
    ),
    Column("reached", Unit.COUNT, N_("Reached at least"), N_("Journeys whose furthest stage is this one or a later one.")),
    Column("share", Unit.SHARE, N_("Of all journeys"), N_("Reached this stage or a later one, as a share of the journeys.")),
)

_METRICS = frozenset({"journeys", "ordered", "orders", "unrated", "first", "net", "got"})


def group(amounts: Counter[str], key: KeyOf) -> dict[Key, Counter[str]]:
    """By key of the first arrival: journeys, ordered, orders, unrated, first, net, got.<highest stage>."""
    found: dict[Key, Counter[str]] = {}
    for name, amount in amounts.items():
        metric, _, told = name.partition(":")
        if metric not in _METRICS:
            continue
        if metric == "got":
            highest, _, told = told.partition(".")
            metric = f"got.{highest}"
        found.setdefault(key(told), Counter())[metric] += amount
    return found


def add_up(rows: Mapping[Key, Counter[str]]) -> Counter[str]:
    """All of them together."""
    total: Counter[str] = Counter()
    for amounts in rows.values():
        total.update(amounts)
    return total


def cells(amounts: Counter[str], shop: Shop, query: Query) -> Row:
    """The cells of JOURNEYS, REACHED and AMOUNTS."""
    told: Row = {
        "journeys": amounts["journeys"],
        "ordered": amounts["ordered"],
        "conversion": Share(amounts["ordered"], amounts["journeys"]),
        "net": Money(amounts["net"], shop.settings.currency),
    }
    if not all_is_known(query):
        return told
    rated = amounts["orders"] - amounts["unrated"]
    return {
        **told,
        "considered": Share(reached(amounts, CONSIDERATION), amounts["journeys"]),
        "decided": Share(reached(amounts, DECISION), amounts["journeys"]),
        "orders": amounts["orders"],
        "first": amounts["first"],
        "average": Money(divide(amounts["net"], rated), shop.settings.currency) if rated else None,
    }


def reached(amounts: Counter[str], stage: int) -> int:
    """Journeys whose furthest stage is this one or a later one."""
    return sum(amounts[f"got.{highest}"] for highest in range(stage, len(STAGES)))


def all_is_known(query: Query) -> bool:
    """Not with several filters at once, which are answered from rows that hold less."""
    return len(query.filters) <= 1


def stages(rows: Mapping[Key, Counter[str]], column: Column, part: int) -> ReportTable:
    """How far the journeys of each row got: a line for each of the stages from the second, which all of them reach, up to
    advocacy; `part` of the key is the column's."""
    table: list[Row] = [
        {
            column.key: key[part],
            "stage": stage.key,
            "reached": reached(amounts, stage.number),
            "share": Share(reached(amounts, stage.number), amounts["journeys"]),
        }
        for key, amounts in rows.items()
        for stage in STAGES[1:-1]
    ]
    return ReportTable((column, *STAGE_COLUMNS), table, sum(amounts["journeys"] for amounts in rows.values()))


def notes(amounts: Counter[str], query: Query) -> tuple[Sentence, ...]:
    """What must be known of the figures."""
    several = N_("With several filters at once some columns are not known and stay empty.")
    return (*(() if all_is_known(query) else (Sentence(several, {}),)), *counters.unrated_note(amounts))
