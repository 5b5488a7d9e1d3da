"""Declaring the topology on a broker: idempotent, and clear about what stands in the way."""

from __future__ import annotations

import pika
from pika.exceptions import ChannelClosedByBroker

from shared.broker import addresses, topology
from shared.errors import MillraceError


class TopologyConflict(MillraceError):
    """The broker holds an exchange or a queue of the same name with other properties."""


def apply(urls: str) -> None:
    """Declare every exchange, queue and binding on the broker at `urls`; nothing is ever deleted.

    Raises TopologyConflict, whose text names the object, when something of another form is in the way, and
    pika's AMQPConnectionError when the broker cannot be reached.
    """
    connection = pika.BlockingConnection(addresses.parameters(urls))
    try:
        channel = connection.channel()
        for exchange in topology.exchanges():
            channel.exchange_declare(exchange.name, exchange.type, durable=True)
        for queue in topology.queues():
            channel.queue_declare(queue.name, durable=True, arguments=queue.arguments)
        for binding in topology.bindings():
            channel.queue_bind(binding.queue, binding.exchange, binding.routing_key)
    except ChannelClosedByBroker as error:
        raise TopologyConflict(error.reply_text) from error
    finally:
        if connection.is_open:
            connection.close()
