"""What a worker that ends does with the messages it was sent and no process has begun with.

Were they left to the broker, each would count as one more delivery, and a message that has merely stood in five workers
that were stopped would die as one that kills its workers. So each is published again as it is, to the end of the queue
it came from, and acknowledged when the broker has confirmed that. A crash between the two leaves two copies with one
id, which the run log makes one effect.

A message whose sender gave it no id has no such safety: the copy has the id it was given on arrival, and the original,
coming again, would be given another. So it is left to the broker as long as it can bear that, and published again only
when it has come back `WORN` times; from then on it has an id.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from celery.utils.log import get_logger

from shared import clock
from shared.broker.publisher import Publisher
from shared.broker.topology import DEAD_LETTERS, WORK
from shared.broker.wire import Delivery

log = get_logger(__name__)

WORN: Final = 2
"""Deliveries that a message without an id may have used up in vain; it has `topology.DELIVERY_LIMIT` of them."""

PATIENCE: Final = 5.0
"""Seconds the broker has to confirm; what it has not confirmed by then goes back the broker's own way."""


def hand_back(url: str, name: str, held: Mapping[int, Delivery]) -> list[int]:
    """Publish messages to the queues they came from and return the tags of those that are to be acknowledged now.

    `held` is by delivery tags. `url` is the broker's address, `name` what it shows for the connection. Dead letters are
    not among them: their queue has no delivery limit, and what their headers tell of a death would not survive.
    """
    began = time.perf_counter()
    now = clock.milliseconds(clock.now())
    returning = {
        tag: replace(delivery.message(now), exchange=WORK, routing_key=delivery.queue)
        for tag, delivery in held.items()
        if delivery.queue != DEAD_LETTERS and (_has_id(delivery) or _returns(delivery) >= WORN)
    }
    if not returning:
        return []
    with Publisher(url, name=name, timeout=PATIENCE) as publisher:
        refused = {error.message_id: error for error in publisher.publish_many(returning.values())}
    back = [tag for tag, message in returning.items() if message.message_id not in refused]
    log.info("handed back %d of %d messages in %.3f s", len(back), len(held), time.perf_counter() - began)
    for error in list(refused.values())[:1]:
        log.warning("%d messages are left to the broker to return: %s", len(refused), error)
    return back


def _has_id(delivery: Delivery) -> bool:
    identity = delivery.properties.get("message_id")
    return isinstance(identity, str) and bool(identity)


def _returns(delivery: Delivery) -> int:
    """Return how often a message has come back already, by the broker's count."""
    count = delivery.headers.get("x-delivery-count")
    return count if isinstance(count, int) else 0
