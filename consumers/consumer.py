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
from vine import promise

from consumers.bundles import Bundler, disguise
from shared.broker.topology import DEAD_LETTERS
from shared.broker.wire import Delivery, new_id, storable
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

    class Blueprint(Consumer.Blueprint):
        """Celery's steps without native delayed delivery, which would declare 28 exchanges and queues."""

        default_steps = [  # noqa: RUF012 - Celery's own form
            step for step in Consumer.Blueprint.default_steps if "delayed_delivery" not in step
        ]

    def create_task_handler(self, promise: Any = promise) -> Callable[[Any], None]:
        """Return what is called with every message of every queue this worker consumes."""
        dispatch = super().create_task_handler(promise)
        # Bodies stay the bytes they are: py-amqp would decode by a stranger's content_encoding.
        self.task_consumer.channel.auto_decode = False
        bundler = Bundler(dispatch, self.pool.num_processes)
        queues: dict[str, str] = {}
        # Not Celery's own built-in tasks: a stranger's message may claim any name.
        bundles = {name: task.bundle for name, task in self.app.tasks.items() if hasattr(task, "bundle")}

        def on_message(message: Any) -> None:
            try:
                tag = message.delivery_info["consumer_tag"]
                if tag not in queues:
                    queues.update({tag: name for name, tag in self.task_consumer._active_tags.items()})  # noqa: SLF001
                delivery = received(message, queues[tag])
                name = KEEP if delivery.queue == DEAD_LETTERS else delivery.kind if delivery.kind in bundles else STRAY
                metrics.messages_received.labels(delivery.queue, name if name != STRAY else "unknown").inc()
                # One that was redelivered travels alone: if it ended its process, no neighbour shall pay for that.
                if bundles.get(name, 1) > 1 and not delivery.redelivered and delivery.message_id not in revoked:
                    bundler.add(name, bundles[name], message, delivery)
                else:
                    disguise(message, name, [delivery])
                    dispatch(message)
            except self.connection_errors:
                raise
            except Exception:
                # A message must never end a worker. It goes to the dead letters by the broker's own route.
                log.exception("message rejected")
                if not message.acknowledged:
                    message.reject_log_error(log, self.connection_errors)

        self._on_message = on_message
        return on_message

    def on_decode_error(self, message: Any, _error: Exception) -> None:
        """Take a message whose `compression` header lies like any other; stock Celery would acknowledge it away."""
        message.errors.clear()
        self._on_message(message)


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
    """Return a header's value with what is nested deeper than `levels` cut off."""
    if not isinstance(value, Mapping | list):
        return value
    if levels == 0:
        return "nested too deeply"
    if isinstance(value, Mapping):
        return {name: _carried(inner, levels - 1) for name, inner in value.items()}
    return [_carried(inner, levels - 1) for inner in value]
