"""From the broker to a pool process: every message that arrives, whatever it is, becomes one Celery request.

Nothing is parsed here. This runs in the worker's one main loop, where an exception would end the worker; the pool
process reads the body, and the verdict on what cannot be read is made where all verdicts are made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from celery.utils.log import get_logger
from celery.worker.consumer import Consumer
from celery.worker.state import revoked
from kombu.message import Message
from vine import promise

from consumers.acks import Acks
from consumers.bundles import Bundler, disguise
from consumers.leaving import hand_back
from shared.broker.ids import new_id
from shared.broker.topology import DEAD_LETTERS
from shared.broker.wire import Delivery, storable
from shared.telemetry import metrics

log = get_logger(__name__)

STRAY = "millrace.stray"
"""Task for messages of a kind this worker has no handler for."""

KEEP = "millrace.dead_letters.keep"
"""Task for whatever arrives in the dead-letters queue."""

DEEPEST = 32
"""Levels of tables and arrays in a header that are carried on; deeper ones would exhaust Python's stack somewhere."""


class LineConsumer(Consumer):
    """Celery's consumer, reading the line's plain messages instead of Celery's own."""

    _bundler: Bundler | None = None
    _acks: Acks | None = None
    _leaving = False
    _begun: frozenset[int] = frozenset()

    class Blueprint(Consumer.Blueprint):
        """Celery's steps without native delayed delivery, which would declare 28 exchanges and queues."""

        default_steps = [  # noqa: RUF012 - Celery's own form
            step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        ]

    def create_task_handler(self, promise: Any = promise) -> Callable[[Any], None]:
        """Return what is called with every message of every queue this worker consumes."""
        dispatch = super().create_task_handler(promise)
        # By a name of its own: while the worker closes down, messages still arrive after the attribute is gone.
        consumer = self.task_consumer
        # Bodies stay the bytes they are: py-amqp would decode by a stranger's content_encoding.
        consumer.channel.auto_decode = False
        consumer.channel.Message = Sealed
        # What came over a connection that is lost comes again over this one.
        for earlier in (self._bundler, self._acks):
            if earlier is not None:
                earlier.forget()
        acks = self._acks = consumer.channel.acks = Acks(consumer.channel, self.timer.call_after)
        bundler = self._bundler = Bundler(dispatch, self.pool.num_processes, self.timer.call_after)
        queues: dict[str, str] = {}
        # A bundle is full when a process may not hold more: what the broker does not send is not worth waiting for.
        most = self.initial_prefetch_count // self.pool.num_processes or self.app.conf.worker_prefetch_multiplier
        # Not Celery's own built-in tasks: a stranger's message may claim any name.
        tasks = {name: task for name, task in self.app.tasks.items() if hasattr(task, "bundle")}
        bundles = {name: (min(task.bundle, most), task.wait) for name, task in tasks.items()}

        def on_message(message: Any) -> None:
            tag = message.delivery_info["consumer_tag"]
            acks.arrived(message.delivery_tag)
            try:
                if tag not in queues:
                    queues.update({tag: name for name, tag in consumer._active_tags.items()})  # noqa: SLF001
                delivery = received(message, queues[tag])
                acks.read(message.delivery_tag, delivery)
                if self._leaving:
                    return
                name = KEEP if delivery.queue == DEAD_LETTERS else delivery.kind if delivery.kind in bundles else STRAY
                metrics.messages_received.labels(delivery.queue, name if name != STRAY else "unknown").inc()
                # One that was redelivered travels alone: if it ended its process, no neighbour shall pay for that. So
                # does one without an id: were its bundle sent back, nothing would tell that it was done already.
                known = delivery.message_id == message.properties.get("message_id")
                size, wait = bundles.get(name, (1, 0.0))
                if size > 1 and known and not delivery.redelivered and delivery.message_id not in revoked:
                    bundler.add(name, size, wait, message, delivery)
                else:
                    disguise(message, name, [delivery])
                    dispatch(message)
            except self.connection_errors:
                raise
            except Exception:
                # A message must never end a worker. It goes to the dead letters by the broker's own route; from their
                # own queue there is none, and a letter is not dropped. One of a consumer that was just cancelled is
                # not at fault either.
                log.exception("message rejected")
                if not message.acknowledged:
                    back = queues.get(tag) in {None, DEAD_LETTERS}
                    message.reject_log_error(log, self.connection_errors, requeue=back)

        return on_message

    def close(self) -> None:
        """Take no more messages, and hand back those that no process has begun with.

        Celery calls this first of all when a worker ends (and would take an AttributeError for there being no such
        method). What runs is finished afterwards, or killed, as whoever ended the worker wants it.
        """
        if not self._leaving:
            self._leaving = True
            try:
                self._leave()
            except Exception:
                log.exception("what no process has begun with is left to the broker to return")

    def cancel_active_requests(self) -> None:
        """Note what has begun before it is killed: there will be no process left to ask."""
        self._begun = self._begun_tags()
        super().cancel_active_requests()

    def _leave(self) -> None:
        consumer, acks = self.task_consumer, self._acks
        if self.connection is None or consumer is None or acks is None or acks.channel is not consumer.channel:
            return  # No connection, or a fresh one: nothing is held over it.
        consumer.cancel()
        if self._bundler is not None:
            self._bundler.forget()
        if self.controller.semaphore:
            self.controller.semaphore.clear()
        self.pool.flush()
        begun = self._begun | self._begun_tags()
        waiting = {tag: delivery for tag, delivery in acks.held.items() if tag not in begun}
        name = f"millrace-leaving-{self.hostname}"
        acks.done(hand_back(self.app.settings.rabbitmq_url.get_secret_value(), name, waiting))
        acks.hurry()

    def _begun_tags(self) -> frozenset[int]:
        requests = [job._accept_callback.__self__ for job in self.pool.handed()]  # noqa: SLF001 - billiard's own
        return frozenset(tag for request in requests for tag in request.message.tags)

    def _update_prefetch_count(self, index: int = 0) -> None:
        """Let a pool that grew or shrank by `index` processes hold as many messages as they may, and not more."""
        super()._update_prefetch_count(index)
        if self._bundler is not None:
            self._bundler.resize(index)
        self.call_soon(self._consume_anew)

    def _consume_anew(self) -> None:
        """Consume every queue again: on quorum queues a prefetch count is one consumer's, for as long as it lives."""
        if self.task_consumer is not None and not self._leaving:
            self.task_consumer.cancel()
            self.task_consumer.qos(prefetch_count=self.initial_prefetch_count, apply_global=False)
            self.task_consumer.consume()


