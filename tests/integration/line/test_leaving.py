"""Handing messages back to their queues: as they were, without spending a delivery, and never losing one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pika
import pytest

from consumers.leaving import WORN, hand_back
from shared.broker.publisher import Publisher
from shared.broker.topology import DEAD_LETTERS, DELIVERY_LIMIT
from shared.broker.wire import Delivery, compose
from shared.contracts.kinds import CONTRACTS
from shared.contracts.screen import SaveSeries

MANY = 200


@contextmanager
def worker(url: str, queue: str = "content", prefetch: int = 1000) -> Iterator[tuple[Any, dict[int, Delivery]]]:
    """Hold messages of a queue as a worker does that has not begun with them; they are returned when it ends."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=prefetch)
        held: dict[int, Delivery] = {}

        def take(_channel: Any, method: Any, properties: Any, body: bytes) -> None:
            names = ("message_id", "correlation_id", "type", "app_id", "timestamp", "priority", "content_type")
            told = {name: value for name in names if (value := getattr(properties, name)) is not None}
            if "timestamp" in told:
                told["timestamp"] = datetime.fromtimestamp(told["timestamp"], UTC)
            identity = told.get("message_id") or f"fresh-{method.delivery_tag}"
            held[method.delivery_tag] = Delivery(
                *(queue, method.exchange, method.routing_key, identity, body, told, properties.headers or {}),
                redelivered=method.redelivered,
            )

        channel.basic_consume(queue, take)
        yield channel, held
    finally:
        connection.close()


def until(channel: Any, held: dict[int, Delivery], number: int) -> None:
    for _ in range(100):
        channel.connection.process_data_events(0.1)
        if len(held) == number:
            return
    pytest.fail(f"{len(held)} messages came, not {number}")


def leave(url: str, channel: Any, held: dict[int, Delivery]) -> int:
    # Before anything is handed back, or it would come here again at once.
    for tag in channel.consumer_tags:
        channel.basic_cancel(tag)
    back = hand_back(url, "test", held)
    # As few frames as may be, as the worker does: of very many single ones, written just before a connection closes,
    # a busy broker drops some.
    if back:
        channel.basic_ack(max(back), multiple=len(back) == len(held))
    return len(back)


def test_what_was_prefetched_again_and_again_is_still_there_once_and_in_no_danger(rabbitmq_url: str) -> None:
    messages = [compose(CONTRACTS, SaveSeries(tvdb_id=number)) for number in range(1, MANY + 1)]
    with Publisher(rabbitmq_url) as publisher:
        publisher.publish_many(messages)
    for _ in range(DELIVERY_LIMIT + 3):
        with worker(rabbitmq_url) as (channel, held):
            until(channel, held, MANY)
            assert leave(rabbitmq_url, channel, held) == MANY
    with worker(rabbitmq_url) as (channel, held):
        until(channel, held, MANY)
        assert {each.message_id for each in held.values()} == {each.message_id for each in messages}
        assert not any(each.redelivered or "x-delivery-count" in each.headers for each in held.values())


def test_it_comes_again_as_it_was(rabbitmq_url: str) -> None:
    sent = replace(
        compose(CONTRACTS, SaveSeries(tvdb_id=7), app_id="shop", cause="because", expires_at=4_000_000_000_000),
        attempt=2,
        replay=1,
        headers={"x-own": "kept", "list": [1, {"a": True}]},
        priority=3,
    )
    with Publisher(rabbitmq_url) as publisher:
        publisher.publish(sent)
    seen = []
    for _ in range(2):
        with worker(rabbitmq_url) as (channel, held):
            until(channel, held, 1)
            (delivery,) = held.values()
            seen.append(delivery.message(0))
            leave(rabbitmq_url, channel, held)
    assert seen == [sent, replace(sent, exchange="work", routing_key="content")]


def test_one_without_an_id_is_left_to_the_broker_until_it_is_worn_and_then_given_one(rabbitmq_url: str) -> None:
    with closing(pika.BlockingConnection(pika.URLParameters(rabbitmq_url))) as connection:
        connection.channel().basic_publish("scrape", "scrape.series.save", b'{"tvdb_id": 1}')
    handed = []
    for _ in range(DELIVERY_LIMIT + 3):
        with worker(rabbitmq_url) as (channel, held):
            until(channel, held, 1)
            (delivery,) = held.values()
            handed.append(leave(rabbitmq_url, channel, held))
    assert handed == [0] * WORN + [1] * (DELIVERY_LIMIT + 3 - WORN)
    assert delivery.properties["message_id"] == f"fresh-{1}"
    assert delivery.kind == "scrape.series.save"
    assert delivery.body == b'{"tvdb_id": 1}'


def test_what_the_broker_does_not_take_is_not_acknowledged(rabbitmq_url: str) -> None:
    message = compose(CONTRACTS, SaveSeries(tvdb_id=1))
    properties = {"message_id": message.message_id}
    held = {
        1: Delivery("content", "scrape", message.kind, message.message_id, message.body, properties, {}),
        2: Delivery("no.such.queue", "scrape", message.kind, "other", message.body, {"message_id": "other"}, {}),
        3: Delivery(DEAD_LETTERS, "dead-letter", "content", "third", message.body, {"message_id": "third"}, {}),
    }
    assert hand_back(rabbitmq_url, "test", held) == [1]


def test_without_a_broker_nothing_is_acknowledged() -> None:
    held = {1: Delivery("content", "scrape", "scrape.series.save", "a", b"{}", {"message_id": "a"}, {})}
    assert hand_back("amqp://guest:guest@127.0.0.1:1/", "test", held) == []
