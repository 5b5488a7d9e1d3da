"""A dead letter goes back to the queue that failed, under its own id, and the ledger knows how that ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from shared import ledger
from shared.broker.topology import DEAD_LETTER
from shared.contracts.screen import SaveMovie
from shared.database.engine import open_engine
from tests.acceptance.foreign import publish_with_pika
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Store

pytestmark = pytest.mark.usefixtures("content")

MOVIE = 12586
RECORD = f"/tvdb/v4/movies/{MOVIE}/extended"


@pytest.fixture(scope="module")
def engine(stack: Stack) -> Iterator[Engine]:
    opened = open_engine(stack.database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def broken(stack: Stack) -> Iterator[int]:
    """Let TheTVDB answer nonsense about a movie until the fault is removed."""
    fault = stack.fault(path=RECORD, body="nonsense")
    yield fault
    mend(stack, fault)


def mend(stack: Stack, fault: int) -> None:
    httpx.delete(f"{stack.sandbox_url}/control/faults/{fault}", timeout=5)


def replay(engine: Engine, letter: int) -> str:
    with engine.begin() as connection:
        return ledger.replay(connection, letter, actor="a test")


def state(stack: Stack, letter: int, *states: str) -> dict[str, Any]:
    """Return a letter once it is in one of these states."""
    look = "SELECT * FROM dead_letters WHERE id = %s AND state = ANY(%s)"
    return eventually(lambda: stack.rows(look, letter, list(states)), what=f"the state {states}")[0]


def test_a_replayed_letter_whose_cause_was_mended_is_done_and_resolved(
    stack: Stack, engine: Engine, broken: int
) -> None:
    (message,) = stack.ask(SaveMovie(tvdb_id=MOVIE), priority=9)
    letter = stack.letter(message)
    with engine.connect() as connection:
        (listed,) = ledger.listing(connection, state="open", kind="scrape.movie.save", queue="content.urgent")
        shown = ledger.show(connection, listed["id"])
    assert (listed["id"], shown["entity"], shown["body"]) == (letter["id"], f"movie:{MOVIE}", '{"tvdb_id":12586}')
    assert shown["attempts"][0]["answer"] == "nonsense"

    mend(stack, broken)
    assert replay(engine, letter["id"]) == message

    after = state(stack, letter["id"], "resolved")
    assert (after["deaths"], after["replays"]) == (1, 1)
    row = stack.ended(message)
    assert (row["status"], row["queue"]) == ("succeeded", "content.urgent"), "back to the queue that failed"
    assert [attempt["outcome"] for attempt in row["attempts"]] == ["dead", "done"]
    with engine.connect() as connection:
        actions = ledger.show(connection, letter["id"])["actions"]
    assert ("a test", "replay") in {(action["actor"], action["action"]) for action in actions}


@pytest.mark.usefixtures("broken")
def test_a_replayed_letter_that_dies_again_is_open_again_with_one_death_more(stack: Stack, engine: Engine) -> None:
    (message,) = stack.ask(SaveMovie(tvdb_id=MOVIE))
    letter = stack.letter(message)

    replay(engine, letter["id"])

    def dead_twice() -> bool:
        (row,) = stack.letters(message)
        return (row["state"], row["deaths"], row["replays"]) == ("open", 2, 1)

    eventually(dead_twice, what="the second death")
    (again,) = stack.letters(message)
    assert again["last_died_at"] > again["first_died_at"] == letter["first_died_at"]
    assert [attempt["outcome"] for attempt in stack.ended(message)["attempts"]] == ["dead", "dead"]


def test_replaying_a_message_that_in_truth_succeeded_changes_nothing_and_resolves_the_letter(
    stack: Stack, engine: Engine, maintenance: Running
) -> None:
    (key,) = stack.keys(1)
    (message,) = stack.ask(Store(key=key))
    assert stack.ended(message)["status"] == "succeeded"
    # As a broker would that dead-letters what a worker had done but not acknowledged.
    publish_with_pika(
        stack.rabbitmq_url,
        DEAD_LETTER,
        "maintenance",
        b'{"key":%d,"value":0}' % key,
        message_id=message,
        type="maintenance.probe.store",
    )
    letter = stack.letter(message)

    replay(engine, letter["id"])

    state(stack, letter["id"], "resolved")
    assert stack.times(key) == [1]
    assert len(stack.ended(message)["attempts"]) == 1
    assert maintenance.alive()
