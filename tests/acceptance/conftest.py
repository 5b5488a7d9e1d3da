"""One line for all acceptance tests: broker, database, stand-in upstreams, relay and pools, started once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from deploy.local.postgres import Database
from deploy.local.rabbitmq import Broker
from tests import services
from tests.acceptance.stack import Running, Stack


@pytest.fixture(scope="package")
def stack(
    broker: Broker, database: Database, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Make a virtual host and a database for these tests, and start the stand-in upstreams and a relay."""
    with services.a_virtual_host(broker) as rabbitmq_url, services.a_clone(database, template) as database_url:
        made = Stack(broker, database, rabbitmq_url, database_url, tmp_path_factory.mktemp("line"))
        made.prepare()
        try:
            made.sandbox()
            made.relay()
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="package")
def maintenance(stack: Stack) -> Running:
    """Start the pool that keeps dead letters, and runs the quick probes."""
    return stack.worker("maintenance", concurrency=2)


@pytest.fixture(scope="module")
def content(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - what dies must be kept
    """Start the pool of series and movies; other modules have their own, to be killed perhaps."""
    worker = stack.worker("content", concurrency=2)
    yield worker
    worker.stop()


@pytest.fixture(scope="module")
def person(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001
    """Start the pool of people."""
    worker = stack.worker("person", concurrency=1)
    yield worker
    worker.stop()


@pytest.fixture
def sleep(stack: Stack) -> Any:
    """Return a Celery task of the pool `content` that sleeps, as a client sees it."""
    return stack.app.tasks["scrape.series.probe_sleep"]
