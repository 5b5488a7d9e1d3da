"""Services for tests that need them. Whoever asks and cannot be served fails: nothing here skips."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.postgres import Database
from deploy.local.rabbitmq import Broker
from shared.broker import declare
from tests import services


@pytest.fixture(scope="session")
def broker() -> Iterator[Broker]:
    """Start a private RabbitMQ; `kill()` and `start()` give it back with the same ports and data."""
    with services.a_broker() as started:
        yield started


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    """Start a private PostgreSQL; `stop()` or `kill()`, then `start()`, give it back with its data."""
    with services.a_database() as started:
        yield started


@pytest.fixture(scope="session")
def template(database: Database) -> str:
    """Return the name of the database that has every migration, and no rows."""
    return services.make_template(database)


@pytest.fixture
def database_url(database: Database, template: str) -> Iterator[str]:
    """Give a database of the test's own, at the newest schema."""
    with services.a_clone(database, template) as url:
        yield url


@pytest.fixture
def rabbitmq_url(broker: Broker) -> Iterator[str]:
    """Give a virtual host of the test's own, with the topology of the line and no message."""
    with services.a_virtual_host(broker) as url:
        declare.apply(url)
        yield url
