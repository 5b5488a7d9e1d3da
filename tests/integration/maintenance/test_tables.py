"""The table in code is the one that the migration makes."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData

from shared.database.metadata import metadata
from shared.maintenance.refresh import refresh_asks


def test_columns_indexes_and_comments_agree_with_the_migration(engine: Engine) -> None:
    mine = MetaData(naming_convention=metadata.naming_convention)
    refresh_asks.to_metadata(mine)
    options = {"include_name": lambda name, kind, _parents: kind != "table" or name == refresh_asks.name}
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), mine) == []
