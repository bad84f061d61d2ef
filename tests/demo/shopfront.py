"""The demo shop alone, served over HTTP with the real snippet and a collecting end that keeps what it is sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import make_server

from tracker.clock import now
from tracker.collect import signature
from tracker.collect.script import scripts
from tracker.config import Config
from tracker.demo.views import blueprint
from tracker.events.types import Source
from tracker.shops import Shop, ShopSettings

SHOP = Shop(1, "Lyng & Datter", "pk_demo", "sk_demo", None, ("127.0.0.1",), ShopSettings())


@dataclass
class Taken:
    """One request that was answered 202."""

    source: Source
    body: dict[str, Any]

    @property
    def events(self) -> list[dict[str, Any]]:
        """Each with the envelope's fields that it inherits."""
        envelope = {name: value for name, value in self.body.items() if name not in ("events", "v", "key", "sent_at")}
        return [{**envelope, **event} for event in self.body.get("events", [])]


@dataclass
class Collector:
    """`refuse_next` answers are given before anything is taken, as a collector does that is away or busy."""

    taken: list[Taken] = field(default_factory=list)
    refuse_next: list[int] = field(default_factory=list)
    refused: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def take(self) -> Response:
        with self.changed:
            if self.refuse_next:
                self.refused += 1
                self.changed.notify_all()
                return Response('{"error":"unavailable"}', self.refuse_next.pop(0), {"Retry-After": "0"})
        body = request.get_data()
        header = request.headers.get(signature.HEADER)
        if header is not None:
            signature.verify(header, body, SHOP.secrets, now(), 300)  # raises Refused: the shop sees a 500 and tries again
        with self.changed:
            self.taken.append(Taken(Source.BROWSER if header is None else Source.SERVER, json.loads(body)))
            self.changed.notify_all()
        return Response('{"accepted":1,"refused":[],"ignored_fields":[]}', 202, {"Access-Control-Allow-Origin": "*"})

    def events(self, source: Source | None = None) -> list[dict[str, Any]]:
        """In the order in which they happened, each once: a page that is left sends again what was not answered yet."""
        with self.changed:
            events = {e["event_id"]: e for taken in self.taken if source in (None, taken.source) for e in taken.events}
        return sorted(events.values(), key=lambda event: (event["occurred_at"], event.get("sequence", 0)))

    def wait_for(self, is_there: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(is_there, timeout=20), [event["type"] for event in self.events()]


def shop_app(config: Config, find_shop: Callable[[], Shop | None] = lambda: SHOP) -> Flask:
    """The demo shop as the whole of an application."""
    app = Flask("shopfront", static_folder=None)
    app.register_blueprint(blueprint(config, find_shop))
    return app


@dataclass(frozen=True)
class Shopfront:
    base_url: str
    collector: Collector


@contextmanager
def serving(data_dir: Path) -> Iterator[Shopfront]:
    """On a free port of the loopback."""
    collector = Collector()
    outer = Flask("outer", static_folder=None)
    server = make_server("127.0.0.1", 0, outer, threaded=True)
    base_url = f"http://127.0.0.1:{server.server_port}"
    server.app = shop_app(Config(data_dir=str(data_dir), public_url=base_url))
    server.app.add_url_rule("/k", view_func=collector.take, methods=["POST"])
    for path, script in scripts("/k.js", "/k").items():
        server.app.add_url_rule(path, path, lambda body=script.body: Response(body, mimetype="text/javascript"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Shopfront(base_url, collector)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
