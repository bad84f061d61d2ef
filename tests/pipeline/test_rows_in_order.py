"""No row is passed over, whatever comes between the rows of one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.exc import DataError, OperationalError

from tests.builders import START, add_shop, intake_row, look
from tracker import tables as t
from tracker import worker as worker_module
from tracker.clock import DAY, MINUTE, Instant
from tracker.collect.intake import IntakeRow, IntakeWriter
from tracker.config import Config
from tracker.pipeline import leases, process
from tracker.shops import Shop
from tracker.storage import writing
from tracker.worker import Worker

NOW = START + MINUTE


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return add_shop(engine)


def accept(config: Config, shop: Shop, *names: str) -> None:
    """Requests of one event each, in one file."""
    writer = IntakeWriter(config.intake_dir, 0)
    for i, name in enumerate(names):
        event = look("dress", START + i, event_id=name, visitor_key=f"visitor-{name}")
        writer.append(shop.shop_id, intake_row(shop, event).body)
    writer.close()


def stored(engine: Engine, shop: Shop) -> list[str]:
    with engine.connect() as db:
        query = select(t.events.c.event_id).where(t.events.c.shop_id == shop.shop_id).order_by(t.events.c.event_id)
        return list(db.execute(query).scalars())


def unreadable(engine: Engine, shop: Shop) -> int:
    with engine.connect() as db:
        return len(db.execute(select(t.unreadable.c.row).where(t.unreadable.c.shop_id == shop.shop_id)).all())


class GivenBack(Worker):
    """Another worker holds the shop for the first transaction and lets go before the second."""

    def _work_in(self, batches: Sequence[tuple[int, Sequence[IntakeRow]]], now: Instant) -> list[IntakeRow]:
        done = super()._work_in(batches, now)
        with writing(self.engine) as db:
            leases.release(db, batches[0][0], "another")
        return done


def test_rows_of_a_shop_held_by_another_are_not_passed_over_by_later_ones(engine: Engine, config: Config, shop: Shop) -> None:
    accept(config, shop, "a", "b", "c", "d")
    with writing(engine) as db:
        leases.hold(db, shop.shop_id, "another", NOW, NOW + DAY)
    worker = GivenBack(engine, replace(config, batch_events=2))
    worker.step(NOW)
    with writing(engine) as db:
        leases.release(db, shop.shop_id, "another")
    for _ in range(3):
        worker.step(NOW)
    worker.close()
    assert stored(engine, shop) == ["a", "b", "c", "d"]


def faults(*faulty: str, raising: Exception) -> Any:
    real = process.process_batch

    def work(db: Any, shop: Shop, rows: Sequence[IntakeRow], hold: Any, now: Instant) -> int:
        count = real(db, shop, rows, hold, now)
        if any(f'"{name}"'.encode() in row.body for name in faulty for row in rows):
            raise raising
        return count

    return work


@pytest.mark.parametrize("raising", [RecursionError("deep"), DataError("insert", {}, ValueError("NUL"))], ids=type)
def test_a_row_that_cannot_be_worked_in_holds_up_no_other(
    engine: Engine, config: Config, shop: Shop, monkeypatch: pytest.MonkeyPatch, raising: Exception
) -> None:
    other = add_shop(engine)
    accept(config, shop, "a", "b", "c")
    accept(config, other, "d")
    worker = Worker(engine, config)
    monkeypatch.setattr(worker_module, "process_batch", faults("b", raising=raising))
    for _ in range(3):
        worker.step(NOW)
    assert stored(engine, shop) == ["a", "c"]
    assert stored(engine, other) == ["d"]
    assert (unreadable(engine, shop), unreadable(engine, other)) == (1, 0)
    assert worker.step(NOW) == 0
    worker.close()


def test_a_database_that_is_away_sets_nothing_aside(
    engine: Engine, config: Config, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(config, shop, "a", "b")
    worker = Worker(engine, config)
    with monkeypatch.context() as fault:
        fault.setattr(worker_module, "process_batch", faults("b", raising=OperationalError("x", {}, OSError("away"))))
        with pytest.raises(OperationalError):
            worker.step(NOW)
    with writing(engine) as db:  # as another worker would find it
        db.execute(update(t.leases).where(t.leases.c.shop_id == shop.shop_id).values(pending_at=1))
    worker.step(NOW)
    worker.close()
    assert stored(engine, shop) == ["a", "b"]
    assert unreadable(engine, shop) == 0
