"""What real processes tell of themselves: no count is lost, nothing grows without bound, idle is not dead."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Iterator

import pytest

from shared import clock
from shared.broker.wire import Message
from shared.contracts.screen import SaveSeries
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Fail, Sleep

HANDLED = 'millrace_messages_handled_total{kind="scrape.series.probe_sleep",outcome="done",queue="content"}'

PROMISED = {
    *("messages_received_total", "messages_handled_total", "handle_seconds", "queue_wait_seconds"),
    *("queue_messages", "queue_oldest_message_age_seconds", "queue_consumers", "queue_objective_seconds"),
    *("pool_processes", "pool_instances", "pool_recommended_processes"),
    *("dead_letters", "dead_letters_kept_total", "dead_letter_oldest_age_seconds"),
    *("published_total", "publish_seconds", "outbox_pending", "outbox_oldest_age_seconds"),
    *("upstream_requests_total", "upstream_seconds", "upstream_wait_seconds", "upstream_breaker"),
    *("schedule_last_success_timestamp_seconds", "schedule_overdue_seconds", "stale_entities", "exporter_source_up"),
}
"""Metrics that pools, relay and exporter have between them, once each has had something to do."""


@pytest.fixture(scope="module")
def worker(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - keeps what dies
    """Start a content worker whose processes may be killed."""
    started = stack.worker("content", concurrency=2)
    yield started
    started.stop()


@pytest.fixture(scope="module")
def exporter(stack: Stack) -> Running:
    """Start an exporter that looks more often than it would have to."""
    command = (sys.executable, "-m", "producers.cli", "exporter", "--every", "0.5")
    return stack.start("exporter", *command, ready=lambda it: it.said("exporter started"))


def test_counts_survive_the_processes_that_counted_and_leave_no_files_behind(stack: Stack, worker: Running) -> None:
    folder = stack.folder / f"metrics.content.{worker.node.partition('@')[0].rpartition('.')[2]}"

    def handle_and_die(done: int) -> set[str]:
        for message in stack.ask(*(Sleep(key=key, seconds=0.0) for key in stack.keys(4))):
            assert stack.ended(message)["status"] == "succeeded"
        eventually(lambda: worker.metrics().get(HANDLED) == done, what=f"{done} messages counted")
        written, processes = {path.name for path in folder.iterdir()}, worker.children()
        for pid in processes:
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: len(set(worker.children()) - set(processes)) == 2, what="two new processes")
        assert worker.metrics()[HANDLED] == done, "the dead have counted, too"
        return written

    files = [handle_and_die(done) for done in (4, 8, 12, 16)]
    assert len(files[-1]) <= 3 * 3, "parent and two places, each with counters, histograms and gauges"
    assert {name.rpartition("_")[2] for name in files[-1]} <= {"parent.db", "slot0.db", "slot1.db"}


def test_a_flood_of_made_up_kinds_and_ids_adds_no_series(
    stack: Stack, worker: Running, maintenance: Running, exporter: Running
) -> None:
    def series() -> set[str]:
        return {name for each in (worker, maintenance, exporter) for name in each.metrics() if name[:8] == "millrace"}

    def flood(number: int) -> None:
        letters = len(stack.rows("SELECT FROM dead_letters")) + number
        stack.publish([stray(f"{number}.{each}") for each in range(number)])
        eventually(lambda: len(stack.rows("SELECT FROM dead_letters")) == letters, what="the deaths of all")
        eventually(lambda: counted() == letters, what="the exporter's count")

    def counted() -> float:
        return sum(value for name, value in exporter.metrics().items() if name.startswith("millrace_dead_letters{"))

    flood(3)
    few = series()
    flood(40)
    assert series() == few
    assert not [name for name in few if re.search(r"made|[0-9a-f]{8}-", name)]


def stray(name: str) -> Message:
    """Return a message of a kind that nobody has, under an id that nobody needs."""
    kind = f"scrape.series.made_up.{name}"
    return Message(
        kind=kind,
        body=b"{}",
        exchange="scrape",
        routing_key=kind,
        message_id=f"made-up-{name}",
        correlation_id=f"made-up-{name}",
        published_at=clock.milliseconds(clock.now()),
        app_id=f"made-up-{name}",
    )


def test_whatever_is_promised_is_told_by_somebody(
    stack: Stack, worker: Running, maintenance: Running, exporter: Running
) -> None:
    relay = next(each for each in stack.running if each.said("relay started"))
    with stack.sql() as connection:
        connection.execute(
            "INSERT INTO schedules (name, kind, interval_seconds, changed_at, next_due_at, last_success_at)"
            " VALUES ('probe', 'k', 60, now(), now(), now())"
        )
    asked = stack.ask(SaveSeries(tvdb_id=81189))
    (dead,) = stack.ask(Fail(error="ZeroDivisionError"))
    assert stack.ended(asked[0])["status"] == "succeeded"
    stack.letter(dead)

    def missing() -> set[str]:
        names = {name for each in (relay, worker, maintenance, exporter) for name in each.metrics()}
        told = {re.sub(r"(_bucket|_sum|_count)?(\{.*)?$", "", name).removeprefix("millrace_") for name in names}
        assert not [name for name in told if name.endswith("_created")]
        return PROMISED - told

    eventually(lambda: not missing(), within=40, what="every metric")


def test_an_idle_pool_looks_alive_and_a_dead_one_does_not(worker: Running, exporter: Running) -> None:
    def told() -> tuple[float, ...]:
        metrics = exporter.metrics()
        queues = ("content", "content.urgent")
        consumers = (metrics.get(f'millrace_queue_consumers{{queue="{queue}"}}', -1) for queue in queues)
        return (metrics.get('millrace_pool_instances{queue="content"}', -1), *consumers)

    eventually(lambda: told() == (1, 1, 1), within=40, what="one instance that consumes both queues")
    assert worker.metrics()['millrace_pool_processes{queue="content",state="idle"}'] == 2
    assert worker.metrics()['millrace_pool_processes{queue="content",state="busy"}'] == 0

    worker.kill()

    eventually(lambda: told() == (0, 0, 0), within=40, what="nobody there")
