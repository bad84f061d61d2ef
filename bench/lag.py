"""How long after its answer an event can be seen in the reports, at a steady rate.

The collector (gunicorn) and `tracker work` run as they do when deployed.  Senders post single events of mixed traffic at 500 a
second; ten times a second one of them is a probe.  Another connection asks the database for the probes every few milliseconds;
an event, its journey and the counters are committed together, so what shows the event shows the report.
"""

from __future__ import annotations

import http.client
import tempfile
import threading
import time
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import Engine, func, select

from bench import machine, traffic
from bench.door import prepared
from bench.serving import Gunicorn, WorkerProcess
from bench.table import Figure
from tracker import clock
from tracker import tables as t
from tracker.clock import SECOND
from tracker.storage import open_engine, reading

RATE = 500
SECONDS = 20
SENDERS = 64  # one that waits for its answer must not hold up the rate
PROBE_EVERY = 50  # events: ten probes a second
LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 60
MOST_P95_SECONDS = 5


class Missing(Exception):
    """A probe never came to light, or an event was refused."""


class Probes:
    """When each probe was answered, and when it was first seen."""

    def __init__(self) -> None:
        self.answered: dict[str, float] = {}
        self.seen: dict[str, float] = {}
        self._lock = threading.Lock()

    def answer(self, event_id: str) -> None:
        with self._lock:
            self.answered[event_id] = time.perf_counter()

    def waiting(self) -> list[str]:
        with self._lock:
            return [event_id for event_id in self.answered if event_id not in self.seen]

    def look(self, engine: Engine) -> None:
        waiting = self.waiting()
        if not waiting:
            return
        c = t.events.c
        query = select(c.event_id).where(c.shop_id == 1, c.source == 0, c.event_id.in_(waiting[:500]))
        with reading(engine) as db:
            found = list(db.execute(query).scalars())
        now = time.perf_counter()
        self.seen.update(dict.fromkeys(found, now))

    @property
    def lags(self) -> list[float]:
        return sorted(self.seen[event_id] - at for event_id, at in self.answered.items())


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory(prefix="kunderejse-bench-") as folder:
        config, key = prepared(folder)
        engine = open_engine(config)
        bodies = _bodies(key, RATE * SECONDS)
        with Gunicorn(config, "door") as door, WorkerProcess(config) as worker:
            worker.await_rest()
            probes, sent_seconds = _send_all(door.port, bodies, engine)
            _await_all(probes, engine, len(bodies))
        engine.dispose()
    lags = probes.lags
    machine.log(f"lag: {len(bodies):,} events sent in {sent_seconds:.1f} s, all stored, {len(lags)} probes")
    note = f"{len(bodies) / sent_seconds:.0f} events/s, {len(lags)} probes"
    return [
        Figure("event to report, p50", percentile(lags, 0.5), "s", note=note),
        Figure("event to report, p95", percentile(lags, 0.95), "s", most=MOST_P95_SECONDS, note=f"slowest {lags[-1]:.2f} s"),
    ]


def post_all(port: int, requests: Sequence[traffic.Request], key: str) -> None:
    """A browser's requests one after the other, as fast as they are answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for request in requests:
        if request.visitor is None:
            continue
        body = orjson.dumps({"key": key, "events": [{**event, "consent": "statistics"} for event in request.events]})
        connection.request("POST", "/k", body, _headers(request.visitor.agent))
        answer = connection.getresponse()
        if answer.status != 202 or b'"refused":[]' not in (said := answer.read()):
            raise Missing(f"not taken: {answer.status} {said.decode()}")
    connection.close()


def _headers(agent: str) -> dict[str, str]:
    return {"Content-Type": "text/plain", "User-Agent": agent, "Origin": f"https://{traffic.HOST}"}


def _bodies(key: str, count: int) -> list[tuple[str | None, bytes, str]]:
    """(a probe's event_id, body, user agent), each a single event of now."""
    made: list[tuple[str | None, bytes, str]] = []
    for request in traffic.requests(2, count * 2, clock.now()):
        for event in request.events if request.visitor else ():
            assert request.visitor is not None
            event = {"key": key, **event, "consent": "statistics"}
            del event["occurred_at"]  # happens when it is sent
            probe = event["event_id"] if len(made) % PROBE_EVERY == 0 else None
            made.append((probe, orjson.dumps(event), request.visitor.agent))
    return made[:count]


def percentile(ascending: Sequence[float], share: float) -> float:
    """`share` of the values lie below."""
    return ascending[min(len(ascending) - 1, int(len(ascending) * share))]


def _send_all(port: int, bodies: list[Any], engine: Engine) -> tuple[Probes, float]:
    probes, failures = Probes(), list[str]()
    start = time.perf_counter() + 0.2
    senders = [
        threading.Thread(target=_send, args=(port, bodies[number::SENDERS], number, start, probes, failures))
        for number in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    while any(sender.is_alive() for sender in senders):
        probes.look(engine)
        time.sleep(LOOK_SECONDS)
    if failures:
        raise Missing(f"{len(failures)} events were not taken, such as {failures[0]}")
    return probes, time.perf_counter() - start


def _send(port: int, bodies: list[Any], number: int, start: float, probes: Probes, failures: list[str]) -> None:
    """Every SENDERS-th event, each at its own moment."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for turn, (probe, body, agent) in enumerate(bodies):
        wait = start + (turn * SENDERS + number) / RATE - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        connection.request("POST", "/k", body, _headers(agent))
        answer = connection.getresponse().read()
        if not answer.startswith(b'{"accepted":1'):
            failures.append(answer.decode())
        elif probe:
            probes.answer(probe)
    connection.close()


def _await_all(probes: Probes, engine: Engine, events: int) -> None:
    """Every probe seen, and every event of those that were answered stored."""
    deadline = clock.now() + PATIENCE_SECONDS * SECOND
    while probes.waiting() or _stored(engine) < events:
        probes.look(engine)
        time.sleep(LOOK_SECONDS)
        if clock.now() > deadline:
            seen = f"{len(probes.waiting())} probes waiting, {_stored(engine)} of {events} events stored"
            raise Missing(f"not worked in within {PATIENCE_SECONDS} s: {seen}")


def _stored(engine: Engine) -> int:
    with reading(engine) as db:
        return int(db.execute(select(func.count()).select_from(t.events)).scalar_one())
