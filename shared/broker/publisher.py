"""Publishing with nothing but pika: every call returns after the broker's confirm, or says why it cannot.

A publisher owns one connection, which any number of callers share; `shared.broker.connection` keeps it, and
`shared.broker.in_flight` what was sent over it.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice
from types import TracebackType
from typing import Self

from shared.broker import addresses
from shared.broker.connection import Connection
from shared.broker.in_flight import Batch
from shared.broker.wire import Message
from shared.errors import PublishError

CHUNK = 100
"""Messages handed to the connection's thread at once: one wake-up for all of them."""

WINDOW = 1000
"""Messages one bulk call has in flight at most: a tenth costs a quarter of the rate, ten times more gains nothing."""

TIMEOUT = 30.0
"""Seconds a caller waits for a confirm, reconnects included, before it hears BrokerAway."""


class Publisher:
    """Publishes messages, confirmed, from any number of threads; make it after fork, close it at the end.

    `urls` is the broker's AMQP address, or several with `;` between them, `name` what the broker shows for the
    connection, `timeout` the seconds a caller waits at most. Nothing is connected before the first message.
    """

    def __init__(self, urls: str, *, name: str = "millrace-publisher", timeout: float = TIMEOUT) -> None:
        nodes = addresses.parameters(urls)
        for node in nodes:
            node.client_properties = {"connection_name": name}
            node.socket_timeout = 5
            node.stack_timeout = 10
        self._timeout = timeout
        self._connection = Connection(nodes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def publish(self, message: Message) -> None:
        """Publish one message and return when the broker has confirmed it.

        Raises Unroutable, Refused or BrokerAway. After BrokerAway it is unknown whether the message arrived:
        publishing the same object again is safe, its id is the same.
        """
        for error in self._submit([message]).errors_in_order():
            raise error

    def publish_many(self, messages: Iterable[Message]) -> list[PublishError]:
        """Publish messages through a pipelined window; return the errors of those that failed, in order.

        The iterable is drawn as the window has room, so it may be longer than memory.
        """
        errors: list[PublishError] = []
        pending: deque[Batch] = deque()
        source = iter(messages)
        while chunk := list(islice(source, CHUNK)):
            pending.append(self._submit(chunk))
            while len(pending) >= WINDOW // CHUNK or (pending and pending[0].done.is_set()):
                errors.extend(pending.popleft().errors_in_order())
        for batch in pending:
            errors.extend(batch.errors_in_order())
        return errors

    def close(self) -> None:
        """Close the connection; whoever still waits for a confirm hears BrokerAway."""
        self._connection.close()

    def _submit(self, messages: Sequence[Message]) -> Batch:
        batch = Batch(messages, time.monotonic() + self._timeout)
        self._connection.submit(batch)
        return batch
