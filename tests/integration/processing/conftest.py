"""A database with a small catalogue of minifigures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from shared.catalog.minifigures.records import Item
from shared.catalog.minifigures.store import save_items
from shared.database.engine import open_engine
from tests.integration.processing.days import NOON

NUMBERS = ("sw0001a", "sw0002", "col001")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give the way to a database that holds NUMBERS, under the ids 1, 2 and 3."""
    opened = open_engine(database_url, pool=2)
    with opened.begin() as connection:
        for number in NUMBERS:
            save_items(connection, [Item(number, "minifigure", f"Figure {number}")], NOON)
    yield opened
    opened.dispose()
