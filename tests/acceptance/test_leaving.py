"""A worker that ends hands back what no process had begun with, and nobody counts that as a delivery."""

from __future__ import annotations

import signal
from dataclasses import replace

from shared.broker.topology import WORK
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Observe, Sleep


def returned(stack: Stack, queue: str) -> dict[str | None, object]:
    """Return what the broker has counted of each message that waits in a queue; looking counts, too."""
    with stack.channel() as channel:
        seen = [channel.basic_get(queue)[1] for _ in range(stack.depth(queue))]
        return {one.message_id: (one.headers or {}).get("x-delivery-count", 0) for one in seen}


def test_messages_that_were_only_prefetched_outlive_restarts_untouched(stack: Stack, maintenance: Running) -> None:
    keys, nameless = stack.keys(60), stack.keys(1)
    ids = stack.ask(*(Sleep(key=key, seconds=0.2) for key in keys))
    with stack.channel() as channel:
        body = Sleep(key=nameless[0], seconds=0.2).model_dump_json().encode()
        channel.basic_publish("scrape", "scrape.series.probe_sleep", body, mandatory=True)

    for _ in range(2):
        worker = stack.worker("content", concurrency=1, prefetch=100)
        eventually(lambda: stack.depth("content") == 0, what="all of it prefetched")
        assert worker.stop() == "SIGTERM"
        assert stack.depth("content") > 10, "most of them had never begun"
    # One without an id of its own is the broker's to return, for now.
    assert {count for identity, count in returned(stack, "content").items() if identity is not None} == {0}

    last = stack.worker("content", concurrency=4)
    eventually(lambda: stack.times(*keys, *nameless) == [1] * 61, within=60, what="each of them, once")
    eventually(lambda: stack.left("content") == 0, what="an empty queue")
    assert last.stop() == "SIGTERM"
    assert stack.rows("SELECT * FROM dead_letters WHERE message_id = ANY(%s)", ids) == []
    assert maintenance.alive()


def test_what_gathers_for_a_bundle_is_handed_back_too(stack: Stack, maintenance: Running) -> None:
    keys = stack.keys(3000)
    worker = stack.worker("processing", concurrency=1)
    messages = [stack.compose(Observe(key=key)) for key in keys]
    stack.publish([replace(message, exchange=WORK, routing_key="processing") for message in messages])
    worker.process.signal(signal.SIGTERM)
    assert worker.process.wait(20)
    assert worker.said("handed back")
    successor = stack.worker("processing", concurrency=1)
    eventually(lambda: stack.times(*keys) == [1] * 3000, within=60, what="each of them, once")
    assert successor.stop() == "SIGTERM"
    assert maintenance.alive()
