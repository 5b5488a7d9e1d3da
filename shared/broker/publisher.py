"""Publishing with nothing but pika: every call returns after the broker's confirm, or says why it cannot.

A publisher owns one connection, served by one thread: heartbeats are answered while the caller is busy, and any
number of callers share it. When the connection breaks, it is dropped whole and made again, and whatever was not
confirmed is sent again under the same message id.
"""

from __future__ import annotations

import logging
import re
import struct
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from types import TracebackType
from typing import Any, Self

import pika
from pika.adapters.select_connection import SelectConnection
from pika.exceptions import AMQPError

from shared.broker.topology import FACTS
from shared.broker.wire import Message
from shared.errors import BrokerAway, PublishError, Refused, Unroutable

log = logging.getLogger(__name__)

CHUNK = 100
"""Messages handed to the connection's thread at once: one wake-up for all of them."""

PIECE = 256 * 1024
"""Bytes written to the socket at once, at most but for the last message of a piece."""

WINDOW = 1000
"""Messages one bulk call has in flight at most: a tenth costs a quarter of the rate, ten times more gains nothing."""

TIMEOUT = 30.0
"""Seconds a caller waits for a confirm, reconnects included, before it hears BrokerAway."""

RECONNECT = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds between attempts to reach the broker; the last one repeats."""

LARGEST_HEADER = 128 * 1024 - 64
"""Bytes of properties that fit one frame, which AMQP cannot split: RabbitMQ's default frame less its own bytes."""

ENCODING = (AMQPError, ValueError, TypeError, AssertionError, RecursionError, struct.error)
"""What pika raises for properties that AMQP cannot carry: a name that is no UTF-8, a number of more than 64 bits."""

_CLOSED_OVER = re.compile(r"exchange '([^']*)'")


class _Batch:
    """Messages handed over together, and the one event their caller waits for."""

    __slots__ = ("done", "open", "sent")

    def __init__(self, messages: Sequence[Message], deadline: float) -> None:
        self.done = threading.Event()
        self.sent = [_Sent(message, self, deadline) for message in messages]
        self.open = len(self.sent)

    def errors_in_order(self) -> list[PublishError]:
        self.done.wait()
        return [sent.error for sent in self.sent if sent.error is not None]


class _Sent:
    """One message on its way; settled once, by the connection's thread alone."""

    __slots__ = ("batch", "deadline", "error", "message", "returned", "settled")

    def __init__(self, message: Message, batch: _Batch, deadline: float) -> None:
        self.message = message
        self.batch = batch
        self.deadline = deadline
        self.error: PublishError | None = None
        self.returned = False
        self.settled = False

    def settle(self, error: PublishError | None = None) -> None:
        if self.settled:
            return
        self.settled = True
        self.error = error
        self.batch.open -= 1
        if self.batch.open == 0:
            self.batch.done.set()


class _Connection(SelectConnection):
    """Writes the frames of many messages in one piece.

    pika hands each frame to the socket by itself, three for a message, and those system calls cost more than all the
    rest of a message. `_adapter_emit_data` is the method that pika's adapters are made of.
    """

    _held: bytearray | None = None

    def _adapter_emit_data(self, data: bytes) -> None:
        if self._held is None:
            super()._adapter_emit_data(data)
            return
        self._held += data
        if len(self._held) >= PIECE:
            held, self._held = bytes(self._held), bytearray()
            super()._adapter_emit_data(held)

    @contextmanager
    def in_one_piece(self) -> Iterator[None]:
        self._held = bytearray()
        try:
            yield
        finally:
            held, self._held = bytes(self._held), None
            if held and not self.is_closed:
                super()._adapter_emit_data(held)


