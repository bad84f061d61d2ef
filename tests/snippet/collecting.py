"""A shop and a collector on two ports, so on two origins, that really listen; what arrives at the collector is kept.

In:  pages by path, and what the collector is to answer.
Out: requests as they came: method, headers, body, when.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import monotonic, sleep
from typing import Any

from tracker.collect.script import BUILT

STUB = "<script>window.kr=window.kr||function(){(kr.q=kr.q||[]).push(arguments)}</script>"


@dataclass(frozen=True)
class Arrived:
    """One request at the collector.  `at` in seconds of a clock that only runs forward."""

    method: str
    headers: dict[str, str]
    body: Any
    at: float


@dataclass
class Collector:
    """`answers` are taken from the front: (status, headers); 202 when there are none.  `scripts`: more to serve, by name."""

    address: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    answers: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    scripts: dict[str, str] = field(default_factory=dict)

    def bodies(self) -> list[dict[str, Any]]:
        return [request.body for request in list(self.arrived) if request.method == "POST"]

    def events(self) -> list[dict[str, Any]]:
        """In order of arrival, repeats included, each with the level and visitor it came under."""
        return [
            {**event, "consent": body.get("consent"), "visitor_key": body.get("visitor_key")}
            for body in self.bodies()
            for event in body["events"]
        ]

    def types(self) -> list[str]:
        return [event["type"] for event in self.events()]

    def wait(self, until: Callable[[], bool], what: str, seconds: float = 15) -> None:
        """Until it holds, or the test fails with what arrived instead."""
        end = monotonic() + seconds
        while not until():
            assert monotonic() < end, f"{what}; arrived: {self.types()}"
            sleep(0.02)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Silence."""

    def reply(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        with suppress(ConnectionError):  # a page that was left does not wait for its answer
            self.end_headers()
            self.wfile.write(body)


def _collector_handler(collector: Collector) -> type[_Handler]:
    class Handler(_Handler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0].lstrip("/")
            if path in collector.scripts:
                return self.reply(200, collector.scripts[path].encode(), "text/javascript")
            script = BUILT / path
            if path.startswith("k") and script.exists():
                return self.reply(200, script.read_bytes(), "text/javascript")
            return self.reply(404, b"", "text/plain")

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            collector.arrived.append(Arrived("POST", dict(self.headers), json.loads(text), monotonic()))
            status, headers = collector.answers.popleft() if collector.answers else (202, {})
            cors = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
            self.reply(status, b'{"accepted": 1, "refused": []}', "application/json", {**cors, **headers})

        def do_OPTIONS(self) -> None:
            collector.arrived.append(Arrived("OPTIONS", dict(self.headers), None, monotonic()))
            self.reply(204, b"", "text/plain", {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "POST"})

    return Handler


def _shop_handler(page: Callable[[str], str]) -> type[_Handler]:
    class Handler(_Handler):
        def do_GET(self) -> None:
            # with no-store a page would never come back from the browser's page cache
            self.reply(200, page(self.path).encode(), "text/html; charset=utf-8")

    return Handler


@contextmanager
def listening(handler: type[_Handler]) -> Iterator[str]:
    """On a free port; the address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that serves the built snippet, too."""
    collector = Collector()
    with listening(_collector_handler(collector)) as collector.address:
        yield collector


@contextmanager
def shop(page: Callable[[str], str]) -> Iterator[str]:
    """A shop whose every page is made by `page(path)`; the address."""
    with listening(_shop_handler(page)) as address:
        yield address
