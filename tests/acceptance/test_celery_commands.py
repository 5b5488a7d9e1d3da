"""Celery's own commands and events, used on the line as operators use them on any Celery."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from celery.exceptions import TaskRevokedError

from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually, throughout

pytestmark = pytest.mark.usefixtures("content")

BREAKING_BAD = 81189


def celery(stack: Stack, *arguments: str, app: str = "tests.probe.app") -> str:
    """Run a Celery command as an operator does, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", app, *arguments],
        env=stack.environment(),
        cwd=stack.folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def replies(stack: Stack, command: str, *workers: Running) -> list[Any]:
    """Run a command of `celery inspect`, and return the reply of each of these workers."""
    nodes = [worker.node for worker in workers]
    printed = celery(stack, "inspect", command, "--json", "--timeout", "10", "--destination", ",".join(nodes))
    answer = json.loads(printed)
    return [answer[node] for node in nodes]


def control(stack: Stack, worker: Running, *command: str) -> None:
    """Run a command of `celery control` for one worker."""
    celery(stack, "control", "--timeout", "10", "--destination", worker.node, *command)


def test_celery_call_publishes_and_celery_result_shows_what_came_out(stack: Stack) -> None:
    kwargs = json.dumps({"tvdb_id": BREAKING_BAD})
    printed = celery(stack, "call", "scrape.series.save", "--kwargs", kwargs, app="consumers.app")
    identity = printed.split()[-1]
    assert stack.ended(identity)["status"] == "succeeded"
    assert "Breaking Bad" in celery(stack, "result", identity, app="consumers.app")


@pytest.mark.parametrize("command", ["ping", "stats", "registered", "reserved", "conf", "report"])
def test_celery_inspect_is_answered_by_every_worker(
    stack: Stack, content: Running, maintenance: Running, command: str
) -> None:
    assert all(answer is not None for answer in replies(stack, command, content, maintenance))


def test_inspect_tells_queues_tasks_and_what_is_being_worked_on(stack: Stack, content: Running, sleep: Any) -> None:
    (queues,) = replies(stack, "active_queues", content)
    assert {queue["name"] for queue in queues} == {"content", "content.urgent"}
    (registered,) = replies(stack, "registered", content)
    assert "scrape.series.save" in {entry.split()[0] for entry in registered}

    whole = len(content.children())
    result = sleep.delay(key=stack.keys(1)[0], seconds=60.0)
    eventually(lambda: result.state == "STARTED", what="a running task")
    working = set(content.children())
    ((active,),) = replies(stack, "active", content)
    assert (active["id"], active["name"]) == (result.id, "scrape.series.probe_sleep")
    assert '"seconds":60.0' in str(active["kwargs"])
    stack.app.control.revoke(result.id, terminate=True, signal="SIGKILL")
    with pytest.raises(TaskRevokedError, match="terminated"):
        result.get(timeout=20)
    anew = lambda: len(content.children()) == whole and set(content.children()) != working  # noqa: E731
    eventually(anew, what="another process in its place")


def test_a_pool_that_grew_is_given_more_to_do_until_it_shrinks(stack: Stack, content: Running, sleep: Any) -> None:
    before = len(content.children())
    control(stack, content, "pool_grow", "1")
    eventually(lambda: len(content.children()) == before + 1, what="a process more")

    results = [sleep.delay(key=key, seconds=1.0) for key in stack.keys(before + 2)]
    busy = 'millrace_pool_processes{queue="content",state="busy"}'
    eventually(lambda: content.metrics()[busy] == before + 1, what="all of them at work")
    for result in results:
        result.get(timeout=20)

    control(stack, content, "pool_shrink", "1")
    eventually(lambda: len(content.children()) == before, what="a process less")


def test_what_is_revoked_before_it_starts_is_not_done(stack: Stack, content: Running, sleep: Any) -> None:
    blockers = [sleep.delay(key=key, seconds=8.0) for key in stack.keys(2)]
    eventually(lambda: {blocker.state for blocker in blockers} == {"STARTED"}, what="a busy pool")
    (key,) = stack.keys(1)
    revoked = sleep.delay(key=key, seconds=0.0)
    control(stack, content, "revoke", revoked.id)
    with pytest.raises(TaskRevokedError, match="revoked"):
        revoked.get(timeout=20)
    assert revoked.state == "REVOKED"
    assert {blocker.get(timeout=20) for blocker in blockers} == {None}
    eventually(lambda: stack.left("content") == 0, what="empty queues")
    assert stack.times(key) == []


def test_what_is_terminated_ends_and_the_pool_lives(stack: Stack, content: Running, sleep: Any) -> None:
    (key,) = stack.keys(1)
    result = sleep.delay(key=key, seconds=60.0)
    eventually(lambda: result.state == "STARTED", what="a running task")
    control(stack, content, "terminate", "SIGKILL", result.id)
    with pytest.raises(TaskRevokedError, match="terminated"):
        result.get(timeout=20)
    eventually(lambda: stack.left("content") == 0, what="empty queues")
    assert stack.times(key) == []
    assert sleep.delay(key=stack.keys(1)[0], seconds=0.0).get(timeout=20) is None


def test_a_consumer_is_cancelled_and_added_again(stack: Stack, content: Running, sleep: Any) -> None:
    control(stack, content, "cancel_consumer", "content")
    (key,) = stack.keys(1)
    result = sleep.delay(key=key, seconds=0.0)
    throughout(lambda: not result.ready(), seconds=1, what="a queue that nobody consumes")
    control(stack, content, "add_consumer", "content")
    assert result.get(timeout=20) is None


def test_purge_empties_the_queues_and_asks_for_force(stack: Stack) -> None:
    with stack.channel() as channel:
        channel.basic_publish("work", "scraping", b"{}", mandatory=True)
    assert stack.depth("scraping") == 1
    celery(stack, "purge", "-f", "-Q", "scraping")
    assert stack.depth("scraping") == 0


def test_celery_events_dumps_what_the_workers_tell(stack: Stack, content: Running, sleep: Any) -> None:
    control(stack, content, "enable_events")
    dump = stack.start(
        "events",
        sys.executable,
        *("-u", "-m", "celery", "-A", "tests.probe.app", "events", "--dump"),
        ready=lambda it: it.said("starting capture"),
    )

    def told() -> bool:
        # It says that it has begun a moment before it listens.
        result = sleep.delay(key=stack.keys(1)[0], seconds=0.0)
        result.get(timeout=20)
        return dump.said(result.id) >= 2

    eventually(told, within=40, what="its events")
    assert dump.said("scrape.series.probe_sleep") >= 1
    dump.kill()
