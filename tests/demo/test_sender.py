"""The outbox: what is owed arrives signed, once, in order, however long the collector is away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.demo.shopfront import SHOP, Collector
from tracker.clock import Instant, now
from tracker.config import Config
from tracker.demo import state
from tracker.demo.sender import NotTaken, Sender, answers_by_row, wait_seconds
from tracker.demo.state import Owed, State

NOW: Instant = 1_770_000_000_000


@contextmanager
def collecting() -> Iterator[tuple[str, Collector]]:
    collector = Collector()
    app = Flask("collecting", static_folder=None)
    app.add_url_rule("/k", view_func=collector.take, methods=["POST"])
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", collector
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def owing(path: Path, count: int) -> State:
    kept = State(path / "demo-shop.db")
    with kept.connect(writing=True) as db:
        for number in range(count):
            assert state.owe(db, _event(f"ship-{number}-1"))
    return kept


def _event(event_id: str) -> dict[str, Any]:
    return {"event_id": event_id, "type": "order_shipped", "occurred_at": NOW, "data": {"transaction_id": "1"}}


def answers(kept: State) -> list[str | None]:
    with kept.connect(writing=False) as db:
        return [owed.answer for owed in reversed(state.latest_owed(db, 1000))]


def test_what_is_owed_arrives_signed_and_in_order(tmp_path: Path) -> None:
    kept = owing(tmp_path, 3)
    with collecting() as (url, collector):
        assert (
            Sender(Config(public_url=url), lambda: SHOP, kept).send_waiting(now()) == 3
        )  # the collector verifies the signature
    assert [event["event_id"] for event in collector.taken[0].body["events"]] == ["ship-0-1", "ship-1-1", "ship-2-1"]
    assert collector.taken[0].body["key"] == SHOP.site_key
    assert answers(kept) == ["accepted"] * 3


def test_a_wrong_secret_is_never_settled(tmp_path: Path) -> None:
    kept = owing(tmp_path, 1)
    wrong = SHOP.__class__(**{**SHOP.__dict__, "secret": "sk_other"})
    with collecting() as (url, collector), pytest.raises(NotTaken):
        Sender(Config(public_url=url), lambda: wrong, kept).send_waiting(now())
    assert (collector.taken, answers(kept)) == ([], [None])


def test_the_thread_tries_again_until_it_is_answered_202(tmp_path: Path) -> None:
    kept = owing(tmp_path, 2)
    with collecting() as (url, collector):
        collector.refuse_next = [503, 500, 503]
        sender = Sender(Config(public_url=url), lambda: SHOP, kept)
        sender.ensure_running()
        sender.wake()
        try:
            collector.wait_for(lambda: bool(collector.taken))
        finally:
            sender.stop()
    assert collector.refused == 3
    assert len(collector.taken) == 1
    assert answers(kept) == ["accepted"] * 2


def test_nothing_is_lost_while_nobody_listens(tmp_path: Path) -> None:
    kept = owing(tmp_path, 2)
    with collecting() as (url, _):
        pass  # its port is closed again
    with pytest.raises(ConnectionRefusedError):
        Sender(Config(public_url=url), lambda: SHOP, kept).send_waiting(now())
    assert answers(kept) == [None, None]


def test_before_there_is_a_shop_everything_waits(tmp_path: Path) -> None:
    kept = owing(tmp_path, 1)
    with pytest.raises(NotTaken, match="no shop"):
        Sender(Config(), lambda: None, kept).send_waiting(now())
    assert answers(kept) == [None]


def test_one_process_sends_at_a_time(tmp_path: Path) -> None:
    kept = owing(tmp_path, 1)
    with collecting() as (url, collector):
        first, second = (Sender(Config(public_url=url), lambda: SHOP, kept) for _ in range(2))
        at = now()
        assert first.send_waiting(at) == 1
        with kept.connect(writing=True) as db:
            state.owe(db, _event("later"))
        assert second.send_waiting(at) == 0
        assert second.send_waiting(at + 30_000) == 1, "free once its holder did not ask for half a minute"
    assert len(collector.taken) == 2


def test_what_the_collector_refuses_is_settled_with_its_reason() -> None:
    batch = [Owed(7, _event("a"), None), Owed(8, _event("b"), None)]
    body = {
        "accepted": 1,
        "refused": [{"index": 1, "event_id": "b", "reason": "invalid", "detail": {"fields": {"x": "is unknown"}}}],
    }
    settled = answers_by_row(batch, json.dumps(body).encode())
    assert settled == {7: "accepted", 8: 'invalid {"fields": {"x": "is unknown"}}'}


def test_a_fact_is_owed_once(tmp_path: Path) -> None:
    kept = owing(tmp_path, 1)
    with kept.connect(writing=True) as db:
        assert not state.owe(db, _event("ship-0-1"))
    assert answers(kept) == [None]


def test_an_event_goes_with_its_transaction(tmp_path: Path) -> None:
    kept = owing(tmp_path, 1)

    def fail_half_way() -> None:
        with kept.connect(writing=True) as db:
            state.owe(db, _event("half-done"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert len(answers(kept)) == 1


@pytest.mark.parametrize(
    ("failures", "error", "seconds"),
    [
        pytest.param(1, OSError(), 0.5, id="soon at first"),
        pytest.param(4, OSError(), 4.0, id="twice as long each time"),
        pytest.param(500, OSError(), 60.0, id="at most a minute"),
        pytest.param(1, NotTaken("503", 7.0), 7.0, id="as long as the collector asked for"),
        pytest.param(1, NotTaken("503", 9_999.0), 60.0, id="but at most a minute"),
    ],
)
def test_waiting(failures: int, error: Exception, seconds: float) -> None:
    assert wait_seconds(failures, error) == seconds
