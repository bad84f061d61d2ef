"""What tests are given: `config`, `engine`, `db` and `now`.  Everything else is a builder call that the test shows.

The database is real, migrated and empty, one for each test.  TEST_DATABASE=postgresql runs the same tests on a PostgreSQL
server that lives as long as the run; the default is SQLite.  Making it is cheap: it is a copy of one migrated template.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine

from tests.postgres import Postgres
from tracker import clock, storage
from tracker.clock import Instant
from tracker.config import Config

DATABASES = ("sqlite", "postgresql")
NewDatabase = Callable[[Path], str]  # a fresh migrated database's address; it may use the folder


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
def _new_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewDatabase]:
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    if kind not in DATABASES:
        raise pytest.UsageError(f"TEST_DATABASE is {kind!r}; write one of {', '.join(DATABASES)}")
    with ExitStack() as stack:
        yield _copies_of_a_file(tmp_path_factory) if kind == "sqlite" else _clones_on(stack.enter_context(Postgres()))


def _copies_of_a_file(folders: pytest.TempPathFactory) -> NewDatabase:
    template = folders.mktemp("template") / "kunderejse.db"
    _migrated(f"sqlite:///{template}")

    def copy(folder: Path) -> str:
        shutil.copyfile(template, folder / "kunderejse.db")
        return f"sqlite:///{folder / 'kunderejse.db'}"

    return copy


def _clones_on(server: Postgres) -> NewDatabase:
    server.execute("CREATE DATABASE template")
    _migrated(server.url("template"))
    made: list[str] = []

    def clone(_folder: Path) -> str:
        drop = [f"DROP DATABASE {made.pop()} WITH (FORCE)"] if made else []  # the test before is done with it
        made.append(f"test_{uuid4().hex}")
        server.execute(*drop, f"CREATE DATABASE {made[-1]} TEMPLATE template")
        return server.url(made[-1])

    return clone


def _migrated(address: str) -> None:
    engine = storage.open_engine(Config(database_url=address))
    storage.migrate(engine)
    engine.dispose()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what touches the database, and not what only shows it: the rest has nothing new to say there."""
    if os.environ.get("TEST_DATABASE", "sqlite") == "sqlite":
        return
    touching = [
        item
        for item in items
        if "_new_database" in getattr(item, "fixturenames", ()) and item.get_closest_marker("pages") is None
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
