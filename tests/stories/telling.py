"""To tell a shop's story: what browsers and the shop's server send goes through the real door, the worker works it in, the
reports and tables are asked.

Instants are hours since the story began; everything arrives when it is told, so that what lies in the past is late.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from itertools import count
from typing import Any

import orjson
from sqlalchemy import Engine, Row, Table, select

from tests.builders import HOLD
from tests.builders import counters as all_counters
from tracker import clock, shops, tasks
from tracker import tables as t
from tracker.app import create_app
from tracker.clock import DAY, HOUR, Instant, isoformat
from tracker.config import Config
from tracker.journey.state import Journey, Tag, load_journey
from tracker.pipeline.codec import read_bytes
from tracker.shops import Shop, ShopSettings
from tracker.storage import writing
from tracker.worker import Worker

HOST = "shop.example"
INSTAGRAM = "?utm_source=instagram&utm_medium=paid_social&utm_campaign=sommer"
_numbers = count(1)


class Story:
    """One shop, from `days` ago until now."""

    def __init__(self, engine: Engine, config: Config, days: int = 20, **settings: Any) -> None:
        self.engine, self.config = engine, config
        self.now = clock.now()
        self.began = self.now - days * DAY
        with writing(engine) as db:
            self.shop_id = shops.add_shop(db, "Havblik", (HOST,), self.began, ShopSettings(**settings)).shop_id
        self.client = create_app(config, parts=("collect",)).test_client()
        self.worker = Worker(engine, config)

    @property
    def shop(self) -> Shop:
        with self.engine.connect() as db:
            found = shops.find_shop(db, self.shop_id)
        assert found is not None
        return found

    def at(self, hours: float) -> Instant:
        return self.began + round(hours * HOUR)

    # --- what is sent

    def browser(self, type: str, hours: float, visitor: str = "phone", path: str = "/", **more: Any) -> None:
        """An event of a browser with consent to statistics."""
        page = {"url": f"https://{HOST}{path}", **({"referrer": more.pop("referrer")} if "referrer" in more else {})}
        page |= {"kind": more.pop("kind")} if "kind" in more else {}
        event = {"type": type, "visitor_key": visitor, "consent": "statistics", "page": page}
        self._send({**self._event(hours), **event, **more}, {"Origin": f"https://{HOST}"})

    def server(self, type: str, hours: float, data: dict[str, Any] | None = None, **keys: Any) -> None:
        """A signed event of the shop's server."""
        body = {**self._event(hours), "type": type, "data": data or {}, **keys}
        raw = orjson.dumps({"key": self.shop.site_key, **body})
        stamp = str(clock.now() // 1000)
        mac = hmac.new(self.shop.secret.encode(), f"{stamp}.".encode() + raw, hashlib.sha256).hexdigest()
        answer = self.client.post("/k", data=raw, headers={"X-Kunderejse-Signature": f"t={stamp},v1={mac}"})
        assert answer.json["refused"] == [], answer.json

    def order(self, hours: float, key: str = "1001", value: str = "100.00", status: str = "paid", **keys: Any) -> None:
        """`value` in major units; `data` adds to the order."""
        data = {"transaction_id": key, "currency": "DKK", "value": value, "status": status, **keys.pop("data", {})}
        self.server("purchase", hours, data, **keys)

    def _event(self, hours: float) -> dict[str, Any]:
        return {"event_id": f"story-{next(_numbers)}", "occurred_at": isoformat(self.at(hours))}

    def _send(self, event: dict[str, Any], headers: dict[str, str]) -> None:
        answer = self.client.post("/k", data=orjson.dumps({"key": self.shop.site_key, **event}), headers=headers)
        assert answer.json["refused"] == [], answer.json

    # --- what comes of it

    def work(self) -> None:
        """Until nothing is left to do."""
        while self.worker.step(clock.now()):
            pass

    def ask(self, kind: str, /, **args: Any) -> dict[str, Any]:
        """A task, done by the worker; its outcome."""
        with writing(self.engine) as db:
            number = tasks.ask(db, self.shop_id, kind, args, "owner@shop.example", clock.now())
        self.work()
        with self.engine.connect() as db:
            task = tasks.find(db, self.shop_id, number)
        assert task is not None
        assert task["ended_at"] is not None
        assert task["error"] is None, task["error"]
        outcome: dict[str, Any] = task["outcome"]
        return outcome

    def rows(self, table: Table, *order_by: str) -> Sequence[Row[Any]]:
        with self.engine.connect() as db:
            query = select(table).where(table.c.shop_id == self.shop_id).order_by(*(table.c[name] for name in order_by))
            return db.execute(query).all()

    def journeys(self) -> list[Journey]:
        """That count, oldest first."""
        return [load_journey(read_bytes(row.body)) for row in self.rows(t.journeys, "began_at") if row.counted]

    def counters(self, family: str = "journeys", filter: str = "") -> dict[str, int]:
        with self.engine.connect() as db:
            return all_counters(db, self.shop, filter, family)

    def stages_of(self, subject_id: int) -> list[str]:
        """Reasons of a subject's events, in order."""
        links = [row.link_id for row in self.rows(t.links, "link_id") if row.subject_id == subject_id]
        events = [row for row in self.rows(t.events, "occurred_at") if row.link_id in links]
        return [Tag.load(row.tag).reason for row in events]

    def persons(self) -> dict[str, int]:
        """Key -> the number of the person it belongs to."""
        return {row.key: row.subject_id for row in self.rows(t.links, "link_id")}


__all__ = ["DAY", "HOLD", "INSTAGRAM", "Story"]
