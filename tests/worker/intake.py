"""What the worker meets in tests: accepted requests in real intake files, and a real database that is away for a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Connection, Engine, func, make_url, select

from tracker import tables as t
from tracker.collect.intake import IntakeFiles, IntakeRow, IntakeWriter
from tracker.config import Config
from tracker.shops import Shop


def accept(config: Config, *rows: IntakeRow) -> None:
    """The door keeps these requests, in one file whose owner then ends."""
    writer = IntakeWriter(config.intake_dir, linger_ms=0)
    for row in rows:
        writer.append(row.shop_id, row.body)
    writer.close()


def waiting(config: Config, engine: Engine) -> int:
    """Accepted requests that nobody has worked in: in files and in the shared table."""
    files = IntakeFiles(config.intake_dir)
    in_files = files.count()
    files.close()
    with engine.connect() as db:
        return in_files + int(db.execute(select(func.count()).select_from(t.intake)).scalar_one())


def stored(engine: Engine, shop: Shop) -> list[str]:
    """The ids of the shop's events."""
    with engine.connect() as db:
        return ids(db, shop)


def ids(db: Connection, shop: Shop) -> list[str]:
    found = select(t.events.c.event_id).where(t.events.c.shop_id == shop.shop_id).order_by(t.events.c.event_id)
    return list(db.execute(found).scalars())


@contextmanager
def away(config: Config) -> Iterator[Callable[[], None]]:
    """The database refuses everybody until the function given is called, or the block ends.

    Begin it before anybody has connected: a connection to a SQLite file outlives the file's name.
    """
    is_back = False
    leave, come = _postgresql(config) if not config.is_embedded else _sqlite(config)

    def back() -> None:
        nonlocal is_back
        if not is_back:
            is_back = True
            come()

    leave()
    try:
        yield back
    finally:
        back()


def _sqlite(config: Config) -> tuple[Callable[[], None], Callable[[], None]]:
    """A folder stands where the file should: nothing can be opened there, and nothing made."""
    path = Path(make_url(config.resolved_database_url).database or "")
    aside = path.with_suffix(".aside")

    def leave() -> None:
        path.rename(aside)
        path.mkdir()

    def come() -> None:
        path.rmdir()
        aside.rename(path)

    return leave, come


def _postgresql(config: Config) -> tuple[Callable[[], None], Callable[[], None]]:
    name = make_url(config.database_url).database
    server = config.database_url.rsplit("/", 1)[0] + "/postgres"

    def tell(*statements: str) -> None:
        with psycopg.connect(server, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def leave() -> None:
        end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        tell(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", end)

    return leave, lambda: tell(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
