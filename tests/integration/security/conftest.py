"""A virtual host with the topology, and an account of each role that works in it and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.rabbitmq import Broker
from shared.broker.accounts import COMMANDS, EVENTS, REPLIES
from tests.guarded import Guarded, guarded


@pytest.fixture(scope="package")
def place(broker: Broker) -> Iterator[Guarded]:
    """Give a guarded virtual host, in which a worker has been before."""
    with guarded(broker) as made:
        with made.channel() as channel:
            channel.exchange_declare(COMMANDS, "fanout")
            channel.exchange_declare(REPLIES, "direct")
            channel.exchange_declare(EVENTS, "topic", durable=True)
        yield made
