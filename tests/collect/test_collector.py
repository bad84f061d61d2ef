"""The door as it is deployed: gunicorn with gevent workers, real sockets, real kills, real full disks."""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.collect.serving import OPEN_RATES, Collector, event_ids, page_view, rows
from tracker import clock, storage
from tracker.collect.intake import IntakeFiles
from tracker.config import Config
from tracker.shops import Shop, add_shop


@pytest.fixture
def shop(engine: Engine) -> Shop:
    with storage.writing(engine) as db:
        return add_shop(db, "Kjoler", ("shop.dk",), clock.now())


def one(shop: Shop, event_id: str, **fields: object) -> dict[str, object]:
    return {"key": shop.site_key, "consent": "statistics", **page_view(event_id=event_id), **fields}


class Senders:
    """Threads that send until told to stop; what was answered 202 is in `acknowledged`."""

    def __init__(self, collector: Collector, shop: Shop, number: int) -> None:
        self.acknowledged: list[str] = []
        self.failures = 0
        self._collector = collector
        self._shop = shop
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(sender,)) for sender in range(number)]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _send(self, sender: int) -> None:
        number = 0
        while not self._is_over.is_set():
            number += 1
            event_id = f"s{sender}-{number}"
            try:
                reply = self._collector.post(one(self._shop, event_id))
            except (OSError, ValueError):
                self.failures += 1
                time.sleep(0.01)
                continue
            except Exception:  # http.client has many words for a connection that was cut
                self.failures += 1
                continue
            if reply.status == 202:
                self.acknowledged.append(event_id)


def until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.faults
def test_what_was_acknowledged_survives_kill_9_at_random_moments(config: Config, shop: Shop) -> None:
    dice = random.Random(20260916)
    with Collector(replace(config, **OPEN_RATES), workers=2) as collector:
        with Senders(collector, shop, 12) as senders:
            for _ in range(5):
                before = len(senders.acknowledged)
                until(lambda before=before: len(senders.acknowledged) > before + 20)  # type: ignore[misc]
                time.sleep(dice.uniform(0, 0.3))
                collector.kill_workers()
        assert len(senders.acknowledged) > 100
        assert senders.failures > 0, "no request was ever cut: the kills hit nothing"
        missing = set(senders.acknowledged) - set(event_ids(config))
    assert missing == set()


def test_requests_that_wait_at_once_share_commits(config: Config, shop: Shop) -> None:
    with Collector(replace(config, commit_linger_ms=50, **OPEN_RATES)) as collector:
        with Senders(collector, shop, 20) as senders:
            until(lambda: len(senders.acknowledged) >= 200)
        (path,) = config.intake_dir.glob("*.db")
        log_bytes = path.with_name(path.name + "-wal").stat().st_size
    assert set(senders.acknowledged) <= set(event_ids(config))
    # Each commit alone writes at least two pages of 4 KiB: the row's, and the one that numbers rows.
    assert log_bytes < len(senders.acknowledged) * 2 * 4096


def test_the_door_does_not_wait_for_whoever_drains_it(config: Config, shop: Shop) -> None:
    """A worker that takes rows all the time, and holds each file's lock for as long as its removals do."""
    taken: list[str] = []
    slowest = [0.0]
    is_over = threading.Event()

    def drain() -> None:
        files = IntakeFiles(config.intake_dir)
        while not is_over.is_set() or files.read(1):
            found = files.read(2000)
            taken.extend(event["event_id"] for row in found for event in json.loads(row.body)["events"])
            files.remove([(row.file, row.row) for row in found])
        files.sweep()
        files.close()

    with Collector(replace(config, **OPEN_RATES), workers=2) as collector:
        drainer = threading.Thread(target=drain)
        drainer.start()
        with Senders(collector, shop, 8) as senders:
            for number in range(100):
                started = time.monotonic()
                assert collector.post(one(shop, f"timed-{number}")).status == 202
                slowest.append(time.monotonic() - started)
        is_over.set()
        drainer.join()
    assert len(taken) == len(set(taken))
    assert set(senders.acknowledged) <= set(taken)
    assert max(slowest) < 5, "not a measurement: only that nothing waits for a lock's time-out"


def test_a_malformed_request_is_answered_and_its_sender_not_logged(config: Config, shop: Shop) -> None:
    with Collector(config) as collector:
        with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as connection:
            connection.sendall(b"this is no HTTP\r\n\r\n")
            assert b"400" in connection.recv(1000)
        assert collector.post(one(shop, "after")).status == 202
    assert "127.0.0.1" not in collector.log.replace(f"127.0.0.1:{collector.port}", "")


