"""A database with a small catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, Engine

from shared.catalog.minifigures.records import Item
from shared.catalog.minifigures.store import item_by_number, save_items
from shared.database.engine import open_engine

MONDAY = datetime(2026, 11, 16, 12, tzinfo=UTC)
BOBA = Item("sw0002", "minifigure", "Boba Fett - Classic Grays", "Star Wars", year=2000)
YODA = Item("sw0051", "minifigure", "Yoda", "Star Wars", year=2002)
FALCON = Item("75192-1", "set", "Millennium Falcon", "Star Wars", year=2017, pieces=7541, minifigs=8)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url, pool=4, name="minifigures-tests")
    yield opened
    opened.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Open a transaction on empty tables."""
    with engine.connect() as opened, opened.begin() as transaction:
        yield opened
        transaction.rollback()


@pytest.fixture
def boba(connection: Connection) -> int:
    """Give the id of a figure in the catalogue."""
    save_items(connection, [BOBA, YODA, FALCON], MONDAY)
    return item_by_number(connection, "sw0002").id
