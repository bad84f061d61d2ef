"""What arrived and what became of it: every refusal, drop and failure with its reason, by day; how late, from whom, with which
losses; and alarms that say what to mend.

Days are those on which the events arrived; of orders those on which they were placed, of losses those on which journeys began.
What names no shop is not shown to any.  That a tag is on a page twice is not told: the second one does nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TypeVar

from sqlalchemy import Connection, func, select

from tracker.clock import Instant, day_of
from tracker.errors import DroppedReason
from tracker.events.types import Source
from tracker.order_list import compare
from tracker.order_list.compare import Group
from tracker.pipeline.keep import LAG_BOUNDS
from tracker.reports import alarms, counters
from tracker.reports.durations import quantile_seconds
from tracker.reports.query import Query
from tracker.reports.reconciliation import counted_groups
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

_SHARES = (
    Column(
        "captured_share",
        Unit.SHARE,
        N_("Captured orders"),
        N_("Orders that are here, as a share of those in the shop's own list."),
    ),
    Column(
        "consent_share",
        Unit.SHARE,
        N_("Consent"),
        N_("Pages seen with consent to statistics or marketing, as a share of all pages that people saw."),
    ),
    Column(
        "lost_share",
        Unit.SHARE,
        N_("Lost"),
        N_("Events to which a browser gave a number and that never arrived, as a share of all that it numbered."),
    ),
)

COLUMNS = (
    Column("day", Unit.DAY, N_("Day"), N_("The day on which the events arrived, in the shop's time zone.")),
    *KIND_COLUMNS.values(),
    *_SHARES,
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
    *_SHARES,
    Column(
        "duplicates",
        Unit.SHARE,
        N_("Repeats"),
        N_(
            "Events that were here already, as a share of those accepted. Senders repeat what was not answered; it counts once."
        ),
    ),
    Column(
        "lag_median",
        Unit.SECONDS,
        N_("Delay"),
        N_("Half of the browsers' events arrived sooner after they happened. Estimated from classes."),
    ),
    Column(
        "lag_p95",
        Unit.SECONDS,
        N_("Delay of the slowest"),
        N_("19 of 20 of the browsers' events arrived sooner after they happened. Estimated from classes."),
    ),
    Column(
        "server_lag_median", Unit.SECONDS, N_("Server's delay"), N_("The same of signed events: half of them arrived sooner.")
    ),
    Column(
        "server_lag_p95",
        Unit.SECONDS,
        N_("Server's delay of the slowest"),
        N_("The same of signed events: 19 of 20 arrived sooner."),
    ),
    Column(
        "clock_share",
        Unit.SHARE,
        N_("Wrong clocks"),
        N_("Events whose sender's clock was more than a minute off, as a share of those accepted; their times are corrected."),
    ),
    Column(
        "tag_twice",
        Unit.COUNT,
        N_("Tag twice"),
        N_("Pages seen with the tag on them twice. The second one does nothing, so nothing counts twice."),
    ),
    Column(
        "bot_share",
        Unit.SHARE,
        N_("Machines"),
        N_("Events of crawlers and other machines, as a share of the browsers' events. Kept, and not counted in reports."),
    ),
    Column(
        "staff_share",
        Unit.SHARE,
        N_("Staff"),
        N_("Events of browsers in the shop's own networks, as a share of the browsers' events. Not counted in reports."),
    ),
)

CONSENT_COLUMNS = (
    Column("level", Unit.TEXT, N_("Consent"), N_("What the visitor agreed to."), vocabulary="consent_level"),
    Column("pages", Unit.COUNT, N_("Pages seen"), N_("Pages that people saw with this consent.")),
    Column("share", Unit.SHARE, N_("Share"), N_("As a share of all pages that people saw.")),
)

LAG_COLUMNS = (
    Column("source", Unit.TEXT, N_("From"), N_("The visitor's browser, or the shop's own server."), vocabulary="source"),
    *(
        Column(f"b{i}", Unit.COUNT, title, N_("Events that arrived this long after they happened."))
        for i, title in enumerate(
            (
                N_("up to 1 s"), N_("up to 5 s"), N_("up to 30 s"), N_("up to 2 min"), N_("up to 10 min"), N_("up to 1 h"),
                N_("up to 6 h"), N_("up to 1 day"), N_("longer"),
            )
        )
    ),
)  # fmt: skip

SENDER_COLUMNS = (
    Column("sender", Unit.TEXT, N_("Sender"), N_("Who sat before the browser."), vocabulary="sender"),
    Column("events", Unit.COUNT, N_("Events"), N_("Events of such browsers.")),
    Column("share", Unit.SHARE, N_("Share"), N_("As a share of the browsers' events.")),
)

HOUR_COLUMNS = (
    Column("hour", Unit.INSTANT, N_("Hour"), N_("When it began, in the shop's time zone.")),
    Column(
        "listed",
        Unit.COUNT,
        N_("On the list"),
        N_("Orders of the shop's own list that count; none is here."),
    ),
)

_MOST_REASONS = 500  # names of ignored fields are foreign text without end
_MOST_HOURS = 500
_CONSENTED = ("statistics", "marketing")
_LAGS = {source.value: [("lag", f"{source.value}.{i}") for i in range(len(LAG_BOUNDS) + 1)] for source in Source}
_SIGNATURES = ("bad_signature", "stale_signature")
_HOUR = LAG_BOUNDS.index(3_600)  # the last class that is not late

Outcomes = Counter[tuple[str, str]]  # (kind, reason) -> count
_K = TypeVar("_K")
_ALL = "*"  # in the place of a reason: of all of them


@dataclass
class _Told:
    """What is known of the days asked for."""

    outcomes: dict[int, Outcomes]  # by day; without names of ignored fields
    ignored: Counter[int]
    numbers: dict[int, Counter[str]]
    unrated: dict[int, Counter[str]]
    orders: dict[int, list[Group]]
    silent: list[tuple[int, Instant, int]]

    @cached_property
    def silent_on(self) -> Counter[int]:
        """How many such hours a day has with two orders or more."""
        return Counter(day for day, _, listed in self.silent if listed > 1)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a day on which anything arrived; beside it alarms, reasons, and what the figures rest on."""
    told = _read(db, shop, query)
    sums, numbers = _sum(told.outcomes.values()), _sum(told.numbers.values())
    orders = [group for some in told.orders.values() for group in some]
    accepted, refused, counted_only = (_of(sums, kind) for kind in ("accepted", "refused", "counted_only"))
    arrived = accepted + refused + counted_only
    browsers = _of(sums, "sender")
    rows: list[Row] = [
        {
            "day": counters.day_from_number(day),
            **{kind: _of(found, kind) for kind in KINDS},
            "ignored_field": told.ignored[day],
            "captured_share": _captured(told.orders.get(day, [])),
            "consent_share": _consent(found),
            "lost_share": _lost(told.numbers.get(day, Counter())),
        }
        for day, found in sorted(told.outcomes.items())
    ]
    totals: Row = {
        "arrived": arrived,
        "accepted": accepted,
        "refused": Share(refused, arrived),
        "failed": _of(sums, "failed"),
        "captured_share": _captured(orders),
        "consent_share": _consent(sums),
        "lost_share": _lost(numbers),
        "duplicates": Share(sums["dropped", DroppedReason.DUPLICATE.value], accepted),
        "lag_median": quantile_seconds(_lags(sums, "browser"), LAG_BOUNDS, 0.5),
        "lag_p95": quantile_seconds(_lags(sums, "browser"), LAG_BOUNDS, 0.95),
        "server_lag_median": quantile_seconds(_lags(sums, "server"), LAG_BOUNDS, 0.5),
        "server_lag_p95": quantile_seconds(_lags(sums, "server"), LAG_BOUNDS, 0.95),
        "clock_share": Share(sums["clock", "corrected"], accepted),
        "tag_twice": sums["counted_only", "page_twice"],
        "bot_share": Share(sums["sender", "bot"], browsers),
        "staff_share": Share(sums["sender", "staff"], browsers),
    }
    pages = _pages(sums)
    return ReportTable(
        COLUMNS,
        rows,
        arrived,
        FIGURES,
        totals,
        beside={
            "alarms": ReportTable(alarms.COLUMNS, list(alarms.rows(_days(db, shop, query, told))), arrived),
            "reasons": ReportTable(REASON_COLUMNS, _reasons(db, shop, query, arrived), arrived),
            "consents": ReportTable(
                CONSENT_COLUMNS,
                [{"level": level, "pages": count, "share": Share(count, pages.total())} for level, count in pages.items()],
                pages.total(),
            ),
            "lags": ReportTable(
                LAG_COLUMNS,
                [
                    {"source": source.value, **{f"b{i}": count for i, count in enumerate(_lags(sums, source.value))}}
                    for source in Source
                ],
                accepted,
            ),
            "senders": ReportTable(
                SENDER_COLUMNS,
                [
                    {"sender": sender, "events": sums["sender", sender], "share": Share(sums["sender", sender], browsers)}
                    for sender in ("person", "bot", "staff")
                ],
                browsers,
            ),
            "silent_hours": ReportTable(
                HOUR_COLUMNS,
                [{"hour": hour, "listed": listed} for _, hour, listed in reversed(told.silent[-_MOST_HOURS:])],
                len(told.silent),
            ),
        },
    )


