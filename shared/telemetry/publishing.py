"""Publishing, measured: how many messages went where, and how long the broker took to confirm them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Container, Sequence
from typing import Final

from shared.broker.publisher import Publisher
from shared.broker.wire import Message
from shared.errors import BrokerAway, PublishError, Refused, Unroutable
from shared.telemetry import labels, metrics

OUTCOMES: Final[dict[type[PublishError], str]] = {Unroutable: "unroutable", Refused: "refused", BrokerAway: "away"}


def publish(publisher: Publisher, messages: Sequence[Message], known: Container[str]) -> dict[str, PublishError]:
    """Publish messages and return the errors of those that failed, by message id; `known` are kinds with a contract."""
    started = time.perf_counter()
    errors = {error.message_id: error for error in publisher.publish_many(messages)}
    metrics.publish_seconds.observe(time.perf_counter() - started)
    counted = Counter(
        (
            labels.exchange(message.exchange),
            labels.kind(message.kind, known),
            OUTCOMES[type(errors[message.message_id])] if message.message_id in errors else "confirmed",
        )
        for message in messages
    )
    for values, number in counted.items():
        metrics.published.labels(*values).inc(number)
    return errors
