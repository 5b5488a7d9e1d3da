"""A pool that is asked to end finishes what it has begun; and what it tells about itself is true."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.broker import topology
from shared.broker.topology import WORK
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Fail, Nothing, Sleep, Store


@pytest.fixture
def leaving(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - keeps what dies
    worker = stack.worker("content", concurrency=2)
    yield worker
    worker.stop()


@pytest.fixture
def processing(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001
    worker = stack.worker("processing", concurrency=1)
    yield worker
    worker.stop()


def test_on_sigterm_a_worker_finishes_what_runs_acknowledges_it_and_leaves_the_rest(
    stack: Stack, leaving: Running
) -> None:
    keys = stack.keys(6)
    ids = stack.ask(*(Sleep(key=key, seconds=2.0) for key in keys))
    running = "SELECT message_id FROM sync_log WHERE status = 'running' AND message_id = ANY(%s)"
    begun = eventually(lambda: len(rows := stack.rows(running, ids)) == 2 and rows, what="two running")

    leaving.process.signal(signal.SIGTERM)

    assert leaving.process.wait(15)
    done = [row["message_id"] for row in begun or []]
    assert {stack.ended(message, within=1)["status"] for message in done} == {"succeeded"}
    eventually(lambda: stack.depth("content") == 4, what="the four others, waiting")
    rest = sorted(set(ids) - set(done))
    assert all(stack.run(message) is None for message in rest)

    successor = stack.worker("content", concurrency=2)
    assert {stack.ended(message)["status"] for message in rest} == {"succeeded"}
    assert stack.times(*keys) == [1] * 6
    assert successor.stop() == "SIGTERM"


def test_a_pool_counts_what_it_received_and_what_became_of_it(stack: Stack, processing: Running) -> None:
    (key,) = stack.keys(1)
    once = stack.compose(Store(key=key))
    others = (Fail(error="UpstreamAway", times=1), Fail(error="ZeroDivisionError"), Nothing())
    # To a queue of which this pool is the only consumer, so that its numbers are those of these messages alone.
    for message in (once, once, *(stack.compose(other) for other in others)):
        stack.publish([replace(message, exchange=WORK, routing_key="processing")])

    kinds = {
        "maintenance.probe.store": {"done": 1, "duplicate": 1},
        "maintenance.probe.fail": {"retried": 1, "done": 1, "dead": 1},
        "maintenance.probe.nothing": {"done": 1},
    }
    expected = {
        f'millrace_messages_handled_total{{kind="{kind}",outcome="{outcome}",queue="processing"}}': float(number)
        for kind, outcomes in kinds.items()
        for outcome, number in outcomes.items()
    }

    def told() -> dict[str, float]:
        return {
            name: value for name, value in processing.metrics().items() if name.startswith("millrace_messages_handled")
        }

    eventually(lambda: told() == expected, what="all outcomes")
    numbers = processing.metrics()
    labels = '{kind="maintenance.probe.fail",queue="processing"}'
    assert numbers[f"millrace_messages_received_total{labels}"] == 3
    assert numbers[f"millrace_handle_seconds_count{labels}"] == 3
    assert 0 < numbers[f"millrace_handle_seconds_sum{labels}"] < 5
    assert numbers[f"millrace_queue_wait_seconds_count{labels}"] == 2, "a retry's delay is no wait in a queue"
    assert 0 <= numbers[f"millrace_queue_wait_seconds_sum{labels}"] < 10
    assert numbers['millrace_pool_processes{queue="processing",state="idle"}'] == 1
    assert numbers['millrace_pool_processes{queue="processing",state="busy"}'] == 0
    assert not any("01a" in name for name in numbers), "no ids in labels"


def test_a_busy_process_is_counted_as_busy(stack: Stack, leaving: Running) -> None:
    stack.ask(Sleep(key=stack.keys(1)[0], seconds=2.0))
    busy, idle = (f'millrace_pool_processes{{queue="content",state="{state}"}}' for state in ("busy", "idle"))
    eventually(lambda: (leaving.metrics()[busy], leaving.metrics()[idle]) == (1, 1), what="one of two busy")
    eventually(lambda: leaving.metrics()[busy] == 0, what="none busy")


def test_counters_outlive_the_process_that_counted(stack: Stack, leaving: Running) -> None:
    name = 'millrace_messages_handled_total{kind="scrape.series.probe_sleep",outcome="done",queue="content"}'
    ids = stack.ask(*(Sleep(key=key, seconds=0.0) for key in stack.keys(4)))
    for message in ids:
        stack.ended(message)
    eventually(lambda: leaving.metrics().get(name) == 4, what="four")
    for child in leaving.children():
        os.kill(child, signal.SIGKILL)
    stack.ended(stack.ask(Sleep(key=stack.keys(1)[0], seconds=0.0))[0])
    eventually(lambda: leaving.metrics().get(name) == 5, what="five")


def test_millrace_pool_start_is_such_a_worker(stack: Stack) -> None:
    pool = stack.start(
        "pool", "millrace", "pool", "start", "person", "--concurrency", "1", ready=lambda it: it.said(" ready.")
    )
    with stack.channel() as channel:
        for queue in topology.pool_named("person").queues:
            assert channel.queue_declare(queue, passive=True).method.consumer_count == 1
    numbers = pool.metrics()
    assert sum(numbers[f'millrace_pool_processes{{queue="person",state="{state}"}}'] for state in ("busy", "idle")) == 1
    assert pool.stop() == "SIGTERM"
