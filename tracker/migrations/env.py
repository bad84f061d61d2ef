"""Alembic's entry: runs the migrations on the connection, and in the transaction, that tracker.storage.migrate has opened."""

from alembic import context

from tracker.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters most things of a table only by copying it
)
with context.begin_transaction():
    context.run_migrations()