def _span(query: Query) -> tuple[int, int]:
    return counters.day_number(query.since), counters.day_number(query.until)


def _read(db: Connection, shop: Shop, query: Query) -> _Told:
    since, until = _span(query)
    c = outcomes.c
    within = (c.shop_id == shop.shop_id, c.day_on.between(since, until))
    found: dict[int, Outcomes] = defaultdict(Outcomes)
    kinds = ("accepted", "refused", "dropped", "failed", "counted_only", "lag", "sender", "consent", "clock")
    for day, kind, reason, count in db.execute(select(c.day_on, c.kind, c.reason, c.count).where(*within, c.kind.in_(kinds))):
        found[day][kind, reason] += count
        found[day][kind, _ALL] += count
    fields = select(c.day_on, func.sum(c.count)).where(*within, c.kind == "ignored_field").group_by(c.day_on)
    ignored = Counter({day: int(count) for day, count in db.execute(fields)})
    for day in ignored:
        found[day] += Outcomes()
    groups: dict[int, list[Group]] = defaultdict(list)
    for group in counted_groups(shop, compare.groups(db, shop, since, until)):
        groups[group.placed_on].append(group)
    return _Told(
        outcomes=found,
        ignored=ignored,
        numbers=counters.read_days(db, shop, query, "journeys", ("numbered", "lost")),
        unrated=counters.read_days(db, shop, query, "orders", ("unrated",)),
        orders=groups,
        silent=compare.silent_hours(db, shop, since, until) if groups else [],
    )