class Sealed(Message):
    """A message whose body is what was sent, whatever its `compression` header says.

    Kombu would unpack it in the main loop, where a few kilobytes can become more than there is memory.
    """

    def __init__(self, raw: Any, channel: Any = None) -> None:
        properties = raw.properties
        super().__init__(
            body=raw.body,
            channel=channel,
            delivery_tag=raw.delivery_tag,
            content_type=properties.get("content_type"),
            content_encoding=properties.get("content_encoding"),
            delivery_info=raw.delivery_info,
            properties=properties,
        )
        self.headers = properties.get("application_headers") or {}

    @property
    def tags(self) -> list[int]:
        """Its delivery tag."""
        return [self.delivery_tag]

    def ack(self, multiple: bool = False) -> None:
        """Acknowledge this message by itself."""
        super().ack(multiple)
        self.channel.acks.settled(self.delivery_tag)

    def reject(self, requeue: bool = False) -> None:
        """Reject this message."""
        super().reject(requeue)
        self.channel.acks.settled(self.delivery_tag)

    def requeue(self) -> None:
        """Give this message back."""
        super().requeue()
        self.channel.acks.settled(self.delivery_tag)


def received(message: Any, queue: str) -> Delivery:
    """Return what the broker handed over, as it is, with an id if its sender gave it none."""
    properties, info = message.properties, message.delivery_info
    identity = properties.get("message_id")
    return Delivery(
        queue=queue,
        exchange=info["exchange"],
        routing_key=info["routing_key"],
        message_id=storable(identity) if isinstance(identity, str) and identity else new_id(),
        body=message.body if isinstance(message.body, bytes) else str(message.body).encode(),
        properties={name: value for name, value in properties.items() if name != "application_headers"},
        headers=_carried(message.headers, DEEPEST),
        redelivered=bool(info.get("redelivered")),
    )


def _carried(value: Any, levels: int) -> Any:
    """Return a header's value as pika can send it on, with what is nested deeper than `levels` cut off."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, float):
        return str(value)
    if not isinstance(value, Mapping | list):
        return value
    if levels == 0:
        return "nested too deeply"
    if isinstance(value, Mapping):
        return {_name(name): _carried(inner, levels - 1) for name, inner in value.items()}
    return [_carried(inner, levels - 1) for inner in value]


def _name(name: str | bytes) -> str:
    """Return a header's name as text; py-amqp leaves one that is not UTF-8 as bytes."""
    return name if isinstance(name, str) else name.decode("latin-1")
