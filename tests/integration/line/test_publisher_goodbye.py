"""A publisher that is closed leaves no socket open, whatever the broker has or has not said."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from deploy.local.ports import LOOPBACK
from shared.broker.publisher import Publisher
from shared.broker.wire import compose
from shared.contracts.kinds import CONTRACTS
from shared.errors import BrokerAway


@pytest.fixture
def mute() -> Iterator[socket.socket]:
    """Listen as a broker does that hangs: it takes connections, and never says a word."""
    with socket.create_server((LOOPBACK, 0)) as server:
        server.settimeout(5)
        yield server


def test_a_connection_that_is_never_made_is_closed_with_its_publisher(mute: socket.socket) -> None:
    publisher = Publisher(f"amqp://u:p@{LOOPBACK}:{mute.getsockname()[1]}/", timeout=0.3)
    message = compose(CONTRACTS, CONTRACTS.build("scrape.series.save", {"tvdb_id": 81189}))
    with pytest.raises(BrokerAway):
        publisher.publish(message)
    began = time.monotonic()
    publisher.close()
    assert time.monotonic() - began < 5.0
    accepted, _ = mute.accept()
    with accepted:
        accepted.settimeout(5)
        assert accepted.recv(64).startswith(b"AMQP")
        assert accepted.recv(64) == b"", "closed, not merely forgotten"
