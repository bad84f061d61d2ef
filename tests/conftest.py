"""What tests are given: `config`, `engine`, `db` and `now`.  Everything else is a builder call that the test shows.

The database is real, migrated and empty, one for each test.  TEST_DATABASE=postgresql runs the same tests on a PostgreSQL
server that lives as long as the run; the default is SQLite.  It costs little: it is a copy of one migrated template, or the
emptied database of the test before.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, Engine

from tests.postgres import Postgres
from tracker import clock, storage
from tracker.clock import Instant
from tracker.config import Config

DATABASES = ("sqlite", "postgresql")
NewDatabase = Callable[[Path], str]  # an empty migrated database's address; it may use the folder
MOST_DELETED = 5_000  # rows; what was deleted still lies in the tables' files


@pytest.fixture
def now() -> Instant:
    """A Wednesday noon in Copenhagen, far from any change of clocks."""
    return clock.parse("2026-09-16T12:00:00+02:00")


@pytest.fixture
def config(tmp_path: Path, _new_database: NewDatabase) -> Config:
    """The defaults, in a folder and on a database of the test's own."""
    return Config(data_dir=str(tmp_path), secret_key="a secret that only tests know", database_url=_new_database(tmp_path))


@pytest.fixture
def engine(config: Config) -> Iterator[Engine]:
    """The test's database, migrated and empty."""
    engine = storage.open_engine(config)
    yield engine
    engine.dispose()


@pytest.fixture
def db(engine: Engine) -> Iterator[Connection]:
    """One writing transaction, never committed.  A test of what another connection sees takes `engine`."""
    with engine.execution_options(tracker_writes=True).connect() as connection:
        yield connection


@pytest.fixture(scope="session")
def _databases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    if kind not in DATABASES:
        raise pytest.UsageError(f"TEST_DATABASE is {kind!r}; write one of {', '.join(DATABASES)}")
    with ExitStack() as stack:
        yield Files(tmp_path_factory.mktemp("template")) if kind == "sqlite" else OnServer(stack.enter_context(Postgres()))


@pytest.fixture(scope="session")
def _new_database(_databases: Databases) -> NewDatabase:
    return _databases.next


@pytest.fixture(scope="session")
def own_database(_databases: Databases) -> NewDatabase:
    """For what many tests read together: it is there until the run ends."""
    return _databases.make


class Databases(Protocol):
    """Where migrated and empty databases come from."""

    def make(self, folder: Path) -> str:
        """A new one."""

    def next(self, folder: Path) -> str:
        """One for the next test; the test before is done with its own."""


class Files:
    """Copies of one migrated SQLite file."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "kunderejse.db"
        _migrate(f"sqlite:///{self._template}")

    def make(self, folder: Path) -> str:
        shutil.copyfile(self._template, folder / "kunderejse.db")
        return f"sqlite:///{folder / 'kunderejse.db'}"

    next = make


class OnServer:
    """On PostgreSQL.  The next test gets the database of the one before, emptied: a new one takes thirty times as long."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        server.execute("CREATE DATABASE template")
        _migrate(server.url("template"))
        with psycopg.connect(server.url("template")) as db:
            self._as_made = _tables(db)
        self._last: str | None = None

    def make(self, folder: Path) -> str:
        return self._server.url(self._clone())

    def next(self, folder: Path) -> str:
        if self._last is not None and not self._empty(self._server.url(self._last)):
            self._server.execute(f"DROP DATABASE {self._last} WITH (FORCE)")
            self._last = None
        self._last = self._last or self._clone()
        return self._server.url(self._last)

    def _clone(self) -> str:
        name = f"test_{uuid4().hex}"
        self._server.execute(f"CREATE DATABASE {name} TEMPLATE template")
        return name

    def _empty(self, url: str) -> bool:
        """False when it is not as good as new."""
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with psycopg.connect(url) as db:
            db.execute(f"SELECT pg_terminate_backend(pid) {others}")
            if _tables(db) != self._as_made:
                return False
            gone = [db.execute(f"DELETE FROM {table}").rowcount for table, _ in self._as_made if table != "alembic_version"]
        return sum(gone) < MOST_DELETED


def _tables(db: psycopg.Connection) -> list[tuple[str, str]]:
    """Each with the revision that the database is of."""
    asked = "SELECT tablename, version_num FROM pg_tables, alembic_version WHERE schemaname = 'public' ORDER BY tablename"
    return db.execute(asked).fetchall()


def _migrate(address: str) -> None:
    engine = storage.open_engine(Config(database_url=address))
    storage.migrate(engine)
    engine.dispose()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With several processes the tests of a file stay together, and so do all that read the filled shop, made once then.

    On PostgreSQL only what touches the database, and not what only shows it: the rest has nothing new to say there.
    """
    for item in items:
        item.add_marker(pytest.mark.xdist_group("asked" if "asked" in getattr(item, "fixturenames", ()) else item.path.name))
    if os.environ.get("TEST_DATABASE", "sqlite") == "sqlite":
        return
    touching = [
        item for item in items if "_databases" in getattr(item, "fixturenames", ()) and item.get_closest_marker("pages") is None
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in touching])
    items[:] = touching


def pytest_sessionfinish(session: pytest.Session) -> None:
    """On the machine that decides (CI=true) a skipped test is a failed run: everything it needs can be installed there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or os.environ.get("CI", "").lower() != "true" or hasattr(session.config, "workerinput"):
        return
    for skipped in reporter.stats.get("skipped", []):
        reporter.write_line(f"skipped where nothing may be: {skipped.nodeid}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
