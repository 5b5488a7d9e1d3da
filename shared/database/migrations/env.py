from __future__ import annotations

from alembic import context

# The tables themselves are spelt out in each migration: a released migration never changes with the code.
context.configure(connection=context.config.attributes["connection"], transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
