"""Run by corpus.database.migrate, inside its transaction and on its connection; there is no alembic.ini."""

from alembic import context

from corpus.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
