"""A believable past of the demo shop, the same for the same seed and now.

In:  the shop, now, how many days of browsing, a seed.
Out: make_past() -> Past: intake bodies in the order in which the door would have written them, and the shop's own books of the
     same time; make(), order_list(), ad_spend() and exchange_rates() answer one part of it.  write_intake() puts bodies there.

Each event is written as wire JSON and goes through the door's own stations (wire.load, reduce, pack), so that nothing is here
that a browser or the shop's server could not have sent.  How it comes about is in tracker/demo/past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from tracker import tables as t
from tracker.clock import DAY, HOUR, Instant, day_of
from tracker.collect.intake import IntakeWriter
from tracker.demo.past import books, counter, crawlers, journeys, newsletter, regulars
from tracker.demo.past.afterwards import follow, renew_old_plans
from tracker.demo.past.books import AdSpend, ExchangeRate, ListedOrder
from tracker.demo.past.world import World
from tracker.pipeline.upsert import upsert
from tracker.shops import Shop, write_shop

__all__ = [
    "AdSpend",
    "ExchangeRate",
    "ListedOrder",
    "Past",
    "ad_spend",
    "exchange_rates",
    "keep_books",
    "make",
    "make_past",
    "order_list",
    "write_intake",
]

DAYS = 90
STRANGERS_PER_DAY = 56
TOGETHER = 256  # bodies written before they are waited for
NEWSLETTER_WEEKDAY, NEWSLETTER_HOUR = 3, 10
CUSTOMERS_PER_STRANGER = 0.24  # of before, by the strangers of a month
WIN_BACKS_AT = (0.12, 0.5, 0.86)  # of the days


class Past(NamedTuple):
    """`unheard` are the orders of the list that the collector was never told of."""

    bodies: list[tuple[int, bytes]]
    orders: list[ListedOrder]
    unheard: frozenset[str]
    spend: list[AdSpend]
    rates: list[ExchangeRate]


def make_past(
    shop: Shop,
    now: Instant,
    days: int = DAYS,
    seed: int = 1,
    strangers_per_day: int = STRANGERS_PER_DAY,
    on_day: Callable[[], object] = lambda: None,
) -> Past:
    """Everything.  `on_day` is called after each of the days."""
    world = World(shop, now, days, seed, follow)
    _plan(world, strangers_per_day)
    world.run(on_day)
    crawlers.report_all(world)
    return Past(
        bodies=[(shop.shop_id, body) for _, _, body in sorted(world.told)],
        orders=books.list_orders(world.orders),
        unheard=frozenset(order.order_key for order in world.orders if not order.is_heard),
        spend=list(books.spend(world.arrivals, world.calendar.dates(), shop.hosts[0], seed)),
        rates=exchange_rates(shop, now, days, seed),
    )


def make(shop: Shop, now: Instant, days: int = DAYS, seed: int = 1) -> list[tuple[int, bytes]]:
    """(shop_id, intake body) of what arrived, in order of arrival: `days` of browsing, and before it the orders of those who
    were customers already.  Nothing lies after `now`.
    """
    return make_past(shop, now, days, seed).bodies


def order_list(shop: Shop, now: Instant, days: int = DAYS, seed: int = 1) -> list[ListedOrder]:
    """All orders as the shop's platform lists them, by the time they were placed; some never reached the collector."""
    return make_past(shop, now, days, seed).orders


def ad_spend(shop: Shop, now: Instant, days: int = DAYS, seed: int = 1) -> list[AdSpend]:
    """What each day of each campaign cost."""
    return make_past(shop, now, days, seed).spend


def exchange_rates(shop: Shop, now: Instant, days: int = DAYS, seed: int = 1) -> list[ExchangeRate]:
    """Of the currencies that orders and advertisers use, by month, from before the first order on."""
    first = day_of(now - (days + regulars.OLDEST_DAYS) * DAY, shop.settings.tz)
    return list(books.exchange(first, day_of(now, shop.settings.tz), seed))


def keep_books(db: Connection, shop: Shop, past: Past) -> Shop:
    """What the shop's owner would have handed in: rates of exchange, as settings, and what advertising cost."""
    rates: dict[str, list[list[str]]] = {}
    for rate in past.rates:
        if rate.quote == shop.settings.currency:
            day = f"{rate.valid_on // 10_000}-{rate.valid_on // 100 % 100:02}-{rate.valid_on % 100:02}"
            rates.setdefault(rate.currency, []).append([day, str(rate.rate)])
    rows = [{"shop_id": shop.shop_id, **spend._asdict()} for spend in past.spend]
    upsert(db, t.ad_spend, rows)
    return write_shop(db, shop, settings=shop.settings.changed({"rates": rates}).dump())


def write_intake(directory: Path, bodies: Iterable[tuple[int, bytes]]) -> None:
    """Into one intake file; returns when all of it is on the disk.  Raises Unavailable."""
    writer = IntakeWriter(directory, linger_ms=0)
    try:
        waiting = iter(bodies)
        while together := list(islice(waiting, TOGETHER)):
            writer.append_all(together)
    finally:
        writer.close()


def _plan(world: World, strangers_per_day: int) -> None:
    """What does not follow from anything else: customers of before, each day's strangers, the shop's own doings."""
    calendar = world.calendar
    for _ in range(round(strangers_per_day * min(calendar.days, 30) * CUSTOMERS_PER_STRANGER)):
        regulars.remember(world)
    for day in calendar.dates():
        midnight = calendar.midnight(day)
        world.later(max(midnight, calendar.opened_at), journeys.open_day, day, strangers_per_day)
        world.later(max(midnight, calendar.opened_at), counter.open_day, day)
        morning = midnight + NEWSLETTER_HOUR * HOUR
        if morning > calendar.opened_at and day.weekday() == NEWSLETTER_WEEKDAY:
            world.later(morning, newsletter.send_weekly)
    counter.plan_rest(world)
    world.later(calendar.opened_at, renew_old_plans)
    for share in WIN_BACKS_AT:
        world.later(calendar.opened_at + round(calendar.days * share * DAY), regulars.win_back)
    for begins_at in (calendar.sale[0], calendar.sale[1] - DAY):
        world.later(begins_at + 7 * HOUR, newsletter.send_sale)
    world.later(world.now - HOUR, journeys.busy_now)
