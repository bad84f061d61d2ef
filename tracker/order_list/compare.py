"""The list against the orders that were collected: how many are there, which are missing and why, and what differs.

In:  days of the shop, both ends included.
Out: groups() – sums by day, payment, way and state; missing() – each order that is not there, with its likely cause;
     differing(); unlisted().  All read by index and write nothing.

A cause is what fits best of what is known, no proof; CAUSES is the order in which they are tried.  To add one: its key, its
test in `_Causes.of`, its words in tracker/reports/words.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, func, literal_column, or_, select

from tracker import tables as t
from tracker.clock import HOUR, MINUTE, Instant
from tracker.journey.contribution import day_on
from tracker.order_list.kept import CANCELLED, TEST, is_counted
from tracker.pipeline.identity import ORDER
from tracker.pipeline.keep import hour_of
from tracker.pipeline.load import chunks
from tracker.pipeline.resolve import SIGHTED
from tracker.shops import Shop

MOST = 5_000  # missing orders that are looked at one by one, the newest; and orders of ours that are not in the list
FRESH = HOUR  # what was placed so shortly before may still be on its way
TWIN_WITHIN = 10 * MINUTE  # an order of ours and one of the list with the same total are one order under two keys

CAUSES = (
    "fresh",  # placed a moment ago
    "other_key",  # an order of ours with the same total and time is not in the list
    "before_collecting",  # placed before anything was collected
    "by_hand",  # by phone, till or hand, and none that came so is there of that day
    "nothing_arrived",  # nothing at all arrived in that hour
    "payment_untold",  # none with this way of paying is there of that day, though others are
    "hour_missing",  # all orders of that hour are missing
    "news_only",  # payment or parcels were told, the order itself was not
    "seen_only",  # the buyer's browser saw the receipt, the shop's server told nothing
    "refused",  # signed events were refused on that day
    "unknown",
)
DIFFERENCES = ("currency", "cancelled_there", "test_there", "cancelled_here", "uncounted_here", "uncounted_there", "total")

# Ways by which an order comes about without the buyer's browser, as platforms call them.
BY_HAND = frozenset({
    "admin", "api", "draft", "draft_order", "import", "manual", "marketplace", "phone", "pos", "rest_api",
    "shopify_draft_order",
})  # fmt: skip

c, o = t.order_list.c, t.orders.c
_HOUR = c.placed_at // literal_column(str(HOUR))  # since 1970; a parameter would be two of them to PostgreSQL
JOINED = t.order_list.outerjoin(t.orders, and_(o.shop_id == c.shop_id, o.order_key == c.order_key))


class Group(NamedTuple):
    """Orders of the list that are alike in what reports ask."""

    placed_on: int
    payment: str | None
    via: str | None
    currency: str
    state: str
    is_erased: bool
    is_there: bool
    orders: int
    value: int


class Missing(NamedTuple):
    """An order of the list that counts and is not there."""

    order: Row[Any]  # of the table order_list
    cause: str


def listed_between(shop: Shop, since: int, until: int) -> ColumnElement[bool]:
    return and_(c.shop_id == shop.shop_id, c.placed_on.between(since, until))


def groups(db: Connection, shop: Shop, since: int, until: int) -> list[Group]:
    """All of the list on these days."""
    alike = (c.placed_on, c.payment, c.via, c.currency, c.state, c.erased, o.order_key.is_not(None))
    asked = select(*alike, func.count(), func.sum(c.value_minor)).select_from(JOINED)
    found = db.execute(asked.where(listed_between(shop, since, until)).group_by(*alike))
    return [Group(*row)._replace(value=int(row[-1])) for row in found]  # PostgreSQL sums up to a Decimal


def missing_where(shop: Shop) -> ColumnElement[bool]:
    """What an order of the list is that counts and is not there; for a join with the orders."""
    states = [state for state in shop.settings.counted_states if is_counted(shop, state)]
    return and_(c.shop_id == shop.shop_id, c.state.in_(states), c.erased.is_(False), o.order_key.is_(None))


def missing(
    db: Connection,
    shop: Shop,
    since: int,
    until: int,
    now: Instant,
    listed: Sequence[Group],
    others: Sequence[Row[Any]],
) -> list[Missing]:
    """The newest first, MOST at most.  `listed`: the groups of these days; `others`: orders that the list does not have."""
    asked = select(t.order_list).select_from(JOINED).where(listed_between(shop, since, until), missing_where(shop))
    rows = db.execute(asked.order_by(c.placed_on.desc(), c.placed_at.desc(), c.order_key).limit(MOST)).all()
    if not rows:
        return []
    causes = _Causes.read(db, shop, rows, listed, by_total(others), now)
    return [Missing(row, causes.of(row)) for row in rows]


def differing(db: Connection, shop: Shop, since: int, until: int, limit: int) -> Iterator[tuple[str, Row[Any]]]:
    """(difference, row) of orders that are there and not as the list says, the newest first.  Amounts: what the buyer pays."""
    counted = c.state.in_([state for state in shop.settings.counted_states if is_counted(shop, state)])
    live = and_(o.counted_at.is_not(None), o.cancelled_at.is_(None))
    is_different = {
        "currency": c.currency != o.currency,
        "cancelled_there": and_(c.state == CANCELLED, live),
        "test_there": and_(c.state == TEST, live),
        "cancelled_here": and_(counted, o.cancelled_at.is_not(None)),
        "uncounted_here": and_(counted, o.counted_at.is_(None)),
        "uncounted_there": and_(~counted, c.state.not_in((CANCELLED, TEST)), live),
        # 0: the shop's server did not tell it
        "total": and_(c.total_minor.is_not(None), o.total_minor != 0, c.total_minor != o.total_minor),
    }
    columns = (
        c.order_key, c.placed_at, c.state, c.currency, c.total_minor,
        o.state.label("our_state"), o.currency.label("our_currency"), o.total_minor.label("our_total"),
    )  # fmt: skip
    asked = select(*columns, *(is_different[name].label(f"is_{name}") for name in DIFFERENCES)).select_from(JOINED)
    asked = asked.where(listed_between(shop, since, until), o.order_key.is_not(None), or_(*is_different.values()))
    for row in db.execute(asked.order_by(c.placed_on.desc(), c.placed_at.desc(), c.order_key).limit(limit)):
        yield next(name for name in DIFFERENCES if getattr(row, f"is_{name}")), row


def unlisted(db: Connection, shop: Shop, since: int, until: int) -> list[Row[Any]]:
    """Live orders of ours that the list does not have though it has others of that day, the newest first, MOST at most."""
    days = set(db.execute(select(c.placed_on).where(listed_between(shop, since, until)).distinct()).scalars())
    if not days:
        return []
    ends = select(func.min(c.placed_at), func.max(c.placed_at)).where(listed_between(shop, since, until))
    first, last = db.execute(ends).one()
    here = and_(c.shop_id == o.shop_id, c.order_key == o.order_key)
    asked = (
        select(o.order_key, o.placed_at, o.state, o.currency, o.total_minor, o.payment, o.via)
        .select_from(t.orders.outerjoin(t.order_list, here))
        .where(o.shop_id == shop.shop_id, o.placed_at.between(first - TWIN_WITHIN, last + TWIN_WITHIN), c.order_key.is_(None))
        .where(o.counted_at.is_not(None), o.cancelled_at.is_(None))
        .order_by(o.placed_at.desc(), o.order_key)
        .limit(MOST)
    )
    found: list[Row[Any]] = [*db.execute(asked)]
    return [row for row in found if day_on(row.placed_at, shop.settings.tz) in days]


def silent_hours(db: Connection, shop: Shop, since: int, until: int) -> list[tuple[int, Instant, int]]:
    """(day, when it began, orders of the list) of hours in which the list has orders that count, and none of them is there."""
    states = [state for state in shop.settings.counted_states if is_counted(shop, state)]
    asked = (
        select(c.placed_on, _HOUR, func.count())
        .select_from(JOINED)
        .where(listed_between(shop, since, until), c.state.in_(states), c.erased.is_(False))
        .group_by(c.placed_on, _HOUR)
        .having(func.count(o.order_key) == 0)
        .order_by(_HOUR)
    )
    return [(row[0], int(row[1]) * HOUR, int(row[2])) for row in db.execute(asked)]


def by_total(orders: Sequence[Row[Any]]) -> dict[tuple[str, int], list[Instant]]:
    """When orders with this currency and total were placed; to find the twin of one by `has_twin`."""
    found: dict[tuple[str, int], list[Instant]] = defaultdict(list)
    for order in orders:
        found[order.currency, order.total_minor].append(order.placed_at)
    return found


def has_twin(listed: Row[Any], placed: dict[tuple[str, int], list[Instant]]) -> bool:
    """Whether one of them is likely to be this order of the list, under another key."""
    if not listed.total_minor:
        return False
    times = placed.get((listed.currency, listed.total_minor), ())
    return any(abs(at - listed.placed_at) <= TWIN_WITHIN for at in times)


def way_of(via: str | None) -> str | None:
    """A way in one spelling: rest-api is rest_api."""
    return via.strip().lower().replace("-", "_").replace(" ", "_") if via else None


@dataclass(frozen=True)
class _Causes:
    """What is known of the days on which orders are missing."""

    shop: Shop
    now: Instant
    first_on: int | None  # the first day on which anything arrived
    hours_since: int | None  # the first day whose hours are known
    hours: set[tuple[int, str]]  # day, hour in which something arrived
    there: Counter[tuple[int, str, str | None]]  # orders that are there, by day and payment, or day and way
    there_on: Counter[int]  # … by day
    there_in: Counter[int]  # … by hour since 1970
    gone_in: Counter[int]  # orders that are missing, by hour since 1970
    told: dict[str, str]  # order key -> news_only, seen_only
    refused_on: set[int]
    placed: dict[tuple[str, int], list[Instant]]

    @classmethod
    def read(
        cls,
        db: Connection,
        shop: Shop,
        rows: Sequence[Row[Any]],
        listed: Sequence[Group],
        placed: dict[tuple[str, int], list[Instant]],
        now: Instant,
    ) -> _Causes:
        since, until = min(row.placed_on for row in rows), max(row.placed_on for row in rows)
        there: Counter[tuple[int, str, str | None]] = Counter()
        there_on: Counter[int] = Counter()
        for group in listed:
            if group.is_there:
                there[group.placed_on, "payment", group.payment] += group.orders
                there[group.placed_on, "via", way_of(group.via)] += group.orders
                there_on[group.placed_on] += group.orders
        x = t.outcomes.c
        of_shop = x.shop_id == shop.shop_id
        hours = select(x.day_on, x.reason).where(of_shop, x.kind == "hour", x.day_on.between(since, until))
        first = select(x.kind, func.min(x.day_on)).where(of_shop, x.kind.in_(("accepted", "hour"))).group_by(x.kind)
        firsts: dict[str, int] = {row[0]: row[1] for row in db.execute(first)}
        signed = ("bad_signature", "stale_signature")
        refused = select(x.day_on).where(
            of_shop, x.kind == "refused", x.reason.in_(signed), x.count > 0, x.day_on.between(since, until)
        )
        return cls(
            shop=shop,
            now=now,
            first_on=firsts.get("accepted"),
            hours_since=firsts.get("hour"),
            hours={(day, hour) for day, hour in db.execute(hours)},
            there=there,
            there_on=there_on,
            there_in=_there_in(db, shop, since, until),
            gone_in=Counter(row.placed_at // HOUR for row in rows),
            told=_told(db, shop, [row.order_key for row in rows]),
            refused_on=set(db.execute(refused).scalars()),
            placed=placed,
        )

    def of(self, order: Row[Any]) -> str:
        """The first that fits."""
        day, hour = order.placed_on, order.placed_at // HOUR
        fits = {
            "fresh": order.placed_at > self.now - FRESH,
            "other_key": has_twin(order, self.placed),
            "before_collecting": self.first_on is None or day < self.first_on,
            "by_hand": way_of(order.via) in BY_HAND and not self.there[day, "via", way_of(order.via)],
            "nothing_arrived": self.hours_since is not None
            and day >= self.hours_since
            and (day, hour_of(order.placed_at, self.shop.settings.tz)) not in self.hours,
            "payment_untold": bool(order.payment) and not self.there[day, "payment", order.payment] and self.there_on[day] > 0,
            "hour_missing": self.gone_in[hour] > 1 and not self.there_in[hour],
            "news_only": self.told.get(order.order_key) == "news_only",
            "seen_only": self.told.get(order.order_key) == "seen_only",
            "refused": day in self.refused_on,
        }
        return next((cause for cause in CAUSES if fits.get(cause)), "unknown")


def _there_in(db: Connection, shop: Shop, since: int, until: int) -> Counter[int]:
    asked = select(_HOUR, func.count()).select_from(JOINED).group_by(_HOUR)
    found = db.execute(asked.where(listed_between(shop, since, until), o.order_key.is_not(None)))
    return Counter({int(row[0]): int(row[1]) for row in found})


def _told(db: Connection, shop: Shop, keys: Sequence[str]) -> dict[str, str]:
    """What is known of orders of which we know no purchase: their links wait for it."""
    k = t.links.c
    found = {}
    for some in chunks(keys):
        asked = select(k.key, k.evidence).where(
            k.shop_id == shop.shop_id, k.kind == ORDER, k.key.in_(some), k.subject_id.is_(None)
        )
        for key, evidence in db.execute(asked):
            found[key] = "seen_only" if (evidence or "").startswith(SIGHTED) else "news_only"
    return found
