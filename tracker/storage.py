"""Open the database, and bring it to this release's tables.

In:  the settings.
Out: an Engine for SQLite or PostgreSQL; `reading(engine)` and `writing(engine)` are the two ways to use it.

`reading` shows one snapshot for as long as it lasts and never waits for a writer.  `writing` takes SQLite's write lock at once
(BEGIN IMMEDIATE): a transaction that first reads and then writes would otherwise be refused, without any waiting, whenever
somebody else wrote in between.  A plain `engine.connect()` or `engine.begin()` begins like `reading` on SQLite, so what may
write belongs into `writing`.

To add a kind of database: a branch in `open_engine`, and a lock in `_hold_schema`.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import URL, Column, Connection, Engine, create_engine, event, func, make_url, select, text

from tracker.config import Config
from tracker.errors import TrackerError

log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parent / "migrations"

BUSY_SECONDS = 30.0  # how long a SQLite writer waits for another; the longest batch holds the lock for less than a second
WAL_PAUSE_SECONDS = 0.01
CONNECT_SECONDS = 5  # PostgreSQL that does not answer for longer counts as away
SCHEMA_LOCK = 0x6B756E6465  # any number that nobody else on that PostgreSQL is likely to lock: "kunde"
NUMBER_LOCK = SCHEMA_LOCK + 1

# Measured with 60 batches of 2,000 rows the shape of `events`, each a transaction, 2 cores.
#
# synchronous: a batch's intake rows are removed from another file once the batch is committed here, so this commit must be on
# disk by then.  With NORMAL it is not: after a power cut the last commits are gone, while the removal, which is FULL, has
# stayed.  FULL costs 4 % (16,600 rows/s instead of 17,300); NORMAL with a checkpoint before each removal costs 19 %.
# wal_autocheckpoint 4,000 pages (16 MB) instead of 1,000: 24 % to 34 % more rows/s.  cache_size 16 MB instead of 2: 16 % to
# 26 % more, 32 MB no more than 16.  mmap_size, page_size 8192: no gain, so they stay as SQLite has them.
# foreign_keys stays off: there are none (docs/adr/0005-one-schema.md).
PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "wal_autocheckpoint = 4000",
    "cache_size = -16000",
    "temp_store = MEMORY",
)

_WRITES = "tracker_writes"  # execution option of a connection that will write


class UnknownRevision(TrackerError):
    """The database was brought up to date by a newer release than this one."""


def open_engine(config: Config) -> Engine:
    """The database of this installation; nothing is connected yet.  Makes the folder of an embedded one."""
    url = database_url(config.resolved_database_url)
    return _open_sqlite(url) if url.get_backend_name() == "sqlite" else _open_postgresql(url)


def database_url(address: str) -> URL:
    """With the driver we use, however PostgreSQL's address is written (`postgres://` and `postgresql://` are common)."""
    url = make_url(address.replace("postgres://", "postgresql://", 1) if address.startswith("postgres://") else address)
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def _open_sqlite(url: URL) -> Engine:
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_size=4, max_overflow=12, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = (
        None  # Python's own BEGIN comes late, and never before a SELECT or a CREATE TABLE; ours is below
    )
    _use_wal(connection)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").fetchall()


def _use_wal(connection: sqlite3.Connection) -> None:
    """A new file is switched to WAL once, by whoever comes first.  SQLite refuses the others meanwhile without any waiting
    of its own, as tried: to wait there for somebody who wants the same could be for ever.
    """
    patience = BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or patience <= 0:
                raise
            time.sleep(WAL_PAUSE_SECONDS)
            patience -= WAL_PAUSE_SECONDS
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")


def _open_postgresql(url: URL) -> Engine:
    return create_engine(
        url,
        pool_size=4,
        max_overflow=12,
        pool_pre_ping=True,  # a restarted server costs a reconnect, not an error
        connect_args={"application_name": "kunderejse", "connect_timeout": CONNECT_SECONDS},
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One snapshot for all its statements; it is closed with a rollback."""
    options = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as db:
        yield db


def writing(engine: Engine) -> AbstractContextManager[Connection]:
    """One transaction that may write: committed at the end, rolled back by an exception."""
    return engine.execution_options(**{_WRITES: True}).begin()


def next_number(db: Connection, column: Column[int]) -> int:
    """One more than the highest of a small table that is not a shop's own: shops, users.  Whoever else makes one waits until
    this transaction ends.
    """
    if db.dialect.name == "postgresql":  # SQLite has one writer anyway
        db.execute(select(func.pg_advisory_xact_lock(NUMBER_LOCK)))
    return (db.execute(select(func.max(column))).scalar() or 0) + 1


def migrate(engine: Engine) -> None:
    """Bring the tables to this release's, in one transaction.  Several processes may call it at the same moment.

    Raises UnknownRevision when the tables are newer than this release.
    """
    head = head_revision()
    if current_revision(engine) == head:
        return  # the way of nearly every start: no lock is asked for
    with writing(engine) as db:
        _hold_schema(db)
        before = _revision(db)
        _refuse_newer(before)
        command.upgrade(alembic_settings(db), "head")
    log.info("tables migrated from=%s to=%s", before or "nothing", head)


def current_revision(engine: Engine) -> str | None:
    """The migration the tables are at; None: the database is empty."""
    with engine.connect() as db:
        return _revision(db)


def head_revision() -> str:
    """The last migration of this release."""
    head = _scripts().get_current_head()
    assert head is not None, "the package has lost its migrations"
    return head


def _revision(db: Connection) -> str | None:
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it would speak of "non-transactional DDL", which ours is not
    return MigrationContext.configure(db).get_current_revision()


def _hold_schema(db: Connection) -> None:
    """One migrating process at a time, until the transaction ends.  On SQLite the write lock is that already."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SCHEMA_LOCK})


def _refuse_newer(revision: str | None) -> None:
    try:
        _scripts().get_revisions(revision or ())
    except (CommandError, ResolutionError) as error:
        raise UnknownRevision(
            f"the database is at {revision}, which this release does not know: a newer release has been at work here, "
            "or one from before the first"
        ) from error


def alembic_settings(db: Connection | None = None) -> AlembicConfig:
    """Alembic's settings, without a file of them.  The connection reaches migrations/env.py as an attribute."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = db
    return settings


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(alembic_settings())
