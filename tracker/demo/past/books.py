"""What the shop's own books say of the same past: all orders, what advertisements cost, what currencies were worth.

Plain rows; who compares them with what the collector knows puts them into tables.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from random import Random
from typing import NamedTuple

import orjson

from tracker import enrich
from tracker.clock import Instant, isoformat
from tracker.demo.past import markets
from tracker.demo.past.ways import Way, paid
from tracker.demo.past.world import PastOrder
from tracker.money import from_minor

_CLICKS_SEEN = (0.72, 0.9)  # of the clicks that are paid for; the others leave at once, block the tag or allow nothing
_CLICK_SHARES = {"paid_search": 0.06, "paid_shopping": 0.012, "affiliate": 0.03, "sms": 0.09}  # of the impressions
_CLICK_SHARE = 0.011


class ListedOrder(NamedTuple):
    """An order as the platform lists it at the end.  Amounts as in a `purchase`: `value_minor` without VAT and shipping."""

    order_key: str
    placed_at: Instant
    status: str  # placed, placed_cod, pending, paid, processing, completed, cancelled, refunded, test
    currency: str
    value_minor: int
    tax_minor: int
    shipping_minor: int
    total_minor: int
    payment_type: str
    created_via: str  # checkout, phone, pos, subscription


class AdSpend(NamedTuple):
    """A day of one campaign, as the advertiser's invoice has it."""

    day_on: int  # 20260916
    channel: str
    source: str
    campaign: str
    currency: str
    amount_minor: int
    clicks: int
    impressions: int


class ExchangeRate(NamedTuple):
    """What a unit is worth in `quote` from this day on, until the next row of the same pair."""

    valid_on: int  # 20260901
    currency: str
    quote: str
    rate: Decimal


def list_orders(orders: Iterable[PastOrder]) -> list[ListedOrder]:
    """By the time they were placed."""
    return [
        ListedOrder(
            order.order_key, order.placed_at, order.status, order.currency, order.totals.value_minor, order.totals.tax_minor,
            order.totals.shipping_net_minor, order.totals.total_minor, order.payment, order.created_via,
        )
        for order in sorted(orders, key=lambda order: (order.placed_at, order.order_key))
    ]  # fmt: skip


def as_file(orders: Iterable[ListedOrder]) -> bytes:
    """The list as the shop would upload it: NDJSON."""
    return b"\n".join(orjson.dumps(_told(order)) for order in orders)


def _told(order: ListedOrder) -> dict[str, object]:
    amounts = {
        "value": order.value_minor,
        "tax": order.tax_minor,
        "shipping": order.shipping_minor,
        "total_value": order.total_minor,
    }
    return {
        "transaction_id": order.order_key,
        "occurred_at": isoformat(order.placed_at),
        "status": "paid" if order.status == "test" else order.status,
        "is_test": order.status == "test",
        "currency": order.currency,
        "payment_type": order.payment_type,
        "created_via": order.created_via,
        **{name: str(from_minor(minor, order.currency)) for name, minor in amounts.items()},
    }


def spend(arrivals: Counter[tuple[date, Way]], dates: Iterable[date], host: str, seed: int) -> Iterator[AdSpend]:
    """Of every day and campaign that had clicks.  An arrival that was seen cost at least its click."""
    dice = Random(f"{seed} spend")  # noqa: S311 - the same seed must tell the same
    of_campaign: dict[tuple[str, str, str, str], list[Way]] = {}
    for way in paid():
        found = enrich.arrival(f"https://{host}/?{way.labels.format(id='1', week='1')}", way.referrer, (host,))
        if found is None or found.campaign is None:
            raise ValueError(f"a paid way without a campaign: {way}")
        ways = of_campaign.setdefault((found.channel, found.source, found.campaign, way.currency), [])
        if way not in ways:
            ways.append(way)
    for day in dates:
        for (channel, source, campaign, currency), ways in of_campaign.items():
            seen = {way: arrivals[day, way] for way in ways}
            clicks = {way: round(count / dice.uniform(*_CLICKS_SEEN)) for way, count in seen.items() if count}
            if not clicks:
                continue
            amount = sum(round(count * way.click_minor * dice.uniform(0.85, 1.2)) for way, count in clicks.items())
            shown = sum(clicks.values()) / (_CLICK_SHARES.get(channel, _CLICK_SHARE) * dice.uniform(0.8, 1.25))
            yield AdSpend(_on(day), channel, source, campaign, currency, amount, sum(clicks.values()), round(shown))


def exchange(first: date, last: date, seed: int) -> Iterator[ExchangeRate]:
    for month, currency, rate in markets.rates(first, last, seed):
        yield ExchangeRate(_on(month), currency, "DKK", rate)


def _on(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
