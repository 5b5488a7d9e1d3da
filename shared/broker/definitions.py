"""The topology in RabbitMQ's own form, for brokers that import definitions instead of being told over AMQP."""

from __future__ import annotations

from typing import Any

from shared.broker import topology


def export(vhost: str | None = None) -> dict[str, Any]:
    """Return RabbitMQ's definitions document: exchanges, queues and bindings, no users and no passwords.

    Without `vhost` it fits any virtual host (`POST /api/definitions/<vhost>`); with one it can be loaded by a
    whole broker, at start or with `rabbitmqctl import_definitions`.
    """
    place = {} if vhost is None else {"vhost": vhost}
    return {
        **({} if vhost is None else {"vhosts": [{"name": vhost}]}),
        "exchanges": [
            {"name": exchange.name, "type": exchange.type, **_DURABLE, "internal": False, "arguments": {}, **place}
            for exchange in topology.exchanges()
        ],
        "queues": [
            {"name": queue.name, **_DURABLE, "arguments": queue.arguments, **place} for queue in topology.queues()
        ],
        "bindings": [
            {
                "source": binding.exchange,
                "destination": binding.queue,
                "destination_type": "queue",
                "routing_key": binding.routing_key,
                "arguments": {},
                **place,
            }
            for binding in topology.bindings()
        ],
    }


_DURABLE = {"durable": True, "auto_delete": False}
