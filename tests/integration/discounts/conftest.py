"""A database with batches in stock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.database.engine import open_engine
from tests.integration.discounts.stock import Shop


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """Give the way to a database of the test's own."""
    opened = open_engine(database_url, pool=3)
    yield opened
    opened.dispose()


@pytest.fixture
def shop(engine: Engine) -> Any:
    """Give stock and its discounts in one's hand."""
    return Shop(engine)
