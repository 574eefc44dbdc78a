"""Alembic runs this file to learn where the migrations go: onto the connection it was given, in that one's transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
