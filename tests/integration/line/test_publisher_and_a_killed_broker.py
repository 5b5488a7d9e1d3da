"""The broker is killed under a publisher: whatever it was not asked to forget arrives."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.local.rabbitmq import Broker
from shared.broker.publisher import Publisher
from shared.broker.wire import Message, compose
from tests.integration.line.queues import ids_in
from tests.probe.kinds import PROBE_CONTRACTS, Store

MANY = 5_000


def test_all_of_five_thousand_messages_arrive_though_the_broker_is_killed_among_them(
    broker: Broker, line_url: str
) -> None:
    messages = [compose(PROBE_CONTRACTS, Store(key=key)) for key in range(MANY)]

    def with_a_power_cut() -> Iterator[Message]:
        for number, message in enumerate(messages):
            if number == MANY // 2:
                broker.kill()
                broker.start()
            yield message

    with Publisher(line_url, name="test") as publisher:
        publisher.publish(messages[0])
        errors = publisher.publish_many(with_a_power_cut())
        publisher.publish(messages[-1])

    assert errors == []
    sent = ids_in(line_url, "maintenance")
    assert set(sent) == {message.message_id for message in messages}
    assert len(sent) < MANY + 1_100, "at least once, and twice only what was in flight"
