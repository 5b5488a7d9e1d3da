"""Messages on their way to the broker: handed over in batches, sent over a channel, each settled exactly once."""

from __future__ import annotations

import re
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

import pika
from pika.exceptions import AMQPError

from shared.broker.topology import FACTS
from shared.broker.wire import Message
from shared.errors import BrokerAway, PublishError, Refused, Unroutable

LARGEST_HEADER = 128 * 1024 - 64
"""Bytes of properties that fit one frame, which AMQP cannot split: RabbitMQ's default frame less its own bytes."""

ENCODING = (AMQPError, ValueError, TypeError, AssertionError, RecursionError, struct.error)
"""What pika raises for properties that AMQP cannot carry: a name that is no UTF-8, a number of more than 64 bits."""

_CLOSED_OVER = re.compile(r"exchange '([^']*)'")


class Batch:
    """Messages handed over together, and the one event their caller waits for."""

    __slots__ = ("done", "open", "sent")

    def __init__(self, messages: Sequence[Message], deadline: float) -> None:
        self.done = threading.Event()
        self.sent = [Sent(message, self, deadline) for message in messages]
        self.open = len(self.sent)

    def errors_in_order(self) -> list[PublishError]:
        """Wait until every message is settled, and return the errors of those that failed."""
        self.done.wait()
        return [sent.error for sent in self.sent if sent.error is not None]


class Sent:
    """One message on its way; settled once, by the connection's thread alone.

    `deadline` is the moment of `time.monotonic` until which its caller waits.
    """

    __slots__ = ("batch", "deadline", "error", "message", "refused", "returned", "settled")

    def __init__(self, message: Message, batch: Batch, deadline: float) -> None:
        self.message = message
        self.batch = batch
        self.deadline = deadline
        self.error: PublishError | None = None
        self.refused = False
        self.returned = False
        self.settled = False

    def settle(self, error: PublishError | None = None) -> None:
        """Tell its caller how it went; what is told later of the same message counts no more."""
        if self.settled:
            return
        self.settled = True
        self.error = error
        self.batch.open -= 1
        if self.batch.open == 0:
            self.batch.done.set()

    def expire(self, now: float, trouble: str) -> None:
        """Tell its caller that there was no confirm in time, if it is so late."""
        if self.deadline < now:
            self.settle(BrokerAway(self.message.message_id, f"no confirm from the broker ({trouble})"))


class InFlight:
    """What was sent over a channel and has no confirm yet, by the channel's delivery tags, in the order of sending.

    What the broker refused for the first time is kept as well, to be sent again over another channel.
    """

    def __init__(self) -> None:
        self._channel: Any = None
        self._by_tag: OrderedDict[int, Sent] = OrderedDict()
        self._refused: list[Sent] = []
        self._tag = 0
        self.refused_at: float | None = None
        """The moment of `time.monotonic` of the first refusal over this channel."""

    def __iter__(self) -> Iterator[Sent]:
        return chain(self._refused, self._by_tag.values())

    @property
    def quiet(self) -> bool:
        """Whether the broker has answered everything that was sent."""
        return not self._by_tag

    def begin(self, channel: Any, ready: Callable[[object], None]) -> None:
        """Send over this channel from now on; `ready` is called when the broker has agreed to confirm."""
        self._channel = channel
        self._tag = 0
        self.refused_at = None
        channel.add_on_return_callback(self._returned)
        channel.confirm_delivery(self._confirmed, callback=ready)

    def send(self, sent: Sent) -> None:
        """Send a message over the open channel; what AMQP cannot carry is refused at once, and not sent."""
        message = sent.message
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
        self._by_tag[self._tag] = sent

    def blame(self, reason: str) -> None:
        """Settle the messages that the broker closed the channel over."""
        named = _CLOSED_OVER.search(reason)
        for sent in self:
            if named is not None and sent.message.exchange == named[1]:
                sent.settle(Unroutable(sent.message.message_id, reason))
            elif named is None:
                sent.settle(Refused(sent.message.message_id, reason))

    def take_back(self) -> list[Sent]:
        """Return what is to be sent again over another channel, in its order; nothing is in flight afterwards."""
        unconfirmed = [sent for sent in self if not sent.settled]
        for sent in unconfirmed:
            sent.returned = False
        self._by_tag.clear()
        self._refused.clear()
        return unconfirmed

    def _confirmed(self, frame: Any) -> None:
        method = frame.method
        tags = [method.delivery_tag]
        if method.multiple:
            tags = list(self._until(method.delivery_tag))
        nacked = method.NAME == "Basic.Nack"
        for tag in tags:
            sent = self._by_tag.pop(tag, None)
            if sent is None:
                continue
            identity = sent.message.message_id
            if nacked:
                self.refused_at = self.refused_at or time.monotonic()
                if sent.refused:
                    sent.settle(
                        Refused(identity, "the broker refused it twice; is its queue full, or without a leader?")
                    )
                else:
                    sent.refused = True
                    self._refused.append(sent)
            elif sent.returned:
                key = sent.message.routing_key
                sent.settle(Unroutable(identity, f"no queue is bound to {sent.message.exchange!r} for {key!r}"))
            else:
                sent.settle()

    def _until(self, tag: int) -> Iterable[int]:
        for open_tag in self._by_tag:
            if open_tag > tag:
                return
            yield open_tag

    def _returned(self, _channel: object, _method: object, properties: Any, _body: bytes) -> None:
        """Note that a message found no queue; its confirm follows at once."""
        for sent in self:
            if sent.message.message_id == properties.message_id and not sent.returned:
                sent.returned = True
                return
