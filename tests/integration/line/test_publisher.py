"""Every publish returns after the broker's confirm, or says why it cannot."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from deploy.local.ports import free_port
from shared.broker.in_flight import LARGEST_HEADER
from shared.broker.publisher import Publisher
from shared.broker.wire import Message, compose
from shared.errors import BrokerAway, Refused, Unroutable
from tests.eventually import eventually
from tests.integration.line.queues import ids_in, take
from tests.probe.kinds import PROBE_CONTRACTS, Store

QUEUE = "maintenance"


def store(key: int = 1, **options: Any) -> Message:
    return compose(PROBE_CONTRACTS, Store(key=key), **options)


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


@pytest.fixture
def publisher(line_url: str) -> Iterator[Publisher]:
    with Publisher(line_url, name="test") as opened:
        yield opened


def test_what_is_published_arrives_in_the_public_wire_format(publisher: Publisher, channel: Any) -> None:
    message = store(7, app_id="a test", priority=3, cause="the cause", correlation_id="the root")
    publisher.publish(message)

    properties, body = eventually(lambda: take(channel, QUEUE), what="the message")

    assert body == b'{"key":7,"value":0}'
    assert (properties.type, properties.message_id) == ("maintenance.probe.store", message.message_id)
    assert (properties.correlation_id, properties.app_id) == ("the root", "a test")
    assert (properties.content_type, properties.delivery_mode, properties.priority) == ("application/json", 2, 3)
    assert properties.timestamp == message.published_at // 1000
    assert {name: value for name, value in properties.headers.items() if name != "x-delivery-count"} == {
        "schema": 1,
        "attempt": 0,
        "replay": 0,
        "published_at": message.published_at,
        "cause": "the cause",
    }


def test_a_message_that_no_queue_is_bound_for_is_an_error_of_its_caller(publisher: Publisher) -> None:
    with pytest.raises(Unroutable, match="no queue is bound"):
        publisher.publish(replace(store(), exchange="scrape", routing_key="maintenance.probe.store"))
    publisher.publish(store())


def test_a_fact_that_nobody_listens_to_is_none(publisher: Publisher) -> None:
    publisher.publish(replace(store(), exchange="facts", routing_key="facts.nobody.listens"))


def test_a_missing_exchange_is_the_error_of_those_messages_alone(publisher: Publisher, line_url: str) -> None:
    good = [store(key) for key in range(1_000)]
    bad = [replace(store(), exchange="no such exchange") for _ in range(3)]
    messages = [*good[:400], bad[0], *good[400:410], bad[1], *good[410:900], bad[2], *good[900:]]

    errors = publisher.publish_many(messages)

    assert [error.message_id for error in errors] == [message.message_id for message in bad]
    assert all(isinstance(error, Unroutable) for error in errors)
    assert set(ids_in(line_url, QUEUE)) == {message.message_id for message in good}


def test_what_a_full_queue_refuses_is_an_error_and_what_it_takes_is_there(
    publisher: Publisher, channel: Any, line_url: str
) -> None:
    arguments = {"x-queue-type": "quorum", "x-max-length": 5, "x-overflow": "reject-publish"}
    channel.queue_declare("narrow", durable=True, arguments=arguments)
    channel.queue_bind("narrow", "facts", "narrow.#")
    messages = [replace(store(key), exchange="facts", routing_key="narrow.way") for key in range(100)]

    # A quorum queue tells the others of its being full by and by, so not all at once.
    errors = [error for start in range(0, 100, 20) for error in publisher.publish_many(messages[start : start + 20])]

    assert errors
    assert all(isinstance(error, Refused) for error in errors)
    refused = {error.message_id for error in errors}
    assert {message.message_id for message in messages} - refused == set(ids_in(line_url, "narrow"))


@pytest.mark.parametrize(
    "harm",
    [
        {"message_id": "x" * 300},
        {"app_id": "lone \ud800 surrogate"},
        {"headers": {"object": object()}},
        {"headers": {"number": 2**70}},
        {"headers": {"float": 0.5}},
        {"headers": {"x": {"y": 2**70}}},
        {"headers": {"large": "y" * LARGEST_HEADER}},
        {"headers": {"deep": nested(2000)}},
        {"attempt": 2**63},
        {"priority": 256},
    ],
    ids=lambda harm: next(iter(harm)),
)
def test_what_amqp_cannot_carry_is_refused_and_disturbs_nobody(
    publisher: Publisher, line_url: str, harm: dict[str, Any]
) -> None:
    good = [store(key) for key in range(20)]
    bad = replace(store(), **harm)

    (error,) = publisher.publish_many([*good[:10], bad, *good[10:]])

    assert isinstance(error, Refused)
    assert error.message_id == bad.message_id
    assert ids_in(line_url, QUEUE) == [message.message_id for message in good]


def test_any_number_of_threads_may_share_a_publisher(publisher: Publisher, line_url: str) -> None:
    messages = [store(key) for key in range(800)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(publisher.publish, messages))
    sent = ids_in(line_url, QUEUE)
    assert len(sent) == 800
    assert set(sent) == {message.message_id for message in messages}


def test_many_messages_need_no_list(publisher: Publisher, line_url: str) -> None:
    assert publisher.publish_many(store(key) for key in range(2_500)) == []
    assert len(ids_in(line_url, QUEUE)) == 2_500


def test_nothing_to_publish_is_no_error(publisher: Publisher) -> None:
    assert publisher.publish_many([]) == []


def test_a_closed_publisher_says_so(line_url: str) -> None:
    publisher = Publisher(line_url)
    publisher.publish(store())
    publisher.close()
    publisher.close()
    with pytest.raises(BrokerAway, match="closed"):
        publisher.publish(store())


def test_a_publisher_that_was_never_used_closes_without_having_connected() -> None:
    Publisher(f"amqp://127.0.0.1:{free_port()}/").close()


def test_without_a_broker_a_caller_hears_so_in_time() -> None:
    started = time.monotonic()
    with Publisher(f"amqp://127.0.0.1:{free_port()}/", timeout=1.0) as publisher, pytest.raises(BrokerAway):
        publisher.publish(store())
    assert 0.9 < time.monotonic() - started < 4


def test_closing_tells_those_who_still_wait(caplog: pytest.LogCaptureFixture) -> None:
    publisher = Publisher(f"amqp://127.0.0.1:{free_port()}/", timeout=60)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(publisher.publish, store())
        eventually(lambda: "broker connection lost" in caplog.messages, what="a publisher that tries")
        publisher.close()
        with pytest.raises(BrokerAway):
            waiting.result(timeout=10)
