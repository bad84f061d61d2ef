"""INSERT … ON CONFLICT DO UPDATE, which SQLAlchemy spells by dialect."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable


@cache
def _statement(dialect: str, table: Table, columns: tuple[str, ...], adds: str | None) -> Executable:
    insert: Callable[..., Any] = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = insert(table)
    key = [c.name for c in table.primary_key]
    if adds:
        values = {adds: table.c[adds] + statement.excluded[adds]}
    else:
        values = {name: statement.excluded[name] for name in columns if name not in key}
    if not values:
        done: Executable = statement.on_conflict_do_nothing(index_elements=key)
    else:
        done = statement.on_conflict_do_update(index_elements=key, set_=values)
    return done


def upsert(db: Connection, table: Table, rows: Sequence[dict[str, Any]], *, adds: str | None = None) -> None:
    """Insert the rows, or overwrite those whose primary key exists.  With `adds`, that column is added to instead.

    All rows have the same columns, and no two the same key.
    """
    if rows:
        db.execute(_statement(db.dialect.name, table, tuple(rows[0]), adds), list(rows))
