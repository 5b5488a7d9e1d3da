"""The tables in code are those that the migrations make."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData

from shared.accounts import tables
from shared.database.engine import open_engine
from shared.database.metadata import metadata

OURS = frozenset({"users", "sessions", "revoked_tokens", "sign_ins"})


def test_tables_columns_indexes_and_comments_agree_with_the_migration(database_url: str) -> None:
    assert tables.users.metadata is metadata
    mine = MetaData(naming_convention=metadata.naming_convention)
    for name in OURS:
        metadata.tables[name].to_metadata(mine)
    options = {"include_name": lambda name, kind, _parents: kind != "table" or name in OURS}
    engine = open_engine(database_url, pool=1)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, mine) == []
    finally:
        engine.dispose()
