"""A broker with the line's topology, a database with its schema, and engines that are closed again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pika
import pytest
from sqlalchemy import Engine

from shared.broker import declare
from shared.database.engine import open_engine


@pytest.fixture
def line_url(rabbitmq_url: str) -> str:
    """Declare the line's topology and return the broker's address."""
    declare.apply(rabbitmq_url)
    return rabbitmq_url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url, pool=8)
    yield opened
    opened.dispose()


@pytest.fixture
def channel(line_url: str) -> Iterator[Any]:
    connection = pika.BlockingConnection(pika.URLParameters(line_url))
    yield connection.channel()
    if connection.is_open:
        connection.close()