def _sum(each: Iterable[Counter[_K]]) -> Counter[_K]:
    """Into one; adding Counters would make a new one for each day."""
    total: Counter[_K] = Counter()
    for one in each:
        total.update(one)
    return total


def _of(found: Outcomes, kind: str) -> int:
    return found[kind, _ALL]


def _pages(found: Outcomes) -> Counter[str]:
    """consent → pages that people saw."""
    pages = {level: found["consent", level] for level in ("anonymous", *_CONSENTED)}
    return Counter({"none": found["counted_only", "page_view"], **pages})


def _consent(found: Outcomes) -> Share:
    consented = sum(found["consent", level] for level in _CONSENTED)
    return Share(consented, consented + found["consent", "anonymous"] + found["counted_only", "page_view"])


def _lags(found: Outcomes, source: str) -> list[int]:
    return [found[name] for name in _LAGS[source]]


def _lost(numbers: Counter[str]) -> Share:
    return Share(numbers["lost"], numbers["numbered"] + numbers["lost"])


def _captured(groups: list[Group]) -> Share | None:
    """None: the list has no orders of then."""
    listed = sum(group.orders for group in groups)
    return Share(sum(group.orders for group in groups if group.is_there), listed) if listed else None


def alarm_days(db: Connection, shop: Shop, query: Query) -> dict[date, alarms.Day]:
    """What the alarms look at, without the rest of the report."""
    return _days(db, shop, query, _read(db, shop, query))


def _days(db: Connection, shop: Shop, query: Query, told: _Told) -> dict[date, alarms.Day]:
    """Every day of the period from the first on which anything ever arrived until today."""
    c = outcomes.c
    first = db.execute(select(func.min(c.day_on)).where(c.shop_id == shop.shop_id, c.kind == "accepted")).scalar()
    today = day_of(query.now, shop.settings.tz)
    days: dict[date, alarms.Day] = {}
    day = max(query.since, counters.day_from_number(first)) if first else today + timedelta(days=1)
    while day <= min(query.until, today):
        days[day] = _day(told, counters.day_number(day), is_over=day < today)
        day += timedelta(days=1)
    return days


def _day(told: _Told, day: int, *, is_over: bool) -> alarms.Day:
    found, numbers = told.outcomes.get(day, Outcomes()), told.numbers.get(day, Counter[str]())
    lags = [a + b for a, b in zip(_lags(found, "browser"), _lags(found, "server"), strict=True)]
    return alarms.Day(
        is_over=is_over,
        accepted=_of(found, "accepted"),
        refused=_of(found, "refused"),
        failed=_of(found, "failed"),
        signatures=sum(found["refused", reason] for reason in _SIGNATURES),
        late=Share(sum(lags[_HOUR + 1 :]), sum(lags)),
        corrected=found["clock", "corrected"],
        tag_twice=found["counted_only", "page_twice"],
        consented=_consent(found),
        lost=_lost(numbers),
        captured=_captured(told.orders.get(day, [])) or alarms.NOTHING,
        silent_hours=told.silent_on[day],
        unrated=told.unrated.get(day, Counter[str]())["unrated"],
    )


def _reasons(db: Connection, shop: Shop, query: Query, arrived: int) -> list[Row]:
    """Why something was not simply accepted, most frequent first."""
    c = outcomes.c
    since, until = _span(query)
    total = func.sum(c.count)
    asked = (
        select(c.kind, c.reason, total)
        .where(c.shop_id == shop.shop_id, c.day_on.between(since, until), c.kind.in_(KINDS), c.kind != "accepted")
        .group_by(c.kind, c.reason)
        .order_by(total.desc(), c.kind, c.reason)
        .limit(_MOST_REASONS)
    )
    return [
        {
            "kind": kind,
            "reason": reason,
            "count": int(count),
            "share": Share(int(count), arrived) if kind != "ignored_field" else None,
        }
        for kind, reason, count in db.execute(asked)
    ]
