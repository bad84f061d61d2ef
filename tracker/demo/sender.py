"""Carries the outbox to the collector: builds the body, signs it, posts it, and tries again until it is answered.

In:  rows of the outbox, in order; the shop's key and secret.
Out: the same rows with the collector's answer.  What was not answered 202 stays first in the line, so that events arrive in the
     order in which they happened and none is lost while the collector is away; only a 202 settles a row.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from tracker import clock
from tracker.clock import SECOND, Instant
from tracker.collect.signature import HEADER, sign
from tracker.config import Config
from tracker.demo import state
from tracker.demo.state import Owed, State
from tracker.shops import Shop

log = logging.getLogger(__name__)

BATCH = 50
TIMEOUT_SECONDS = 10
FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 60.0
IDLE_SECONDS = 5.0  # how often an idle sender looks for what another process put into the outbox
HELD_SECONDS = 30  # for which the one sender among the processes keeps its turn; longer than a request may take


class NotTaken(Exception):
    """The collector did not answer 202; the batch is to be sent again."""

    def __init__(self, why: str, wait_seconds: float | None = None) -> None:
        super().__init__(why)
        self.wait_seconds = wait_seconds  # when the collector said how long


@dataclass(frozen=True)
class Answer:
    """What came back over HTTP."""

    status: int
    body: bytes
    retry_after: str | None


class Sender:
    """`wake()` after each commit that put something into the outbox; `ensure_running()` in each process that serves."""

    def __init__(self, config: Config, find_shop: Callable[[], Shop | None], kept: State) -> None:
        self._address = config.public_url.rstrip("/") + config.collect_path
        self._find_shop = find_shop
        self._kept = kept
        self._holder = secrets.token_hex(8)
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._lock = threading.Lock()

    def ensure_running(self) -> None:
        """Starts the thread where there is none: a forked process inherits the object but not its thread."""
        if self._pid == os.getpid() and self._thread is not None and self._thread.is_alive():
            return
        with self._lock:
            if self._pid == os.getpid() and self._thread is not None and self._thread.is_alive():
                return
            self._holder = secrets.token_hex(8)
            self._pid = os.getpid()
            self._thread = threading.Thread(target=self._run, name="demo-shop-sender", daemon=True)
            self._thread.start()

    def wake(self) -> None:
        self._woken.set()

    def stop(self) -> None:
        """Ends the thread after the request under way; what is left waits in the outbox."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(TIMEOUT_SECONDS + 1)

    def send_waiting(self, now: Instant) -> int:
        """One batch of what waits; how many rows were settled.  Raises NotTaken, sqlite3.Error."""
        shop = self._find_shop()
        if shop is None:
            raise NotTaken("no shop is set up yet")
        with self._kept.connect(writing=False) as db:
            if not state.hold_sending(db, self._holder, now, now + HELD_SECONDS * SECOND):
                return 0
            batch = state.owed(db, BATCH)
        if not batch:
            return 0
        body = wire_body(shop, [owed.event for owed in batch], now)
        answer = _post(self._address, body, sign(shop.secret, body, now // SECOND))
        if answer.status != 202:
            raise NotTaken(f"{answer.status} {answer.body[:200]!r}", _seconds(answer.retry_after))
        with self._kept.connect(writing=True) as db:
            state.settle(db, answers_by_row(batch, answer.body))
        return len(batch)

    def _run(self) -> None:
        wait = IDLE_SECONDS
        failures = 0
        while not self._stopping.is_set():
            self._woken.wait(wait)
            self._woken.clear()
            if self._stopping.is_set():
                return
            try:
                sent = self.send_waiting(clock.now())
                failures = 0
                wait = 0.0 if sent == BATCH else IDLE_SECONDS
            except (NotTaken, OSError, HTTPException, sqlite3.Error) as error:
                failures += 1
                wait = wait_seconds(failures, error)
                log.warning("outbox=waiting failures=%d again_in=%.1fs why=%s", failures, wait, error)
            except Exception:  # the sender must survive: nobody else sends what waits
                failures += 1
                wait = LONGEST_WAIT_SECONDS
                log.exception("outbox=waiting failures=%d", failures)


def wire_body(shop: Shop, events: Sequence[Any], now: Instant) -> bytes:
    """A batch as the collector takes it."""
    body = {"v": 1, "key": shop.site_key, "sent_at": now, "events": list(events)}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def answers_by_row(batch: Sequence[Owed], body: bytes) -> dict[int, str]:
    """`accepted`, or the reason and detail of what the collector refused, which sending again would not change."""
    answers = {owed.row: "accepted" for owed in batch}
    for refused in json.loads(body).get("refused", []):
        detail = json.dumps(refused.get("detail", {}), ensure_ascii=False)
        answers[batch[refused["index"]].row] = f"{refused['reason']} {detail}"
    return answers


def wait_seconds(failures: int, error: Exception) -> float:
    """As long as the collector asked for, else twice as long after each failure, up to a minute."""
    if isinstance(error, NotTaken) and error.wait_seconds is not None:
        return min(error.wait_seconds, LONGEST_WAIT_SECONDS)
    return min(FIRST_WAIT_SECONDS * 2.0 ** min(failures - 1, 10), LONGEST_WAIT_SECONDS)


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdigit() else None


def _post(address: str, body: bytes, signature: str) -> Answer:
    url = urlsplit(address)
    connect = HTTPSConnection if url.scheme == "https" else HTTPConnection
    connection = connect(url.hostname or "", url.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", url.path, body, {"Content-Type": "application/json", HEADER: signature})
        response = connection.getresponse()
        return Answer(response.status, response.read(), response.getheader("Retry-After"))
    finally:
        connection.close()
