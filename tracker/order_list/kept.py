"""The list as it is kept: a row an order; of one that is missing also the events that would have told it.

In:  Listed orders, as a file tells them.
Out: store(), the table order_list.

The events hold what the file said of the buyer, an e-mail perhaps.  They go once the order is there, at the latest after KEPT.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, update

from tracker import tables as t
from tracker.clock import DAY, MONTH, Instant
from tracker.journey.contribution import day_on
from tracker.pipeline.codec import write_body
from tracker.pipeline.identity import ORDER, hash_key
from tracker.pipeline.load import chunks
from tracker.pipeline.upsert import upsert
from tracker.shops import Shop

CANCELLED, TEST = "cancelled", "test"  # states of ours; the others are the platform's words
KEPT = 90 * DAY

c = t.order_list.c


class Listed(NamedTuple):
    """An order as the shop lists it.  Amounts in minor units; `value` is goods after discounts, without VAT and shipping."""

    order_key: str
    placed_at: Instant
    state: str
    currency: str
    value: int
    tax: int | None
    shipping: int | None
    total: int | None
    payment: str | None
    via: str | None
    events: list[dict[str, Any]]  # packed; what the shop's server would have told


def is_counted(shop: Shop, state: str) -> bool:
    """Whether orders of the list in this state are revenue, by the shop's setting."""
    return state in shop.settings.counted_states and state not in (CANCELLED, TEST)


def store(db: Connection, shop: Shop, listed: Iterable[Listed], secret: str, now: Instant) -> int:
    """Keep them, each over what was listed of it before; how many orders."""
    orders = {order.order_key: order for order in listed}
    months = shop.settings.people_months  # who did nothing since is forgotten, and what was counted of them stays
    remembered_since = now - months * MONTH if months else -(2**62)
    for keys in chunks(orders):
        there = _known(db, shop, keys)
        erased = _erased(db, shop, keys, secret) | {key for key in keys if orders[key].placed_at < remembered_since}
        rows = [_row(shop, orders[key], now, is_erased=key in erased, is_there=key in there) for key in keys]
        upsert(db, t.order_list, rows)
    old = (c.shop_id == shop.shop_id, c.body.is_not(None), c.listed_at < now - KEPT)
    db.execute(update(t.order_list).where(*old).values(body=None))
    return len(orders)


def _row(shop: Shop, order: Listed, now: Instant, *, is_erased: bool, is_there: bool) -> dict[str, Any]:
    is_missing = is_counted(shop, order.state) and not is_erased and not is_there
    return {
        "shop_id": shop.shop_id,
        "order_key": order.order_key,
        "placed_at": order.placed_at,
        "placed_on": day_on(order.placed_at, shop.settings.tz),
        "state": order.state,
        "currency": order.currency,
        "value_minor": order.value,
        "tax_minor": order.tax,
        "shipping_minor": order.shipping,
        "total_minor": order.total,
        "payment": order.payment,
        "via": order.via,
        "listed_at": now,
        "erased": is_erased,
        "body": write_body({"events": order.events}) if is_missing else None,
    }


def _known(db: Connection, shop: Shop, keys: list[str]) -> set[str]:
    o = t.orders.c
    return set(db.execute(select(o.order_key).where(o.shop_id == shop.shop_id, o.order_key.in_(keys))).scalars())


def _erased(db: Connection, shop: Shop, keys: list[str], secret: str) -> set[str]:
    """Orders of the erased: those with a tombstone, and those of which it was noted before."""
    hashes = {hash_key(ORDER, key, secret): key for key in keys}
    s = t.tombstones.c
    buried = db.execute(select(s.hash).where(s.shop_id == shop.shop_id, s.hash.in_(sorted(hashes)))).scalars()
    noted = db.execute(
        select(c.order_key).where(c.shop_id == shop.shop_id, c.order_key.in_(keys), c.erased.is_(True))
    ).scalars()
    return {hashes[found] for found in buried} | set(noted)
