"""The line at work with accounts and database roles that may do no more than they must."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from deploy.local.postgres import Database
from deploy.local.rabbitmq import Broker
from shared.contracts.screen import SaveSeries
from tests import services
from tests.acceptance.stack import Stack
from tests.eventually import eventually
from tests.guarded import Guarded, guarded, logins
from tests.probe.kinds import Ask, Fail

BREAKING_BAD = 81189


@pytest.fixture(scope="module")
def place(broker: Broker) -> Iterator[Guarded]:
    with guarded(broker) as made:
        yield made


@pytest.fixture(scope="module")
def line(
    place: Guarded, database: Database, template: str, broker: Broker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """Start pools as `consumer`, a relay as `line`, all of them with the database role of the line."""
    folder = tmp_path_factory.mktemp("line")
    with services.a_clone(database, template) as owner_url, logins(owner_url) as urls:
        Stack(broker, database, place.url, owner_url, folder).prepare()
        pools = Stack(broker, database, place.urls["consumer"], urls["line"], folder)
        others = Stack(broker, database, place.urls["line"], urls["line"], folder, sandbox_port=pools.sandbox_port)
        try:
            others.sandbox()
            others.relay()
            for pool in ("maintenance", "content"):
                others.running.append(pools.worker(pool, concurrency=1))
            yield others
        finally:
            others.stop()


def test_a_message_and_what_follows_from_it_are_done(line: Stack) -> None:
    key, child = line.keys(2)
    (message,) = line.ask(Ask(key=key))

    assert line.ended(message)["status"] == "succeeded"
    eventually(lambda: line.times(key, child) == [1, 1], what="both effects")


def test_an_upstream_is_asked_again_and_its_answer_stored(line: Stack) -> None:
    line.fault(path=f"/tvdb/v4/series/{BREAKING_BAD}/extended", status=503, times=1)
    (message,) = line.ask(SaveSeries(tvdb_id=BREAKING_BAD))

    row = line.ended(message)

    assert [attempt["outcome"] for attempt in row["attempts"]] == ["retried", "done"]


def test_what_cannot_succeed_is_kept_and_replayed(line: Stack) -> None:
    (message,) = line.ask(Fail(error="ZeroDivisionError"))
    letter = line.letter(message)

    replayed = subprocess.run(
        [sys.executable, "-m", "producers.cli", "replay", str(letter["id"])],
        env=line.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert replayed.returncode == 0, replayed.stderr
    eventually(lambda: len((line.run(message) or {})["attempts"]) == 2, what="the second attempt")


def test_workers_are_asked_and_resized_by_whoever_may_command_them(line: Stack) -> None:
    (node,) = [running.node for running in line.running if running.node.startswith("content")]

    assert line.app.control.ping([node], timeout=5) == [{node: {"ok": "pong"}}]
    (grown,) = line.app.control.pool_grow(1, destination=[node], reply=True, timeout=10)
    assert "ok" in grown[node]


def test_nothing_was_refused_to_them(line: Stack) -> None:
    assert [running.log.name for running in line.running if running.said("ACCESS_REFUSED")] == []
    assert [running.log.name for running in line.running if running.said("InsufficientPrivilege")] == []
