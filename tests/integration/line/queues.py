"""Looking into queues with nothing but pika."""

from __future__ import annotations

from typing import Any

import pika


def ids_in(url: str, queue: str) -> list[str]:
    """Take everything that waits in a queue, and return the message ids in order."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=1000)
        ids: list[str] = []
        for method, properties, _ in channel.consume(queue, auto_ack=False, inactivity_timeout=1.0):
            if method is None:
                return ids
            ids.append(properties.message_id)
            channel.basic_ack(method.delivery_tag)
    finally:
        connection.close()
    raise AssertionError("a consumer never ends by itself")


def take(channel: Any, queue: str) -> Any:
    """Take one message, its properties and its body; None when there is none."""
    method, properties, body = channel.basic_get(queue, auto_ack=True)
    return None if method is None else (properties, body)
