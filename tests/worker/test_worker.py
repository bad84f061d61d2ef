"""The worker on real intake files and a real database; on PostgreSQL the same tests go through the shared table."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update

from tests.builders import START, add_shop, counters, event, intake_row, look
from tests.faults.processes import wait_for
from tests.worker.intake import accept, away, stored, waiting
from tracker import tables as t
from tracker import worker as worker_module
from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant
from tracker.collect.intake import IntakeRow
from tracker.config import Config
from tracker.journey.contribution import day_on
from tracker.pipeline import leases
from tracker.pipeline.counters import month_of, read_total
from tracker.shops import Shop
from tracker.storage import writing
from tracker.worker import SHOPS_SECONDS, SWEEP_SECONDS, Worker

NOW = START + MINUTE


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return add_shop(engine)


@pytest.fixture
def worker(engine: Engine, config: Config) -> Iterator[Worker]:
    one = Worker(engine, config)
    yield one
    one.close()


def look_of(shop: Shop, event_id: str, at: Instant = START) -> IntakeRow:
    """One accepted request with one event, of a visitor of its own."""
    return intake_row(shop, look("dress", at, event_id=event_id, visitor_key=f"visitor-{event_id}"))


def all_of(worker: Worker, now: Instant = NOW) -> int:
    """Step until nothing is left to do; how much that was."""
    total = 0
    while done := worker.step(now):
        total += done
    return total


def lease(engine: Engine, shop: Shop) -> Any:
    with engine.connect() as db:
        return db.execute(select(t.leases).where(t.leases.c.shop_id == shop.shop_id)).one()


def take(engine: Engine, shop: Shop, token: str, now: Instant = NOW, until: Instant = NOW + DAY) -> None:
    with writing(engine) as db:
        leases.hold(db, shop.shop_id, token, now, until)


def give_back(engine: Engine, shop: Shop, token: str) -> None:
    with writing(engine) as db:
        leases.release(db, shop.shop_id, token)


def test_what_was_accepted_is_worked_in_once_and_no_longer_waits(
    engine: Engine, config: Config, shop: Shop, worker: Worker
) -> None:
    accept(config, *(look_of(shop, f"e{i}") for i in range(5)))
    assert all_of(worker) >= 5
    assert stored(engine, shop) == [f"e{i}" for i in range(5)]
    assert waiting(config, engine) == 0
    assert worker.step(NOW) == 0
    with engine.connect() as db:
        assert counters(db, shop)["journeys"] == 5


def test_more_rows_than_a_batch_are_taken_in_several(engine: Engine, config: Config, shop: Shop) -> None:
    other = add_shop(engine)
    rows = [look_of(one, f"{one.shop_id}-{i}") for i in range(7) for one in (shop, other)]
    accept(config, *rows)
    worker = Worker(engine, replace(config, batch_events=3))
    all_of(worker)
    worker.close()
    assert len(stored(engine, shop)) == len(stored(engine, other)) == 7
    assert waiting(config, engine) == 0


def test_big_requests_are_taken_in_smaller_batches(config: Config, shop: Shop) -> None:
    def batches(*sizes: int) -> list[int]:
        rows = [IntakeRow("f", i, shop.shop_id, b"x" * size) for i, size in enumerate(sizes)]
        return [len(rows) for together in worker_module._transactions(rows, 4) for _, rows in together]

    assert batches(1, 1, 1, 1, 1) == [4, 1]
    assert batches(9_000, 1, 1) == [1, 2]
    assert batches() == []


def test_small_batches_of_many_shops_share_a_transaction_and_each_row_has_its_place() -> None:
    rows = [IntakeRow("f", i, shop_id, b"") for i, shop_id in enumerate([1, 2, 1, 3, 2, 1])]
    together = list(worker_module._transactions(rows, 4))
    assert [[(shop_id, [row.row for row in of_shop]) for shop_id, of_shop in one] for one in together] == [
        [(1, [0, 2, 5]), (2, [1])],
        [(2, [4]), (3, [3])],
    ]


def test_requests_whose_key_names_no_shop_are_counted(engine: Engine, config: Config, shop: Shop, worker: Worker) -> None:
    nobody = replace(shop, shop_id=0)
    accept(config, intake_row(nobody, refused={"unknown_key": 3}), look_of(shop, "e"))
    all_of(worker)
    with engine.connect() as db:
        counted = db.execute(select(t.outcomes.c.reason, t.outcomes.c.count).where(t.outcomes.c.shop_id == 0)).all()
    assert [tuple(row) for row in counted] == [("unknown_key", 3)]
    assert stored(engine, shop) == ["e"]


def test_events_of_a_shop_made_a_moment_ago_are_kept(engine: Engine, config: Config, shop: Shop, worker: Worker) -> None:
    worker.step(NOW)  # knows the shops there are now
    young = add_shop(engine)
    accept(config, look_of(young, "first"))
    all_of(worker, NOW + SECOND)
    assert stored(engine, young) == ["first"]


def test_changed_settings_are_known_after_a_few_seconds(engine: Engine, config: Config, shop: Shop, worker: Worker) -> None:
    worker.step(NOW)
    with writing(engine) as db:
        moved = replace(shop.settings, zone="Pacific/Auckland").dump()
        db.execute(update(t.shops).where(t.shops.c.shop_id == shop.shop_id).values(settings=moved))
    accept(config, look_of(shop, "e", START + 12 * HOUR))
    all_of(worker, NOW + SHOPS_SECONDS * SECOND + 1)
    with engine.connect() as db:
        [day] = db.execute(
            select(t.counters.c.day_on).where(t.counters.c.filter == "", t.counters.c.family == "journeys")
        ).scalars()
    assert day == 20260911  # 12:26 on the 10th in UTC


def test_rows_of_a_shop_that_is_gone_are_dropped_and_the_others_go_on(
    engine: Engine, config: Config, shop: Shop, worker: Worker, caplog: pytest.LogCaptureFixture
) -> None:
    other = add_shop(engine)
    worker.step(NOW)
    accept(config, look_of(shop, "gone"), look_of(other, "stays"))
    if not config.is_embedded:
        worker.forward()
    with writing(engine) as db:
        db.execute(delete(t.shops).where(t.shops.c.shop_id == shop.shop_id))
    all_of(worker, NOW + SHOPS_SECONDS * SECOND + 1)
    assert stored(engine, other) == ["stays"]
    assert stored(engine, shop) == []
    assert waiting(config, engine) == 0
    assert f"dropped rows=1 of shop={shop.shop_id}, which is gone" in caplog.messages


def test_a_shop_that_another_worker_holds_keeps_nobody_waiting(
    engine: Engine, config: Config, shop: Shop, worker: Worker
) -> None:
    others = [add_shop(engine) for _ in range(3)]
    accept(config, *(look_of(one, f"e{one.shop_id}") for one in (others[0], shop, *others[1:])))
    take(engine, shop, "another")
    all_of(worker)
    assert [len(stored(engine, one)) for one in others] == [1, 1, 1]
    assert stored(engine, shop) == []
    assert waiting(config, engine) == 1
    give_back(engine, shop, "another")
    all_of(worker)
    assert len(stored(engine, shop)) == 1
    assert waiting(config, engine) == 0


def test_a_lease_that_ran_out_is_taken_over(engine: Engine, config: Config, shop: Shop, worker: Worker) -> None:
    accept(config, look_of(shop, "e"))
    take(engine, shop, "died", NOW, NOW + 1_000)
    all_of(worker, NOW)
    assert stored(engine, shop) == []
    all_of(worker, NOW + 1_001)
    assert stored(engine, shop) == ["e"]


class Robbed(Worker):
    """Somebody takes the shop at the last moment: after the look at what waits, before the batch."""

    by = "another"

    def _work_in(self, batches: Sequence[tuple[int, Sequence[IntakeRow]]], now: Instant) -> list[IntakeRow]:
        with writing(self.engine) as db:
            for shop_id, _ in batches:
                db.execute(update(t.leases).where(t.leases.c.shop_id == shop_id).values(token=self.by, held_until_at=now + DAY))
        return super()._work_in(batches, now)


def test_a_shop_lost_at_the_last_moment_is_left_to_its_new_holder(
    engine: Engine, config: Config, shop: Shop, worker: Worker
) -> None:
    accept(config, look_of(shop, "e"))
    robbed = Robbed(engine, config)
    all_of(robbed)
    robbed.close()
    assert stored(engine, shop) == []
    assert waiting(config, engine) == 1
    assert lease(engine, shop).token == "another"  # closing let go of our own leases only
    give_back(engine, shop, "another")
    all_of(worker)
    assert stored(engine, shop) == ["e"]


def test_a_shop_lost_between_the_list_and_its_turn_is_passed_over(engine: Engine, shop: Shop, worker: Worker) -> None:
    worker.step(NOW)
    take(engine, shop, "another")
    assert worker._work_shop(shop.shop_id, NOW) == 0
    assert lease(engine, shop).token == "another"


class Dies(Worker):
    """Ends where a killed process could: the shop is taken, its rows are not worked in."""

    def _work_in(self, batches: Sequence[tuple[int, Sequence[IntakeRow]]], now: Instant) -> list[IntakeRow]:
        raise SystemExit("killed")


def test_rows_of_a_worker_that_died_are_found_though_no_others_come(
    engine: Engine, config: Config, shop: Shop, worker: Worker
) -> None:
    accept(config, look_of(shop, "e"))
    with pytest.raises(SystemExit):
        Dies(engine, config).step(NOW)
    later = NOW + config.lease_seconds * SECOND + 1
    worker.step(later)
    all_of(worker, later + 1)
    assert stored(engine, shop) == ["e"]
    assert waiting(config, engine) == 0


def test_rows_forwarded_twice_are_counted_once(engine: Engine, config: Config, shop: Shop, worker: Worker) -> None:
    accept(config, look_of(shop, "e"))
    if config.is_embedded:
        rows = worker.files.read(10)
        worker._know_shops(NOW)
        assert worker._work_in([(shop.shop_id, rows)], NOW) == rows  # worked in, and killed before the removal
    else:
        rows = worker.files.read(10)
        assert worker.forward() == 1
        accept(config, rows[0])
    all_of(worker)
    with engine.connect() as db:
        assert counters(db, shop)["journeys"] == 1
    assert waiting(config, engine) == 0


def test_forward_moves_this_machines_files_into_the_shared_table(
    engine: Engine, config: Config, shop: Shop, worker: Worker
) -> None:
    """Used on PostgreSQL; on SQLite the same table takes it."""
    accept(config, look_of(shop, "a"), look_of(shop, "b"))
    rows = worker.files.read(10)
    assert worker.forward() == 2
    assert worker.forward() == 0
    assert worker.files.read(10) == []
    with engine.connect() as db:
        kept = db.execute(select(t.intake).order_by(t.intake.c.row)).all()
    assert [IntakeRow(r.file, r.row, r.shop_id, bytes(r.body)) for r in kept] == rows
    assert lease(engine, shop).pending_at is not None
    assert lease(engine, shop).token is None


def test_several_workers_at_once_work_everything_in_once(engine: Engine, config: Config) -> None:
    many = [add_shop(engine) for _ in range(4)]
    for part in range(3):
        accept(config, *(look_of(one, f"{part}-{i}") for i in range(15) for one in many))
    workers = [Worker(engine, replace(config, batch_events=5, lease_seconds=1)) for _ in range(3)]
    assert len({worker.token for worker in workers}) == 3
    stop = threading.Event()
    threads = [threading.Thread(target=worker.run, args=(stop,)) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        wait_for(lambda: waiting(config, engine) == 0, 60, "everything is worked in")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for one in many:
        assert len(stored(engine, one)) == 45
        with engine.connect() as db:
            assert counters(db, one)["journeys"] == 45
        assert lease(engine, one).token is None


def test_a_database_that_is_away_is_waited_for(
    engine: Engine, config: Config, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    engine.dispose()
    accept(config, look_of(shop, "e"))
    stop = threading.Event()
    worker = Worker(engine, config)
    with away(config) as back:
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        try:
            wait_for(lambda: "the database does not answer" in caplog.text, 20, "the worker notices")
            assert thread.is_alive()
            assert len(worker.files._names()) == 1  # nothing is lost meanwhile
            back()
            wait_for(lambda: waiting(config, engine) == 0, 30, "what waited is worked in")
        finally:
            stop.set()
            thread.join()
    assert stored(engine, shop) == ["e"]


def test_leases_that_cannot_be_given_back_run_out(
    engine: Engine, config: Config, shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    accept(config, look_of(shop, "e"))
    worker = Worker(engine, config)
    all_of(worker)
    engine.dispose()
    with away(config):
        worker.close()
    assert "the leases could not be given back" in caplog.text
    assert lease(engine, shop).held_until_at == NOW + config.lease_seconds * SECOND


def test_what_falls_due_is_done_without_any_event(engine: Engine, config: Config, shop: Shop, worker: Worker) -> None:
    accept(config, look_of(shop, "e"))
    all_of(worker)
    later = START + 31 * DAY
    take(engine, shop, "another", later, later + DAY)
    assert worker.step(later) == 0  # not ours to do
    give_back(engine, shop, "another")
    assert all_of(worker, later) >= 1
    assert worker.step(later) == 0
    with engine.connect() as db:
        assert list(db.execute(select(t.journeys.c.outcome)).scalars()) == ["lapsed"]


def test_drained_files_are_swept_now_and_then(engine: Engine, config: Config, shop: Shop, worker: Worker) -> None:
    accept(config, look_of(shop, "a"))
    all_of(worker)
    assert list(config.intake_dir.iterdir()) == []  # the first step of a worker looks
    accept(config, event_row(shop, "b"))
    all_of(worker, NOW + SWEEP_SECONDS * SECOND)
    assert len(list(config.intake_dir.glob("*.db"))) == 1
    worker.step(NOW + SWEEP_SECONDS * SECOND + 1)
    assert list(config.intake_dir.iterdir()) == []


def event_row(shop: Shop, event_id: str) -> IntakeRow:
    return intake_row(shop, event(event_id=event_id))


def test_months_that_are_over_are_summed_up_unasked(engine: Engine, config: Config, shop: Shop, worker: Worker) -> None:
    month, later = month_of(day_on(START, shop.settings.tz)), START + 40 * DAY
    accept(config, *(look_of(shop, f"e{i}", START + i * SECOND) for i in range(5)))
    all_of(worker)
    assert month not in days_counted(engine, shop)
    accept(config, look_of(shop, "a month later", later))
    all_of(worker, later)
    assert month in days_counted(engine, shop)
    accept(config, look_of(shop, "late", START + HOUR))
    all_of(worker, later + MINUTE)
    with engine.connect() as db:
        total = read_total(db, shop.shop_id, shop.generation, "journeys", "", month, month + 99)
        tasks = db.execute(select(t.tasks.c.kind, t.tasks.c.outcome).where(t.tasks.c.kind == "sum_months")).all()
    assert total["journeys"] == 6
    assert [tuple(task) for task in tasks] == [("sum_months", {"months": 1})]


def days_counted(engine: Engine, shop: Shop) -> set[int]:
    c = t.counters.c
    with engine.connect() as db:
        return set(db.execute(select(c.day_on).where(c.shop_id == shop.shop_id, c.family == "journeys")).scalars())
