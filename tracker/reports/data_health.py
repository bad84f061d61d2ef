"""What arrived and what became of it: every refusal, drop and failure with its reason, by day.

Days are those on which the events arrived.  What names no shop is not shown to any.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from sqlalchemy import Connection, func, select

from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.shops import Shop
from tracker.tables import outcomes

TITLE = N_("Data health")
QUESTION = N_("Does everything arrive, and if not, why?")
PARAMETERS = ("period", "since", "until")
FILTERS: tuple[str, ...] = ()

KINDS = ("accepted", "refused", "dropped", "failed", "counted_only", "ignored_field")

KIND_COLUMNS = {
    "accepted": Column("accepted", Unit.COUNT, N_("Accepted"), N_("Events that were taken in at the door.")),
    "refused": Column(
        "refused", Unit.COUNT, N_("Refused"), N_("Events turned away at the door: the sender must change something.")
    ),
    "dropped": Column("dropped", Unit.COUNT, N_("Dropped"), N_("Accepted events left out on purpose, such as repeats.")),
    "failed": Column(
        "failed", Unit.COUNT, N_("Failed"), N_("Accepted events that we could not work in: our fault, kept for another try.")
    ),
    "counted_only": Column(
        "counted_only",
        Unit.COUNT,
        N_("Only counted"),
        N_("Events of visitors without consent: counted, and nothing else kept."),
    ),
    "ignored_field": Column(
        "ignored_field", Unit.COUNT, N_("Fields ignored"), N_("Fields that no event of that type has; the events were kept.")
    ),
}

COLUMNS = (
    Column("day", Unit.DAY, N_("Day"), N_("The day on which the events arrived, in the shop's time zone.")),
    *KIND_COLUMNS.values(),
)

REASON_COLUMNS = (
    Column(
        "kind",
        Unit.TEXT,
        N_("What happened"),
        N_("Refused, dropped, failed, only counted, or a field ignored."),
        vocabulary="outcome_kind",
    ),
    Column("reason", Unit.TEXT, N_("Reason"), N_("Why; for ignored fields the field's name."), vocabulary="outcome_reason"),
    Column("count", Unit.COUNT, N_("Count"), N_("How often in the period.")),
    Column("share", Unit.SHARE, N_("Of all events"), N_("As a share of all events that arrived in the period.")),
)

FIGURES = (
    Column("arrived", Unit.COUNT, N_("Arrived"), N_("Accepted, refused and only counted events together.")),
    KIND_COLUMNS["accepted"],
    Column("refused", Unit.SHARE, N_("Refused"), N_("Refused events, as a share of all that arrived.")),
    Column("failed", Unit.COUNT, N_("Failed"), KIND_COLUMNS["failed"].definition),
)

_MOST_REASONS = 500  # names of ignored fields are foreign text without end


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a day on which anything arrived; beside it the reasons, most frequent first."""
    within = (
        outcomes.c.shop_id == shop.shop_id,
        outcomes.c.day_on.between(counters.day_number(query.since), counters.day_number(query.until)),
    )
    day_kind = (outcomes.c.day_on, outcomes.c.kind)
    days: dict[int, Counter[str]] = defaultdict(Counter)
    for day_on, kind, count in db.execute(select(*day_kind, func.sum(outcomes.c.count)).where(*within).group_by(*day_kind)):
        days[day_on][kind] = int(count)
    sums = sum(days.values(), Counter[str]())
    arrived = sums["accepted"] + sums["refused"] + sums["counted_only"]
    rows: list[Row] = [
        {"day": counters.day_from_number(day_on), **{kind: found[kind] for kind in KINDS}}
        for day_on, found in sorted(days.items())
    ]
    kind_reason = (outcomes.c.kind, outcomes.c.reason)
    total = func.sum(outcomes.c.count)
    reasons = (
        select(*kind_reason, total)
        .where(*within, outcomes.c.kind != "accepted")
        .group_by(*kind_reason)
        .order_by(total.desc(), *kind_reason)
        .limit(_MOST_REASONS)
    )
    reason_rows: list[Row] = [
        {
            "kind": kind,
            "reason": reason,
            "count": int(count),
            "share": Share(int(count), arrived) if kind != "ignored_field" else None,
        }
        for kind, reason, count in db.execute(reasons)
    ]
    totals: Row = {
        "arrived": arrived,
        "accepted": sums["accepted"],
        "refused": Share(sums["refused"], arrived),
        "failed": sums["failed"],
    }
    return ReportTable(
        COLUMNS, rows, arrived, FIGURES, totals, beside={"reasons": ReportTable(REASON_COLUMNS, reason_rows, arrived)}
    )
