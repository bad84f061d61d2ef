"""Missing orders are filled in from the list, as if the shop's server had told them just now.

In:  the list; under the shop's lease.
Out: some orders at a time, worked in by the pipeline like any batch; answers how far it is.

Each order's events have ids made of its key (`list:order:<key>`), so filling in twice changes nothing; they name no version of
the order, so what the platform tells of it later wins.  They are marked as imported: no rule starts from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select, update

from tracker import tables as t
from tracker.clock import Instant
from tracker.collect.intake import IntakeRow, write_body
from tracker.errors import Mistake
from tracker.order_list.compare import JOINED, by_total, has_twin, missing_where, unlisted
from tracker.pipeline.codec import read_body
from tracker.pipeline.process import Hold, process_batch
from tracker.shops import Shop
from tracker.texts import N_

TOGETHER = 200  # orders in one transaction

c, o = t.order_list.c, t.orders.c


class OtherKeys(Mistake):
    """The list and the shop's server name orders in different ways."""


@dataclass(frozen=True)
class Filled:
    """`after` is where to go on, None when all is done."""

    after: tuple[int, str] | None
    filled: int
    skipped: int


def check(db: Connection, shop: Shop) -> int:
    """How many orders can be filled in.  Raises OtherKeys when it would double them."""
    asked = select(func.count(), func.min(c.placed_on), func.max(c.placed_on)).select_from(JOINED).where(_fillable(shop))
    count, since, until = db.execute(asked).one()
    if not count:
        return 0
    known = select(c.order_key).select_from(JOINED).where(c.shop_id == shop.shop_id, o.order_key.is_not(None)).limit(1)
    if db.execute(known).first() is None and unlisted(db, shop, since, until):
        raise OtherKeys(
            N_(
                "no order that was collected is in the list under its key, though there are some of these days: "
                "upload the list again with the column that the shop's server names orders by"
            )
        )
    return int(count)


def fill_some(db: Connection, shop: Shop, after: tuple[int, str], row: tuple[str, int], hold: Hold, now: Instant) -> Filled:
    """The next orders after (day, key).  `row` is the (file, number) of the intake that they pass for.  Raises LeaseLost."""
    day, key = after
    further = or_(c.placed_on > day, and_(c.placed_on == day, c.order_key > key))
    asked = select(t.order_list).select_from(JOINED).where(_fillable(shop), further)
    rows = db.execute(asked.order_by(c.placed_on, c.order_key).limit(TOGETHER)).all()
    if not rows:
        return Filled(None, 0, 0)
    placed = by_total(unlisted(db, shop, rows[0].placed_on, rows[-1].placed_on))
    told = [order for order in rows if not has_twin(order, placed)]
    events = [{**event, "received_at": now} for order in told for event in _events(order)]
    body = write_body(now, events=events, imported=True)
    process_batch(db, shop, [IntakeRow(*row, shop.shop_id, body)], hold, now)
    there = _there(db, shop, [order.order_key for order in told])
    kept = (c.shop_id == shop.shop_id, c.order_key.in_(there))
    db.execute(update(t.order_list).where(*kept).values(body=None))
    return Filled((rows[-1].placed_on, rows[-1].order_key), len(there), len(rows) - len(there))


def _fillable(shop: Shop) -> Any:
    return and_(missing_where(shop), c.body.is_not(None))


def _events(order: Row[Any]) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = read_body(order.body)["events"]
    return events


def _there(db: Connection, shop: Shop, keys: list[str]) -> list[str]:
    return sorted(db.execute(select(o.order_key).where(o.shop_id == shop.shop_id, o.order_key.in_(keys))).scalars())
