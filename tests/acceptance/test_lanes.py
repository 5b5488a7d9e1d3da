"""Whoever waits does not stand behind ten thousand background refreshes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from shared import clock
from shared.broker.wire import compose
from tests.acceptance.foreign import publish_with_pika
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import PROBE_CONTRACTS, Sleep

CROWD = 10_000
WORK = 0.05
"""Seconds that each of the crowd takes."""

SOON = timedelta(seconds=1)


@pytest.fixture(scope="module")
def crowd(stack: Stack, content: Running) -> Iterator[Running]:
    """Let ten thousand requests of nobody in particular wait for two processes."""
    keys = itertools.count(500_000_000)
    stack.publish([compose(PROBE_CONTRACTS, Sleep(key=next(keys), seconds=WORK), priority=1) for _ in range(CROWD)])
    assert stack.depth("content") > CROWD * 0.8
    yield content
    assert stack.depth("content") > CROWD * 0.2, "the crowd was served before the urgent could be said to pass it"
    with stack.channel() as channel:
        channel.queue_purge("content")


def started(stack: Stack, message_id: str) -> datetime:
    row = stack.ended(message_id, within=10)
    assert row["status"] == "succeeded"
    moment: datetime = row["started_at"]
    return moment


@pytest.mark.usefixtures("crowd")
def test_a_request_of_priority_9_starts_within_a_second_though_ten_thousand_wait(stack: Stack) -> None:
    for _ in range(5):
        asked_at = clock.now()
        (urgent,) = stack.ask(Sleep(key=stack.keys(1)[0], seconds=0.0), priority=9)
        assert started(stack, urgent) - asked_at < SOON


@pytest.mark.usefixtures("crowd")
def test_apply_async_with_priority_9_takes_the_same_door(stack: Stack) -> None:
    task = stack.app.tasks["scrape.series.probe_sleep"]
    asked_at = clock.now()
    result = task.apply_async(kwargs={"key": stack.keys(1)[0], "seconds": 0.0}, priority=9)
    assert started(stack, result.id) - asked_at < SOON


@pytest.mark.usefixtures("crowd")
def test_a_foreign_client_takes_it_by_publishing_to_the_exchange_urgent(stack: Stack) -> None:
    body = b'{"key": %d, "seconds": 0.0}' % stack.keys(1)[0]
    asked_at = clock.now()
    publish_with_pika(stack.rabbitmq_url, "urgent", "scrape.series.probe_sleep", body, message_id="foreign-urgent")
    assert started(stack, "foreign-urgent") - asked_at < SOON


def test_the_crowd_is_served_meanwhile(stack: Stack, crowd: Running) -> None:
    def served() -> int:
        rows = stack.rows("SELECT count(*) FROM probe_rows WHERE key >= 500000000 AND key < 600000000")
        return int(rows[0]["count"])

    before = served()
    eventually(lambda: served() > before + 10, what="ten more of the crowd")
    assert crowd.alive()
