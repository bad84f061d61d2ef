"""A door to send to: in this process through Flask's client, or as real gunicorn with gevent workers on a free port.

    with Collector(config) as collector:
        status, answer, headers = collector.post({"key": ..., "events": [...]})

`create_app` is what gunicorn loads; it takes its settings from the environment, as the product does.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import orjson
from flask import Flask

from tracker import storage
from tracker.collect import survey_pages
from tracker.collect.door import Door
from tracker.collect.intake import IntakeFiles
from tracker.collect.views import register
from tracker.config import PREFIX, Config, from_env

ROOT = Path(__file__).parent.parent.parent
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari/604.1"
)
OPEN_RATES = {"rate_per_key": 10**9, "rate_per_address": 10**9}  # for senders at full speed, all from one address
_ids = count()


class Reply(NamedTuple):
    status: int
    answer: Any  # JSON, or bytes where it is none
    headers: Mapping[str, str]


def build(config: Config, door: Door) -> Flask:
    app = Flask(__name__)
    register(app, door)
    app.register_blueprint(survey_pages.blueprint(door))
    return app


def create_app() -> Flask:
    config = from_env()
    return build(config, Door.open(config, storage.open_engine(config)))


@contextmanager
def opened(config: Config) -> Iterator[Door]:
    engine = storage.open_engine(config)
    door = Door.open(config, engine)
    yield door
    door.close()
    engine.dispose()


def page_view(**fields: Any) -> dict[str, Any]:
    """One page view with an id of its own."""
    return {"event_id": f"e-{os.getpid()}-{next(_ids)}", "type": "page_view", "page": {"url": "https://shop.dk/"}, **fields}


def rows(config: Config) -> list[dict[str, Any]]:
    """What lies in the intake, as the worker reads it; each body with its shop_id."""
    files = IntakeFiles(config.intake_dir)
    found = [{"shop_id": row.shop_id, **orjson.loads(row.body)} for row in files.read(100_000)]
    files.close()
    return found


def event_ids(config: Config) -> list[str]:
    return [event["event_id"] for row in rows(config) for event in row.get("events", [])]


class Collector:
    """gunicorn with the deployed settings.  `wrap` puts a program before it, such as one that limits what it may write."""

    def __init__(self, config: Config, workers: int = 1, before: Callable[[], None] | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._log = Path(config.data_dir) / "log" / "collector"
        self._log.parent.mkdir(exist_ok=True)
        settings = {PREFIX + f.name.upper(): str(getattr(config, f.name)) for f in fields(Config)}
        command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py")]
        command += ["-w", str(workers), "-b", f"127.0.0.1:{self.port}", "tests.collect.serving:create_app()"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **settings},
                stderr=log,
                stdout=log,
                preexec_fn=before,
                start_new_session=True,
            )
        self._await()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def post(self, body: Any, headers: Mapping[str, str] | None = None, path: str = "/k") -> Reply:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask("POST", path, raw, headers)

    def ask(self, method: str, path: str, raw: bytes | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, raw, {"Content-Type": "text/plain", "User-Agent": PHONE, **(headers or {})})
            response = connection.getresponse()
            text = response.read()
            is_json = response.getheader("Content-Type") == "application/json"
            return Reply(response.status, json.loads(text) if is_json else text, dict(response.getheaders()))
        finally:
            connection.close()

    def children(self) -> list[int]:
        return list(map(int, Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()))

    def kill_workers(self) -> None:
        """As a power cut would for them; gunicorn's master starts others."""
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(60)  # longer than graceful_timeout, on a busy machine too
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _await(self) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                self.ask("OPTIONS", "/k")
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    raise RuntimeError(self.log) from None
                time.sleep(0.1)
            else:
                return