class Publisher:
    """Publishes messages, confirmed, from any number of threads; make it after fork, close it at the end.

    `url` is the broker's AMQP address, `name` what the broker shows for the connection, `timeout` the seconds a
    caller waits at most. Nothing is connected before the first message.
    """

    def __init__(self, url: str, *, name: str = "millrace-publisher", timeout: float = TIMEOUT) -> None:
        self._parameters = pika.URLParameters(url)
        self._parameters.client_properties = {"connection_name": name}
        self._parameters.socket_timeout = 5
        self._parameters.stack_timeout = 10
        self._timeout = timeout
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._wake_up = threading.Event()
        # Shared with the thread, under the lock.
        self._waiting: deque[_Sent] = deque()
        self._connection: SelectConnection | None = None
        self._drain_is_due = False
        # The thread's own.
        self._channel: Any = None
        self._in_flight: OrderedDict[int, _Sent] = OrderedDict()
        self._tag = 0
        self._trouble = "not connected yet"
        self._failures = 0

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
        pending: deque[_Batch] = deque()
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
        with self._lock:
            self._closing = True
            thread = self._thread
            if self._connection is not None:
                self._connection.ioloop.add_callback_threadsafe(self._shut)
        self._wake_up.set()
        if thread is not None:
            thread.join(timeout=10)

    def _submit(self, messages: Sequence[Message]) -> _Batch:
        batch = _Batch(messages, time.monotonic() + self._timeout)
        with self._lock:
            if self._closing:
                raise BrokerAway(messages[0].message_id, "this publisher has been closed")
            self._waiting.extend(batch.sent)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="publisher", daemon=True)
                self._thread.start()
            elif self._connection is not None and not self._drain_is_due:
                self._drain_is_due = True
                self._connection.ioloop.add_callback_threadsafe(self._drain)
        return batch

    # Everything below runs in the connection's thread.

    def _serve(self) -> None:
        try:
            while not self._closing:
                self._connect_and_run()
                self._put_back()
                self._expire(time.monotonic())
                if not self._closing:
                    self._wake_up.wait(RECONNECT[min(self._failures, len(RECONNECT)) - 1])
        finally:
            with self._lock:
                self._closing = True
            self._put_back()
            self._expire(float("inf"))

    def _connect_and_run(self) -> None:
        self._failures += 1
        connection = _Connection(
            self._parameters,
            on_open_callback=self._opened,
            on_open_error_callback=self._stopped,
            on_close_callback=self._stopped,
        )
        connection.ioloop.call_later(0.5, lambda: self._tick(connection))
        try:
            connection.ioloop.start()
        finally:
            with self._lock:
                self._connection = None
            connection.ioloop.close()

    def _opened(self, connection: SelectConnection) -> None:
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Any) -> None:
        self._channel = channel
        self._tag = 0
        channel.add_on_close_callback(self._channel_closed)
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=self._ready)

    def _ready(self, _frame: object) -> None:
        self._failures = 0
        with self._lock:
            self._connection = self._channel.connection
        if self._closing:  # while this connection was being made, when there was none to shut
            self._shut()
            return
        self._drain()

    def _drain(self) -> None:
        with self._lock:
            self._drain_is_due = False
            waiting, self._waiting = self._waiting, deque()
        with self._channel.connection.in_one_piece():
            for sent in waiting:
                if not sent.settled:
                    self._send(sent)

    def _send(self, sent: _Sent) -> None:
        message = sent.message
        if not self._channel.is_open:
            with self._lock:
                self._waiting.append(sent)
            return
        properties = pika.BasicProperties(**message.properties())
        try:
            # Only a stranger's headers can be that large; the broker would close the connection over them.
            if message.headers and (size := sum(map(len, properties.encode()))) > LARGEST_HEADER:
                sent.settle(
                    Refused(message.message_id, f"its headers have {size} bytes, a frame holds {LARGEST_HEADER}")
                )
                return
            self._channel.basic_publish(
                message.exchange,
                message.routing_key,
                message.body,
                properties,
                # Nobody need listen to a fact; everything else must reach a queue.
                mandatory=message.exchange != FACTS,
            )
        except ENCODING as error:
            # Encoding comes before sending: nothing of this message has left, and the channel is as it was.
            sent.settle(Refused(message.message_id, f"cannot be encoded: {error!r}"))
            return
        self._tag += 1
        self._in_flight[self._tag] = sent

    def _confirmed(self, frame: Any) -> None:
        method = frame.method
        tags = [method.delivery_tag]
        if method.multiple:
            tags = list(_until(self._in_flight, method.delivery_tag))
        nacked = method.NAME == "Basic.Nack"
        for tag in tags:
            sent = self._in_flight.pop(tag, None)
            if sent is None:
                continue
            identity = sent.message.message_id
            if nacked:
                sent.settle(Refused(identity, "the broker refused it; is its queue full, or an alarm on?"))
            elif sent.returned:
                key = sent.message.routing_key
                sent.settle(Unroutable(identity, f"no queue is bound to {sent.message.exchange!r} for {key!r}"))
            else:
                sent.settle()

    def _returned(self, _channel: object, _method: object, properties: Any, _body: bytes) -> None:
        """Note that a message found no queue; its confirm follows at once."""
        for sent in self._in_flight.values():
            if sent.message.message_id == properties.message_id and not sent.returned:
                sent.returned = True
                return

    def _channel_closed(self, channel: Any, reason: Exception) -> None:
        """Blame the messages a closed channel was closed over, and send the rest again on a new one."""
        connection = channel.connection
        if not connection.is_open:
            return
        self._trouble = str(reason)
        named = _CLOSED_OVER.search(str(reason))
        for sent in self._in_flight.values():
            if named is not None and sent.message.exchange == named[1]:
                sent.settle(Unroutable(sent.message.message_id, str(reason)))
            elif named is None:
                sent.settle(Refused(sent.message.message_id, str(reason)))
        self._put_back()
        connection.channel(on_open_callback=self._channel_opened)

    def _stopped(self, connection: SelectConnection, reason: Exception) -> None:
        if not self._closing:
            # Of a refused connection pika's text is empty, and its repr says everything.
            self._trouble = str(reason) or repr(reason)
            log.warning("broker connection lost", extra={"reason": self._trouble})
        connection.ioloop.stop()

    def _shut(self) -> None:
        connection = self._channel.connection
        if connection.is_open:
            connection.close()

    def _tick(self, connection: SelectConnection) -> None:
        self._expire(time.monotonic())
        if self._closing and not connection.is_open:
            connection.ioloop.stop()
            return
        connection.ioloop.call_later(0.5, lambda: self._tick(connection))

    def _put_back(self) -> None:
        """Put what was not confirmed at the head of what waits, in its order."""
        unconfirmed = [sent for sent in self._in_flight.values() if not sent.settled]
        for sent in unconfirmed:
            sent.returned = False
        self._in_flight.clear()
        with self._lock:
            self._drain_is_due = False
            self._waiting.extendleft(reversed(unconfirmed))

    def _expire(self, now: float) -> None:
        with self._lock:
            waiting = list(self._waiting)
            if now == float("inf"):
                self._waiting.clear()
        for sent in (*self._in_flight.values(), *waiting):
            if sent.deadline < now:
                sent.settle(BrokerAway(sent.message.message_id, f"no confirm from the broker ({self._trouble})"))


def _until(in_flight: OrderedDict[int, _Sent], tag: int) -> Iterable[int]:
    for open_tag in in_flight:
        if open_tag > tag:
            return
        yield open_tag
