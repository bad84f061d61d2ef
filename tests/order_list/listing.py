"""Builders for the tests of the shop's own list: orders of the list, and the same told to the collector."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import orjson
from sqlalchemy import Connection, Engine

from tests.builders import HOLD, START, intake_row, purchase, work_in
from tracker import tasks
from tracker.clock import Instant, isoformat
from tracker.config import Config
from tracker.imports.order_list import read
from tracker.order_list import kept
from tracker.shops import Shop, find_shop
from tracker.storage import writing

SECRET = HOLD.secret


def order(key: str, at: Instant = START, **fields: Any) -> dict[str, Any]:
    """An order of the list: 100.00 DKK of goods, 25.00 VAT, paid by card at the checkout."""
    defaults = {
        "transaction_id": key, "occurred_at": isoformat(at), "currency": "DKK", "value": 100, "tax": 25, "total_value": 125,
        "status": "paid", "payment_type": "card", "created_via": "checkout",
    }  # fmt: skip
    return {**defaults, **fields}


def upload(engine: Engine, shop: Shop, *orders: dict[str, Any], now: Instant) -> int:
    with writing(engine) as db:
        return store(db, shop, *orders, now=now)


def store(db: Connection, shop: Shop, *orders: dict[str, Any], now: Instant) -> int:
    """Through the file that a shop would send."""
    stream = BytesIO(b"\n".join(map(orjson.dumps, orders)))
    found, report = read(db, stream, shop, Config(), now)
    assert not report.findings, report.findings
    return kept.store(db, shop, found, SECRET, now)


def collect(engine: Engine, shop: Shop, *keys: str, at: Instant = START, **fields: Any) -> None:
    """The same orders as the shop's server tells them."""
    told = {"payment_type": "card", "created_via": "checkout", **fields.pop("data", {})}
    for key in keys:
        work_in(engine, shop, intake_row(shop, purchase(at, key, data=told, **fields)))


def fill(engine: Engine, shop: Shop, now: Instant) -> dict[str, Any]:
    """Ask for it and let a worker do it; the task as it ended."""
    with writing(engine) as db:
        task_id = tasks.ask(db, shop.shop_id, "fill_orders", {}, "ida@shop.example", now)
    for _ in range(100):
        with writing(engine) as db:
            shop = find_shop(db, shop.shop_id) or shop
            if not tasks.step(db, shop, HOLD, now):
                break
    with engine.connect() as db:
        return dict(tasks.find(db, shop.shop_id, task_id) or {})
