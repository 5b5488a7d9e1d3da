"""The tables in code are those that the migrations make, to the last index and comment."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData

import shared
from shared.database.engine import open_engine
from shared.database.metadata import metadata


def described() -> MetaData:
    """Return every table that a module of ours describes; modules without one are not imported for it."""
    for module in pkgutil.walk_packages(shared.__path__, "shared."):
        source = Path(module.module_finder.path, *module.name.split(".")[-1:]).with_suffix(".py")  # type: ignore[union-attr]
        if source.exists() and "metadata" in source.read_text() and "migrations" not in module.name:
            importlib.import_module(module.name)
    return metadata


def test_tables_columns_indexes_and_comments_agree_with_the_migrations(database_url: str) -> None:
    known = described()
    names = set(known.tables)
    options = {"include_name": lambda name, kind, _parents: kind != "table" or name in names}
    engine = open_engine(database_url, pool=1)
    try:
        with engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection, opts=options), known) == []
    finally:
        engine.dispose()
