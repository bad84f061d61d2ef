"""INSERT, and INSERT … ON CONFLICT DO UPDATE, which SQLAlchemy spells by dialect, of many rows at once.

SQLite gets the rows as plain tuples: it answers faster than SQLAlchemy looks at a row's parameters one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, LargeBinary, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.compiler import SQLCompiler

Row = dict[str, Any]


def upsert(db: Connection, table: Table, rows: Sequence[Row], *, adds: str | None = None) -> None:
    """Insert the rows, or overwrite those whose primary key exists.  With `adds`, that column is added to instead.

    All rows have the same columns, and no two the same key.
    """
    if rows:
        execute_many(db, _upsert(db.dialect.name, table, tuple(rows[0]), adds), table, rows)


def insert_many(db: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Rows that are known to be new, all with the same columns."""
    if rows:
        execute_many(db, _insert(table), table, rows)


def execute_many(db: Connection, statement: Executable, table: Table, rows: Sequence[Row]) -> None:
    plain = _plain(statement, table, tuple(rows[0]), db.dialect) if db.dialect.name == "sqlite" else None
    if plain is None:
        db.execute(statement, list(rows))
        return
    values: list[Any] = list(map(plain.pick, rows))
    if plain.processors:
        values = [_processed(row, plain.processors) for row in values]
    db.exec_driver_sql(plain.text, values)


class _Plain(NamedTuple):
    """A statement as SQLite's driver takes it."""

    text: str
    pick: Callable[[Row], tuple[Any, ...]]
    processors: tuple[tuple[int, Callable[[Any], Any]], ...]  # by place, of the columns that need one


@cache
def _plain(statement: Executable, table: Table, columns: tuple[str, ...], dialect: Dialect) -> _Plain | None:
    """None when SQLAlchemy has defaults of its own to fill in."""
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
    assert isinstance(compiled, SQLCompiler) and compiled.positiontup is not None
    names = compiled.positiontup
    if not set(names) <= set(columns):
        return None
    pick: Any = itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    return _Plain(str(compiled), pick, tuple(_processors(table, names, dialect)))


def _processors(table: Table, names: Sequence[str], dialect: Dialect) -> Any:
    for place, name in enumerate(names):
        kind = table.c[name].type
        if not isinstance(kind, LargeBinary) and (process := kind.dialect_impl(dialect).bind_processor(dialect)):
            yield place, process


def _processed(row: tuple[Any, ...], processors: tuple[tuple[int, Callable[[Any], Any]], ...]) -> tuple[Any, ...]:
    values = list(row)
    for place, process in processors:
        values[place] = process(values[place])
    return tuple(values)


@cache
def _insert(table: Table) -> Executable:
    return table.insert()


@cache
def _upsert(dialect: str, table: Table, columns: tuple[str, ...], adds: str | None) -> Executable:
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
