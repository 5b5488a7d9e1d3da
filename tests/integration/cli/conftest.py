"""A virtual host for each test of commands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.rabbitmq import Broker
from shared.broker import declare
from tests import services
from tests.integration.cli.places import Place


@pytest.fixture
def empty(broker: Broker) -> Iterator[Place]:
    """Give a fresh virtual host with nothing in it."""
    with services.a_virtual_host(broker) as url:
        yield Place(url.rpartition("/")[2], url, broker.management_url)


@pytest.fixture
def place(empty: Place) -> Place:
    """Give a virtual host with the line's topology."""
    declare.apply(empty.url)
    return empty
