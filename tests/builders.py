"""Builders for tests: events, acts and a shop, each with defaults that a test overrides by name."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine

from tracker import shops
from tracker.clock import MINUTE, Instant
from tracker.collect.intake import IntakeRow
from tracker.enrich import Arrival
from tracker.events.codec import pack
from tracker.events.types import Consent, Event, Page, PageKind, Source
from tracker.journey.state import Act
from tracker.pipeline.counters import read_total
from tracker.pipeline.process import Hold, process_batch
from tracker.shops import Shop, ShopSettings
from tracker.storage import writing

START: Instant = 1_789_000_000_000  # 2026-09-10T00:26:40Z
HOST = "shop.example"

_ids = count(1)


def event(type: str = "page_view", at: Instant = START, **fields: Any) -> Event:
    """A browser's event of visitor `v1` unless told otherwise; `url`, `referrer` and `kind` make its page."""
    url, referrer, kind = fields.pop("url", f"https://{HOST}/"), fields.pop("referrer", None), fields.pop("kind", None)
    defaults: dict[str, Any] = {
        "event_id": f"e{next(_ids)}",
        "type": type,
        "source": Source.BROWSER,
        "occurred_at": at,
        "received_at": at + 500,
        "consent": Consent.STATISTICS,
        "visitor_key": "v1",
        "page": Page(url, None, referrer, PageKind(kind) if kind else None) if url else None,
    }
    return Event(**{**defaults, **fields})


def told(type: str, at: Instant = START, **fields: Any) -> Event:
    """A signed event of the shop's server; no visitor unless told."""
    return event(type, at, **{"source": Source.SERVER, "visitor_key": None, "url": None, **fields})


def purchase(at: Instant = START, order_key: str = "o1", value: int = 10_000, status: str = "paid", **fields: Any) -> Event:
    """A signed order of 100.00 DKK that counts at once."""
    data = {"currency": "DKK", "value": value, "total_value": value * 5 // 4, "status": status, **fields.pop("data", {})}
    return told("purchase", at, order_key=order_key, data=data, **fields)


def look(product: str, at: Instant = START, category: str = "dresses", **fields: Any) -> Event:
    """A view_item."""
    item = {"item_id": product, "item_name": product.title(), "item_category": category}
    return event("view_item", at, data={"items": [item]}, **{"url": f"https://{HOST}/p/{product}", **fields})


def act(of: Event, arrival: Arrival | None = None, device: str | None = None, kind: str | None = None) -> Act:
    """The event as the core sees it."""
    return Act(of, arrival, device, PageKind(kind) if kind else (of.page.kind if of.page else None))


def arrival(channel: str = "organic_search", **fields: Any) -> Arrival:
    defaults = dict.fromkeys(Arrival.__slots__) | {"channel": channel, "internal": False}  # type: ignore[attr-defined]
    return Arrival(**{**defaults, **fields})


def add_shop(engine: Engine, now: Instant = START, **settings: Any) -> Shop:
    with writing(engine) as db:
        return shops.add_shop(db, "Nordlys", (HOST,), now, ShopSettings(**settings))


_rows = count(1)


def intake_row(shop: Shop, *events: Event, file: str = "test", **counts: Any) -> IntakeRow:
    """One accepted request as the door writes it."""
    received_at = max((e.received_at for e in events), default=START)
    body = {"received_at": received_at, "events": [pack(e) for e in events], **counts}
    return IntakeRow(file=file, row=next(_rows), shop_id=shop.shop_id, body=orjson.dumps(body))


def work_in(engine: Engine, shop: Shop, *rows: IntakeRow, now: Instant | None = None) -> int:
    """Process the rows as the worker would, in a transaction of their own."""
    at = now or max((orjson.loads(row.body)["received_at"] for row in rows), default=START) + MINUTE
    with writing(engine) as db:
        return process_batch(db, shop, rows, HOLD, at)


HOLD = Hold("test", 60_000, "a secret that only tests know")


def counters(db: Connection, shop: Shop, filter: str = "", family: str = "journeys") -> dict[str, int]:
    """All counters of one filter and family, summed over days; zeros left out."""
    now = shops.find_shop(db, shop.shop_id) or shop  # another generation may have been built since
    total = read_total(db, shop.shop_id, now.generation, family, filter, 20_000_101, 20_991_231)
    return {name: amount for name, amount in total.items() if amount}


def folder_bytes(folder: Path) -> bytes:
    """All bytes of all files below."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
