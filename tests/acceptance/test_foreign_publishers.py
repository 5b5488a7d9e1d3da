"""A service that has never heard of Millrace publishes one JSON object, and the work is done."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.acceptance.foreign import publish_with_pika, publish_with_py_amqp
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually

BREAKING_BAD = 81189
EPISODES = 62

Publish = Callable[..., None]

clients = pytest.mark.parametrize("publish", [publish_with_py_amqp, publish_with_pika])


def count(stack: Stack, table: str, series: int) -> int:
    column = "tvdb_id" if table == "series" else "series_tvdb_id"
    return int(stack.rows(f"SELECT count(*) FROM {table} WHERE {column} = %s", series)[0]["count"])  # noqa: S608


def calm(stack: Stack) -> bool:
    """Tell whether nothing is under way to or in these pools."""
    busy = stack.rows("SELECT 1 FROM sync_log WHERE status = 'running' UNION ALL SELECT 1 FROM outbox")
    return not busy and not any(stack.depth(queue) for queue in ("content", "person"))


@clients
@pytest.mark.usefixtures("content", "person")
def test_a_bare_body_on_an_exchange_saves_a_series_with_all_its_parts_and_people(
    stack: Stack, publish: Publish
) -> None:
    eventually(lambda: calm(stack), within=40, what="nobody at work on what is to be forgotten")
    with stack.sql() as connection:
        connection.execute("TRUNCATE series, seasons, episodes, credits, people, genres, aliases CASCADE")

    publish(stack.rabbitmq_url, "scrape", "scrape.series.save", b'{"tvdb_id": 81189}')

    eventually(lambda: count(stack, "series", BREAKING_BAD), what="the series")
    assert count(stack, "episodes", BREAKING_BAD) >= EPISODES
    assert count(stack, "seasons", BREAKING_BAD) >= 5
    cast = stack.rows(
        "SELECT DISTINCT person_tvdb_id AS id FROM credits WHERE series_tvdb_id = %s AND person_tvdb_id IS NOT NULL",
        BREAKING_BAD,
    )
    assert len(cast) >= 10
    saved = "SELECT count(*) FROM people WHERE tvdb_id = ANY(%s) AND biography IS NOT NULL"
    people = [row["id"] for row in cast]

    def all_people() -> bool:
        there = stack.rows("SELECT tvdb_id FROM people WHERE tvdb_id = ANY(%s)", people)
        return len(there) == len(people)

    eventually(all_people, within=30, what="everybody with a credit")
    assert stack.rows(saved, people)[0]["count"] >= 10
    eventually(lambda: not stack.rows("SELECT id FROM outbox"), what="an empty outbox")


@clients
def test_the_same_message_id_twice_has_one_effect_and_is_counted_as_a_duplicate(
    stack: Stack, maintenance: Running, publish: Publish
) -> None:
    (key,) = stack.keys(1)
    duplicates = 'handled_total{kind="maintenance.probe.store",outcome="duplicate",queue="maintenance"}'
    before = metric(maintenance, duplicates)
    message_id = str(uuid.uuid4())
    body = b'{"key": %d}' % key

    publish(stack.rabbitmq_url, "maintenance", "maintenance.probe.store", body, message_id=message_id)
    assert stack.ended(message_id)["status"] == "succeeded"
    publish(stack.rabbitmq_url, "maintenance", "maintenance.probe.store", body, message_id=message_id)

    eventually(lambda: metric(maintenance, duplicates) == before + 1, what="a duplicate in the metrics")
    assert stack.times(key) == [1]
    rows = stack.rows("SELECT attempts FROM sync_log WHERE message_id = %s", message_id)
    assert [len(row["attempts"]) for row in rows] == [1]


@clients
def test_two_requests_without_an_id_are_two_requests(stack: Stack, maintenance: Running, publish: Publish) -> None:
    (key,) = stack.keys(1)
    for _ in range(2):
        publish(stack.rabbitmq_url, "maintenance", "maintenance.probe.store", b'{"key": %d}' % key)
    eventually(lambda: stack.times(key) == [2], what="two effects")
    assert maintenance.alive()


def metric(running: Running, name: str) -> float:
    return running.metrics().get(f"millrace_messages_{name}", 0.0)


def test_facts_are_announced_to_whoever_listens(stack: Stack, content: Running) -> None:
    with stack.channel() as channel:
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "facts", "facts.movie.#")
        publish_with_pika(
            stack.rabbitmq_url, "scrape", "scrape.movie.save", b'{"tvdb_id": 12586}', message_id="movie-1"
        )
        assert stack.ended("movie-1")["status"] == "succeeded", content.log

        def fact() -> Any:
            method, properties, body = channel.basic_get(queue, auto_ack=True)
            return method and (properties, body)

        properties, body = eventually(fact, what="the fact")
    assert properties.type == "facts.movie.saved"
    assert properties.headers["cause"] == "movie-1"
    assert b"12586" in body
