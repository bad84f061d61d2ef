"""The migrations, from nothing to the last one, make exactly the tables that tracker/tables declares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from tests.postgres import Postgres, programs
from tracker import storage
from tracker.config import Config
from tracker.tables import metadata

# What each database itself says it has: name and definition of every table, index and constraint.
SQLITE_SAYS = "SELECT type || ' ' || name, sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name <> 'alembic_version'"
POSTGRESQL_SAYS = """
    SELECT 'column ' || table_name || '.' || column_name, data_type || ' ' || is_nullable || coalesce(column_default, '')
    FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    UNION ALL SELECT 'index ' || indexname, indexdef
    FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    UNION ALL SELECT 'constraint ' || conname, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid <> 'alembic_version'::regclass
"""


def says(engine: Engine) -> dict[str, str]:
    with storage.reading(engine) as db:
        query = SQLITE_SAYS if db.dialect.name == "sqlite" else POSTGRESQL_SAYS
        return {name: " ".join(definition.split()) for name, definition in db.execute(text(query))}


def declared(address: str) -> dict[str, str]:
    """What the database says when the declarations, and no migration, have made it."""
    engine = storage.open_engine(Config(database_url=address))
    with storage.writing(engine) as db:
        metadata.create_all(db)
        db.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
    found = says(engine)
    engine.dispose()
    return found


@pytest.fixture
def other_database(engine: Engine, tmp_path: Path) -> Iterator[str]:
    """An empty database of the same kind as the test's."""
    if engine.dialect.name == "sqlite":
        yield f"sqlite:///{tmp_path / 'declared.db'}"
    else:
        assert programs() is not None
        with Postgres() as server:
            yield server.url("postgres")


def test_the_migrations_make_the_declared_tables(engine: Engine, other_database: str) -> None:
    assert says(engine) == declared(other_database)


def test_alembic_finds_nothing_left_to_migrate(engine: Engine) -> None:
    with storage.reading(engine) as db:
        assert compare_metadata(MigrationContext.configure(db), metadata) == []


def test_migrations_are_numbered_in_one_row_and_say_why() -> None:
    scripts = sorted((storage.MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert [path.name[:5] for path in scripts] == [
        f"{number:04d}_" for number in range(2, len(scripts) + 2)
    ]  # 0001 was before the first release
    assert storage.head_revision() == f"{len(scripts) + 1:04d}"
    assert all(path.read_text("utf-8").startswith('"""') for path in scripts)
