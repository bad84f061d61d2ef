"""tracker/storage.py: how the database is opened, read and written."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, func, insert, select, text, update
from sqlalchemy.exc import OperationalError

from tests.postgres import Postgres, programs
from tracker import storage
from tracker import tables as t
from tracker.config import Config


def salt(db: Connection, day_on: int) -> None:
    db.execute(insert(t.salts), {"day_on": day_on, "salt": "s"})


def days(engine: Engine) -> list[int]:
    with storage.reading(engine) as db:
        return list(db.scalars(select(t.salts.c.day_on).order_by(t.salts.c.day_on)))


@pytest.mark.parametrize(
    ("address", "opened"),
    [
        ("postgres://u:p@h:5/d", "postgresql+psycopg://u:p@h:5/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+psycopg://h/d?sslmode=require"),
        ("postgresql+psycopg://h/d", "postgresql+psycopg://h/d"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
    ],
)
def test_an_address_gets_our_driver(address: str, opened: str) -> None:
    assert storage.database_url(address).render_as_string(hide_password=False) == opened


def test_without_an_address_the_database_is_a_file_in_the_data_folder(tmp_path: Path) -> None:
    engine = storage.open_engine(Config(data_dir=str(tmp_path / "not" / "there" / "yet")))
    storage.migrate(engine)
    engine.dispose()
    assert (tmp_path / "not" / "there" / "yet" / "kunderejse.db").is_file()


def test_what_is_written_is_there_afterwards(engine: Engine) -> None:
    with storage.writing(engine) as db:
        salt(db, 20260916)
    assert days(engine) == [20260916]


def test_an_exception_leaves_nothing_behind_not_even_a_table(engine: Engine) -> None:
    def half_done() -> None:
        with storage.writing(engine) as db:
            db.execute(text("CREATE TABLE half (a INTEGER)"))
            salt(db, 20260916)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    assert days(engine) == []
    with storage.reading(engine) as db:
        assert not db.dialect.has_table(db, "half")


def test_a_reader_sees_one_snapshot_and_does_not_hinder_the_writer(engine: Engine) -> None:
    with storage.reading(engine) as db:
        assert db.scalar(select(func.count()).select_from(t.salts)) == 0
        with storage.writing(engine) as other:
            salt(other, 20260916)
        assert db.scalar(select(func.count()).select_from(t.salts)) == 0
    assert days(engine) == [20260916]


def test_a_writer_that_reads_first_waits_for_the_one_before_it(engine: Engine) -> None:
    """Eight threads count up one number, each reading it before writing it; none may be refused, none lost."""
    with storage.writing(engine) as db:
        db.execute(insert(t.leases), {"shop_id": 1, "held_until_at": 0, "next_id": 0})
    refused: list[Exception] = []

    def count_up() -> None:
        for _ in range(10):
            try:
                with storage.writing(engine) as db:
                    row = select(t.leases.c.next_id).where(t.leases.c.shop_id == 1).with_for_update()
                    next_id = db.scalars(row).one() + 1
                    db.execute(update(t.leases).where(t.leases.c.shop_id == 1).values(next_id=next_id))
            except OperationalError as error:
                refused.append(error)

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == []
    with storage.reading(engine) as db:
        assert db.scalar(select(t.leases.c.next_id)) == 80


def test_sqlite_has_a_commit_on_disk_before_it_says_so(tmp_path: Path) -> None:
    engine = storage.open_engine(Config(data_dir=str(tmp_path)))
    with storage.reading(engine) as db:
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert db.exec_driver_sql("PRAGMA synchronous").scalar() == 2  # FULL
        assert db.exec_driver_sql("PRAGMA busy_timeout").scalar() == storage.BUSY_SECONDS * 1000
    engine.dispose()


def test_opening_waits_for_somebody_who_makes_the_same_new_file(tmp_path: Path) -> None:
    """SQLite itself refuses to switch a file to WAL at once, whatever its busy_timeout, while another one writes it."""
    maker = sqlite3.connect(tmp_path / "kunderejse.db", isolation_level=None, check_same_thread=False)
    maker.execute("CREATE TABLE a (b INTEGER)")
    maker.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.3, maker.commit)
    release.start()
    engine = storage.open_engine(Config(data_dir=str(tmp_path)))
    with storage.reading(engine) as db:
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    release.join()
    maker.close()
    engine.dispose()


def test_migrating_twice_changes_nothing(engine: Engine) -> None:
    with storage.writing(engine) as db:
        salt(db, 20260916)
    storage.migrate(engine)
    assert storage.current_revision(engine) == storage.head_revision()
    assert days(engine) == [20260916]


def test_an_empty_database_has_no_revision(tmp_path: Path) -> None:
    engine = storage.open_engine(Config(data_dir=str(tmp_path)))
    assert storage.current_revision(engine) is None
    engine.dispose()


def test_a_database_of_a_newer_release_is_refused_in_plain_words(engine: Engine) -> None:
    with storage.writing(engine) as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(storage.UnknownRevision, match=r"9999.*newer release"):
        storage.migrate(engine)


def _migrate_each(addresses: list[str], barrier: Barrier, answers: Queue[str]) -> None:
    for address in addresses:
        engine = storage.open_engine(Config(database_url=address))
        barrier.wait(60)
        try:
            storage.migrate(engine)
            answers.put("")
        except Exception as error:
            answers.put(repr(error))
        engine.dispose()


def _migrate_at_once(addresses: list[str], processes: int = 4) -> list[str]:
    """What the processes, all starting on the same empty database, one database after the other, failed with."""
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(processes), spawn.Queue()
    started = [spawn.Process(target=_migrate_each, args=(addresses, barrier, answers)) for _ in range(processes)]
    for process in started:
        process.start()
    said = [answers.get(timeout=60) for _ in range(processes * len(addresses))]
    for process in started:
        process.join()
    return [error for error in said if error]


def test_four_processes_may_start_on_an_empty_sqlite_file_at_once(tmp_path: Path) -> None:
    assert _migrate_at_once([f"sqlite:///{tmp_path / f'{number}.db'}" for number in range(10)]) == []


needs_postgresql = pytest.mark.skipif(programs() is None, reason="PostgreSQL is not on this machine")


@needs_postgresql
def test_four_processes_may_start_on_an_empty_postgresql_database_at_once() -> None:
    with Postgres() as server:
        names = [f"empty_{number}" for number in range(3)]
        server.execute(*(f"CREATE DATABASE {name}" for name in names))
        assert _migrate_at_once([server.url(name) for name in names]) == []


@needs_postgresql
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_postgresql_may_be_restarted_under_an_open_engine(end: str) -> None:
    with Postgres() as server:
        engine = storage.open_engine(Config(database_url=server.url("postgres")))
        storage.migrate(engine)
        getattr(server, end)()
        with pytest.raises(OperationalError):
            days(engine)
        server.start()
        assert days(engine) == []
        engine.dispose()
