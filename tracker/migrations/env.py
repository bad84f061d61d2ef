"""Alembic's entry: runs the migrations on the connection, and in the transaction, that tracker.storage.migrate has opened."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from tracker.tables import metadata


def _as_stored(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """A type of ours is written as what the database has; migrations must not depend on code that changes."""
    return f"sa.{item.impl_instance!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=_as_stored,
    render_as_batch=True,  # SQLite alters most things of a table only by copying it
)
with context.begin_transaction():
    context.run_migrations()
