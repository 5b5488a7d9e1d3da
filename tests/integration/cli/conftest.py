"""A virtual host for each test of commands."""

from __future__ import annotations

import pytest

from deploy.local.rabbitmq import Broker
from shared.broker import declare
from tests.integration.cli.places import Place


@pytest.fixture
def empty(broker: Broker, rabbitmq_url: str) -> Place:
    """Give a fresh virtual host with nothing in it."""
    return Place(rabbitmq_url.rpartition("/")[2], rabbitmq_url, broker.management_url)


@pytest.fixture
def place(empty: Place) -> Place:
    """Give a virtual host with the line's topology."""
    declare.apply(empty.url)
    return empty
