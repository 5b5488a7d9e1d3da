"""A pool becomes larger and smaller while it works, and nothing of its work notices."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from producers.cli.root import app
from producers.scaling.asking import instances, resize
from producers.scaling.views import Instance
from shared.settings import Settings
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Sleep


@pytest.fixture
def alone(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - keeps what dies
    worker = stack.worker("content", concurrency=1)
    yield worker
    worker.stop()


def settings(stack: Stack) -> Settings:
    return Settings(rabbitmq_url=SecretStr(stack.rabbitmq_url))


def standing(stack: Stack, worker: Running) -> Instance | None:
    return next((one for one in instances(settings(stack)) if one.node == worker.node), None)


def received(worker: Running) -> float:
    return sum(
        number
        for name, number in worker.metrics().items()
        if name.startswith("millrace_messages_received_total") and 'queue="content' in name
    )


def test_a_pool_grows_and_shrinks_under_load_and_loses_repeats_and_interrupts_nothing(
    stack: Stack, alone: Running
) -> None:
    keys = stack.keys(400)
    asks = [Sleep(key=key, seconds=1.0 if number % 25 == 0 else 0.05) for number, key in enumerate(keys)]
    ids = stack.ask(*asks)
    done = "SELECT count(*) AS n FROM sync_log WHERE status = 'succeeded' AND message_id = ANY(%s)"

    (grown,) = resize(settings(stack), {alone.node: 4})
    assert (grown.processes, grown.prefetch) == (4, 4)
    eventually(lambda: len(alone.children()) == 4, what="four processes")
    eventually(lambda: stack.rows(done, ids)[0]["n"] >= 150, within=60, what="a good part of it done")
    (shrunk,) = resize(settings(stack), {alone.node: 1})
    assert shrunk.processes == 1
    eventually(lambda: len(alone.children()) == 1, what="one process")
    assert stack.rows(done, ids)[0]["n"] < 400, "it was under load all the time"
    (grown,) = resize(settings(stack), {alone.node: 4})

    eventually(lambda: stack.rows(done, ids)[0]["n"] == 400, within=60, what="all of it done")
    (shrunk,) = resize(settings(stack), {alone.node: 1})
    one = eventually(
        lambda: (seen := standing(stack, alone)) and (seen.busy, seen.stopping) == (0, 0) and seen, what="rest"
    )
    assert stack.times(*keys) == [1] * 400
    assert received(alone) == 400, "nothing came twice"
    assert alone.said("exited with") == alone.said("prematurely") == 0
    assert alone.alive()
    assert one
    assert one.handled == 400
    assert 16 + 384 * 0.05 < one.seconds < 120


def millrace(stack: Stack, *words: str) -> Result:
    return CliRunner().invoke(app, words, env=stack.environment(), prog_name="millrace")


def test_the_command_spreads_processes_over_all_instances_and_says_what_it_cannot_do(
    stack: Stack, maintenance: Running
) -> None:
    nobody = millrace(stack, "pool", "scale", "scraping", "2")
    assert (nobody.exit_code, "no instance of the pool scraping answers" in nobody.stderr) == (1, True)
    assert "millrace pool start scraping" in nobody.stderr
    one, two = stack.worker("scraping", concurrency=1), stack.worker("scraping", concurrency=2)

    done = millrace(stack, "pool", "scale", "scraping", "5", "--wait", "--json")

    assert done.exit_code == 0, done.output
    after = {told["node"]: told["processes"] for told in json.loads(done.stdout)["after"]}
    assert after in ({one.node: 2, two.node: 3}, {one.node: 3, two.node: 2})
    assert sorted((len(one.children()), len(two.children()))) == [2, 3]
    few = millrace(stack, "pool", "scale", "scraping", "1")
    assert (few.exit_code, "each needs one" in few.stderr, "stop an instance" in few.stderr) == (2, True, True)
    (seen,) = (
        pool for pool in json.loads(millrace(stack, "pool", "status", "--json").stdout) if pool["name"] == "scraping"
    )
    assert (seen["processes"], len(seen["instances"])) == (5, 2)
    assert maintenance.alive()
    for worker in (one, two):
        assert worker.stop() == "SIGTERM"