def test_large_and_chunked_bodies(config: Config, shop: Shop) -> None:
    with Collector(config) as collector:
        five_mb = b'{"key":"' + b"a" * 5_000_000 + b'"}'
        assert collector.post(five_mb).status == 413
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (five_mb[:70_000] for _ in range(40))) + b"0\r\n\r\n"
        head = b"POST /k HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        assert b" 413 " in raw_exchange(collector.port, head + chunks)
        small = json.dumps(one(shop, "chunked")).encode()
        halves = [small[:50], small[50:]]
        body = b"".join(b"%x\r\n%s\r\n" % (len(half), half) for half in halves) + b"0\r\n\r\n"
        assert b" 202 " in raw_exchange(collector.port, head + body)
        cut = b"POST /k HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + small  # promised more than it sends
        with socket.create_connection(("127.0.0.1", collector.port), timeout=10) as connection:
            connection.sendall(cut)
        assert collector.post(one(shop, "whole")).status == 202
    assert event_ids(config) == ["chunked", "whole"]


def raw_exchange(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        with contextlib.suppress(OSError):  # it may have been answered, and closed, before all of it was sent
            connection.sendall(request)
        return connection.recv(10_000)


def test_stopping_in_order_loses_no_count(config: Config, shop: Shop) -> None:
    with Collector(config) as collector:
        for _ in range(3):
            assert collector.post({"key": "pk_wrong", **page_view()}).status == 401
    assert sum(row.get("refused", {}).get("unknown_key", 0) for row in rows(config)) == 3


def test_the_database_may_be_away_when_the_collector_starts(config: Config, shop: Shop) -> None:
    with Collector(config) as collector:
        assert collector.post(one(shop, "before")).status == 202
    away = replace(config, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    with Collector(away, workers=2) as collector:
        assert collector.post(one(shop, "meanwhile")).status == 202
    with Collector(replace(away, data_dir=str(Path(config.data_dir) / "log"))) as collector:
        assert collector.post(one(shop, "nowhere")).status == 503  # nobody knows: not the sender's fault
    assert event_ids(config) == ["before", "meanwhile"]


# --- disks


@pytest.mark.faults
def test_a_file_that_may_not_grow_is_503_and_what_was_acknowledged_stays(config: Config, shop: Shop) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))

    acknowledged = []
    with Collector(config, before=small_files) as collector:
        for number in range(200):  # 6 MB, and no file may have more than 0.6: new ones are begun
            event_id = f"e{number}"
            reply = collector.post(
                one(shop, event_id, data={}, page={"url": "https://shop.dk/" + "a" * 3000, "title": "t" * 300})
            )
            if reply.status == 202:
                acknowledged.append(event_id)
            else:
                assert (reply.status, reply.answer) == (503, {"error": "unavailable"})
    assert len(acknowledged) > 50
    assert len(list(config.intake_dir.glob("*.db"))) > 1
    assert sorted(event_ids(config)) == sorted(acknowledged)


@pytest.fixture
def small_disk(config: Config) -> Iterator[Callable[..., None]]:
    """mount(*options): a file system of 1 MB where the intake files go; only root may."""
    folder = config.intake_dir
    folder.mkdir()

    def mount(*options: str) -> None:
        subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(["size=1m", *options]), "tmpfs", folder], check=True)

    if os.getuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small disk")
    yield mount
    subprocess.run(["umount", "-l", folder], check=False)


@pytest.mark.faults
def test_a_full_disk_is_503_until_there_is_room(config: Config, shop: Shop, small_disk: Callable[..., None]) -> None:
    small_disk()
    acknowledged = []
    fat = {"page": {"url": "https://shop.dk/" + "a" * 4000}}
    with Collector(replace(config, **OPEN_RATES)) as collector:
        reply = None
        for number in range(2000):
            reply = collector.post(one(shop, f"e{number}", **fat))
            if reply.status != 202:
                break
            acknowledged.append(f"e{number}")
        assert reply is not None
        assert (reply.status, reply.answer) == (503, {"error": "unavailable"})
        assert int(reply.headers["Retry-After"]) > 0
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
        assert acknowledged == event_ids(config)
        subprocess.run(["mount", "-o", "remount,size=20m", config.intake_dir], check=True)
        until(lambda: collector.post(one(shop, "after", **fat)).status == 202)
        assert event_ids(config) == [*acknowledged, "after"]


@pytest.mark.faults
def test_a_read_only_disk_is_503_until_it_is_writable(config: Config, shop: Shop, small_disk: Callable[..., None]) -> None:
    small_disk("ro")
    with Collector(config) as collector:
        assert collector.post(one(shop, "e1")).status == 503
        subprocess.run(["mount", "-o", "remount,rw", config.intake_dir], check=True)
        until(lambda: collector.post(one(shop, "e2")).status == 202)
        assert event_ids(config) == ["e2"]


@pytest.mark.faults
def test_a_vanished_folder_takes_nothing_acknowledged_with_it_later(config: Config, shop: Shop) -> None:
    with Collector(config) as collector:
        assert collector.post(one(shop, "e1")).status == 202
        shutil.rmtree(config.intake_dir)
        assert collector.post(one(shop, "e2")).status == 202
    assert event_ids(config) == ["e2"]
