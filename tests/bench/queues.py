"""The broker's queues, looked at and emptied from outside."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Self

import pika

LOOK = 0.02
"""Seconds between looks at a queue; a look costs the broker a tenth of a millisecond."""


class Queues:
    """One connection for looking at queues; heartbeats are off, as it may be left alone for a minute."""

    def __init__(self, url: str) -> None:
        parameters = pika.URLParameters(url)
        parameters.heartbeat = 0
        self._connection = pika.BlockingConnection(parameters)
        self._channel: Any = self._connection.channel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def declare(self, name: str) -> None:
        """Declare a durable quorum queue."""
        self._channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum"})

    def purge(self, name: str) -> int:
        """Drop every message that nobody holds; return how many those were."""
        return int(self._channel.queue_purge(name).method.message_count)

    def waiting(self, name: str) -> int:
        """Return how many messages no consumer holds yet."""
        return int(self._channel.queue_declare(name, passive=True).method.message_count)

    def consumers(self, name: str) -> int:
        """Return how many consumers a queue has."""
        return int(self._channel.queue_declare(name, passive=True).method.consumer_count)


def wait_for(condition: Callable[[], bool], what: str, timeout: float = 60.0, every: float = LOOK) -> None:
    """Return once the condition holds; raises TimeoutError saying what did not come."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout:g} s still waiting for {what}")
        time.sleep(every)
