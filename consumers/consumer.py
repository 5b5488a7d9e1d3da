"""From the broker to a pool process: every message that arrives, whatever it is, becomes one Celery request.

Nothing is parsed here. This runs in the worker's one main loop, where an exception would end the worker; the pool
process reads the body, and the verdict on what cannot be read is made where all verdicts are made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from celery.utils.log import get_logger
from celery.worker.consumer import Consumer
from vine import promise

from shared.broker import topology
from shared.broker.wire import Delivery, new_id
from shared.telemetry import metrics

log = get_logger(__name__)

STRAY = "millrace.stray"
"""Task for messages of a kind this worker has no handler for."""

KEEP = "millrace.dead_letters.keep"
"""Task for whatever arrives in the dead-letters queue."""

SHOWN = 200
"""Bytes of a body that Celery's own views (Flower, `inspect active`) show."""


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
        queues: dict[str, str] = {}
        # Not Celery's own built-in tasks: a stranger's message may claim any name.
        kinds = frozenset(name for name, task in self.app.tasks.items() if getattr(task, "takes_messages", False))

        def on_message(message: Any) -> None:
            try:
                tag = message.delivery_info["consumer_tag"]
                if tag not in queues:
                    queues.update({tag: name for name, tag in self.task_consumer._active_tags.items()})  # noqa: SLF001
                disguise(message, queues[tag], kinds)
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


def disguise(message: Any, queue: str, kinds: frozenset[str]) -> None:
    """Make a foreign message look to Celery like a decoded request for the task that will handle it."""
    properties, headers, info = message.properties, message.headers, message.delivery_info
    identity = properties.get("message_id")
    body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
    delivery = Delivery(
        queue=queue,
        exchange=info["exchange"],
        routing_key=info["routing_key"],
        message_id=identity if isinstance(identity, str) and identity else new_id(),
        body=body,
        properties={name: value for name, value in properties.items() if name != "application_headers"},
        headers=headers,
        redelivered=bool(info.get("redelivered")),
    )
    task = KEEP if queue == topology.DEAD_LETTERS else delivery.kind if delivery.kind in kinds else STRAY
    metrics.messages_received.labels(queue, task if task != STRAY else "unknown").inc()
    message.headers = {}
    message.properties = {"priority": properties.get("priority"), "correlation_id": delivery.message_id}
    message._decoded_cache = {  # noqa: SLF001 - kombu's own cache: nothing is decoded again
        "task": task,
        "id": delivery.message_id,
        "root_id": properties.get("correlation_id") or delivery.message_id,
        "args": (delivery,),
        "kwargs": {},
        "argsrepr": "",
        "kwargsrepr": body[:SHOWN].decode("utf-8", "replace"),
        "origin": str(properties.get("app_id") or ""),
        "retries": 0,
    }
