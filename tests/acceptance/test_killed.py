"""kill -9 of anything, at the worst moment: what it was working on is done, once, by whoever comes next."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import psutil
import pytest

from consumers.results import MessageFailed
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Dawdle, Die, Sleep, Store

SECONDS = 1.0
"""How long the work of one message takes here: long enough to be killed in its middle."""


@pytest.fixture
def victim(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - keeps what dies
    """Start a content worker that may be killed; nobody else consumes its queue."""
    worker = stack.worker("content", concurrency=2)
    yield worker
    worker.stop()


def sleepers(stack: Stack, number: int = 4) -> tuple[list[int], list[str]]:
    """Ask for more work than the processes can hold, and wait until they are in the middle of it."""
    keys = stack.keys(number)
    ids = stack.ask(*(Sleep(key=key, seconds=SECONDS) for key in keys))

    def under_way() -> bool:
        running = stack.rows("SELECT message_id FROM sync_log WHERE status = 'running' AND message_id = ANY(%s)", ids)
        return len(running) >= 2

    eventually(under_way, what="two messages being worked on")
    return keys, ids


def done_once(stack: Stack, keys: list[int], ids: list[str], *, within: float = 30) -> None:
    for message_id in ids:
        assert stack.ended(message_id, within=within)["status"] == "succeeded"
    assert stack.times(*keys) == [1] * len(keys)
    assert all(len(stack.run(message_id)["attempts"]) == 1 for message_id in ids)  # type: ignore[index]
    assert [stack.letters(message_id) for message_id in ids] == [[]] * len(ids)


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_work_whose_process_is_killed_is_done_once_and_the_pool_is_whole_again(stack: Stack, victim: Running) -> None:
    keys, ids = sleepers(stack)
    killed = victim.children()[0]

    os.kill(killed, signal.SIGKILL)

    done_once(stack, keys, ids)
    assert victim.alive()
    eventually(lambda: len(victim.children()) == 2 and killed not in victim.children(), what="a new process")


def test_work_whose_whole_worker_is_killed_is_done_once_by_the_next_worker(stack: Stack, victim: Running) -> None:
    keys, ids = sleepers(stack)
    family = [victim.pid, *victim.children()]

    victim.kill()

    assert not any(runs(pid) for pid in family)
    successor = stack.worker("content", concurrency=2)
    done_once(stack, keys, ids)
    successor.stop()


def test_a_broker_that_is_killed_and_comes_back_has_lost_nothing_and_the_worker_finds_it(
    stack: Stack, victim: Running
) -> None:
    keys, ids = sleepers(stack, 6)
    processes = victim.children()

    stack.broker.kill()
    stack.broker.start()

    done_once(stack, keys, ids, within=60)
    assert victim.alive()
    assert victim.children() == processes
    (key,) = stack.keys(1)
    assert stack.ended(stack.ask(Sleep(key=key, seconds=0.0))[0])["status"] == "succeeded"
    stack.ask(Store(key=key + 10_000_000))
    eventually(lambda: stack.times(key + 10_000_000) == [1], what="the other pool, which lost its connection too")


def test_a_message_that_kills_its_process_ends_in_the_dead_letters_and_the_pool_survives(
    stack: Stack, victim: Running
) -> None:
    (poison,) = stack.ask(Die())
    (key,) = stack.keys(1)

    letter = stack.letter(poison, within=60)

    assert letter["reason"] == "delivery_limit"
    assert (letter["queue"], letter["kind"]) == ("content", "scrape.series.probe_die")
    assert bytes(letter["body"]) == b"{}"
    assert victim.alive()
    assert stack.ended(stack.ask(Sleep(key=key, seconds=0.0))[0])["status"] == "succeeded"
    eventually(lambda: stack.depth("content") == 0, what="an empty queue")


def test_work_that_takes_too_long_is_interrupted_tried_again_and_at_last_dead(stack: Stack, victim: Running) -> None:
    (message,) = stack.ask(Dawdle())
    letter = stack.letter(message)
    assert (letter["reason"], letter["error_class"]) == ("exhausted", "SoftTimeLimitExceeded")
    assert len(stack.ended(message)["attempts"]) == 4
    assert victim.alive()


def test_work_that_cannot_be_interrupted_is_killed_up_to_the_delivery_limit(stack: Stack, victim: Running) -> None:
    result = stack.app.tasks["scrape.series.probe_hang"].delay()
    assert stack.letter(result.id, within=60)["reason"] == "delivery_limit"
    with pytest.raises(MessageFailed, match="delivery_limit: given up by the broker"):
        result.get(timeout=10)
    assert victim.alive()
    assert stack.ended(stack.ask(Sleep(key=stack.keys(1)[0], seconds=0.0))[0])["status"] == "succeeded"
