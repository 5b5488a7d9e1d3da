"""A connection to the broker with a thread of its own: made again whenever it breaks, until it is closed.

The thread answers heartbeats while callers are busy. A broken connection is dropped whole, and whatever was not
confirmed over it is sent again over the next, under the same message id. The next is to the next address, where the
broker has several: of a cluster whose node died, the others are there.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import pika
from pika.adapters.select_connection import SelectConnection
from pika.exceptions import ChannelClosedByBroker

from shared.broker.in_flight import Batch, InFlight, Sent
from shared.broker.pieces import InPieces
from shared.errors import BrokerAway

log = logging.getLogger(__name__)

RECONNECT = (0.1, 0.2, 0.5, 1.0, 2.0)
"""Seconds between rounds of attempts to reach the broker at each of its addresses; the last one repeats."""

TICK = 0.25
"""Seconds between two looks at what has waited for too long."""

STEADY = 1.0
"""Seconds a connection must have lasted for its loss to be the first again: one that is closed over a message as soon
as it is made anew must not be made anew without a pause."""

REFUSED = 0.3
"""Seconds after a refusal before the channel is replaced, and what was refused sent again: a quorum queue whose leader
died has another by then."""

GOODBYE = 1.0
"""Seconds a closing connection waits for what the broker still has to say before its socket is closed."""

ANSWERED = 3.0
"""Seconds a refusal waits at most for the answers to whatever else was sent over the channel."""


def pause(failures: int, addresses: int) -> float:
    """Return the seconds to wait after so many attempts in a row that led to no lasting connection.

    There is none before the first attempt after a loss, and none between the addresses of one round.
    """
    rounds, rest = divmod(failures, addresses)
    return 0.0 if rest or not rounds else RECONNECT[min(rounds, len(RECONNECT)) - 1]


class Connection:
    """Takes batches from any thread and settles all their messages; connects when the first one comes.

    A channel over which a message was refused is replaced. RabbitMQ 3.10 asks a queue's leader once for each channel
    whether it takes messages; of a channel that was opened while the leader died it refuses every message for good.

    `addresses` are those of the broker: the first is tried first, and each time a connection cannot be made or breaks
    it is the next one's turn.
    """

    def __init__(self, addresses: Sequence[pika.URLParameters]) -> None:
        self._addresses = deque(addresses)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._closing_since = math.inf
        self._wake_up = threading.Event()
        # Shared with the thread, under the lock.
        self._waiting: deque[Sent] = deque()
        self._ready: SelectConnection | None = None
        self._drain_is_due = False
        # The thread's own.
        self._channel: Any = None
        self._in_flight = InFlight()
        self._trouble = "not connected yet"
        self._failures = 0
        self._ready_since = math.inf

    def submit(self, batch: Batch) -> None:
        """Have the messages of a batch sent; raises BrokerAway when closed."""
        with self._lock:
            if self._closing:
                raise BrokerAway(batch.sent[0].message.message_id, "this publisher has been closed")
            self._waiting.extend(batch.sent)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="publisher", daemon=True)
                self._thread.start()
            elif self._ready is not None and not self._drain_is_due:
                self._drain_is_due = True
                self._ready.ioloop.add_callback_threadsafe(self._drain)

    def close(self) -> None:
        """Close the connection; what has no confirm yet is settled with BrokerAway."""
        with self._lock:
            self._closing = True
            self._closing_since = time.monotonic()
            thread = self._thread
            if self._ready is not None:
                self._ready.ioloop.add_callback_threadsafe(self._shut)
        self._wake_up.set()
        if thread is not None:
            thread.join(timeout=10)

    # Everything below runs in the connection's thread.

    def _serve(self) -> None:
        try:
            while not self._closing:
                self._connect_and_run()
                self._put_back()
                self._expire(time.monotonic())
                if not self._closing:
                    self._wake_up.wait(pause(self._failures, len(self._addresses)))
        finally:
            with self._lock:
                self._closing = True
            self._put_back()
            self._expire(float("inf"))

    def _connect_and_run(self) -> None:
        self._failures += 1
        self._ready_since = math.inf
        connection = InPieces(
            self._addresses[0],
            on_open_callback=self._opened,
            on_open_error_callback=self._stopped,
            on_close_callback=self._stopped,
        )
        connection.ioloop.call_later(TICK, lambda: self._tick(connection))
        try:
            connection.ioloop.start()
        finally:
            with self._lock:
                self._ready = None
            connection.ioloop.close()
        if time.monotonic() - self._ready_since > STEADY:
            self._failures = 0
        self._addresses.rotate(-1)

    def _opened(self, connection: SelectConnection) -> None:
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Any) -> None:
        self._channel = channel
        channel.add_on_close_callback(self._channel_closed)
        self._in_flight.begin(channel, self._confirms)

    def _confirms(self, _frame: object) -> None:
        self._ready_since = min(self._ready_since, time.monotonic())
        with self._lock:
            self._ready = self._channel.connection
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
                if sent.settled:
                    continue
                if self._channel.is_open and self._in_flight.refused_at is None:
                    self._in_flight.send(sent)
                else:
                    with self._lock:
                        self._waiting.append(sent)

    def _channel_closed(self, channel: Any, reason: Exception) -> None:
        """Blame the messages a closed channel was closed over, and send the rest again on a new one."""
        connection = channel.connection
        if not connection.is_open:
            return
        if isinstance(reason, ChannelClosedByBroker):
            self._trouble = str(reason)
            self._in_flight.blame(self._trouble)
        self._put_back()
        connection.channel(on_open_callback=self._channel_opened)

    def _stopped(self, connection: SelectConnection, reason: Exception) -> None:
        if not self._closing:
            # Of a refused connection pika's text is empty, and its repr says everything.
            self._trouble = str(reason) or repr(reason)
            node = f"{self._addresses[0].host}:{self._addresses[0].port}"
            log.warning("broker connection lost", extra={"node": node, "reason": self._trouble})
        connection.ioloop.stop()

    def _shut(self) -> None:
        connection = self._channel.connection
        if connection.is_open:
            connection.close()

    def _tick(self, connection: InPieces) -> None:
        now = time.monotonic()
        self._expire(now)
        if self._closing and not connection.is_open and now - self._closing_since > GOODBYE:
            # It is still being made, or closed, and that may never end. `_stopped` is called soon.
            connection.abandon()
            return
        refused_at = self._in_flight.refused_at
        if refused_at is not None and self._channel.is_open:
            wait = REFUSED if self._in_flight.quiet else ANSWERED
            if now - refused_at > wait:
                self._channel.close()
        connection.ioloop.call_later(TICK, lambda: self._tick(connection))

    def _put_back(self) -> None:
        """Put what was not confirmed at the head of what waits, in its order."""
        unconfirmed = self._in_flight.take_back()
        with self._lock:
            self._drain_is_due = False
            self._waiting.extendleft(reversed(unconfirmed))

    def _expire(self, now: float) -> None:
        with self._lock:
            waiting = list(self._waiting)
            if now == float("inf"):
                self._waiting.clear()
        for sent in (*self._in_flight, *waiting):
            sent.expire(now, self._trouble)
