"""Whatever arrives, from anybody: it is handled where it makes sense, else it dies with its reason; nothing else does.

Every stray is published at once to one pool; its body says which one a dead letter is.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import pytest

from tests.acceptance.stack import Running, Stack
from tests.acceptance.strays import DONE, STORE, STRAYS, properties
from tests.eventually import eventually
from tests.probe.kinds import Nothing, Sleep, Store


@dataclass
class Aftermath:
    """The strays' bodies, and what the pool was before they came."""

    stack: Stack
    pool: Running
    processes: list[int]
    keys: dict[str, int]
    bodies: dict[str, bytes]


@pytest.fixture(scope="module")
def aftermath(stack: Stack, maintenance: Running) -> Aftermath:
    """Publish all strays, and wait until the line is empty again."""
    keys = dict(zip(STRAYS, stack.keys(len(STRAYS)), strict=True))
    bodies = {name: b'{"key": %d}' % keys[name] if it.body is None else it.body for name, it in STRAYS.items()}
    before = Aftermath(stack, maintenance, maintenance.children(), keys, bodies)
    with stack.channel() as channel:
        for name, stray in STRAYS.items():
            channel.basic_publish(stray.exchange, stray.key, bodies[name], stray.properties, mandatory=True)
    dying = sum(stray.fate != DONE for stray in STRAYS.values())
    found = "SELECT id FROM dead_letters WHERE body = ANY(%s)"
    # That some never come is no failure yet: the tests below say which.
    with contextlib.suppress(AssertionError):
        eventually(lambda: len(stack.rows(found, list(bodies.values()))) >= dying, within=30)
    return before


@pytest.mark.parametrize("name", [name for name, stray in STRAYS.items() if stray.fate == DONE])
def test_it_is_handled_like_any_other(name: str, aftermath: Aftermath) -> None:
    assert aftermath.stack.times(aftermath.keys[name]) == [1]
    assert aftermath.stack.rows("SELECT id FROM dead_letters WHERE body = %s", aftermath.bodies[name]) == []


@pytest.mark.parametrize("name", [name for name, stray in STRAYS.items() if stray.fate != DONE])
def test_it_dies_once_with_its_reason_and_is_kept_as_it_came(name: str, aftermath: Aftermath) -> None:
    stray = STRAYS[name]
    letters = aftermath.stack.rows("SELECT * FROM dead_letters WHERE body = %s", aftermath.bodies[name])
    assert [letter["reason"] for letter in letters] == [stray.fate]
    (letter,) = letters
    assert stray.says.lower() in (letter["error"] or "").lower()
    assert letter["queue"] == ("maintenance" if stray.exchange == "maintenance" else "made.up")
    assert (letter["state"], letter["deaths"]) == ("open", 1)
    assert aftermath.stack.times(aftermath.keys[name]) == []


def test_a_routing_key_that_is_no_text_is_one_more_unknown_kind(aftermath: Aftermath) -> None:
    body = b'{"key": "of bytes"}'
    with aftermath.stack.channel() as channel:
        channel.basic_publish("maintenance", Bytes("maintenance.x"), body, mandatory=True)
    look = "SELECT error FROM dead_letters WHERE body = %s"
    letters = eventually(lambda: aftermath.stack.rows(look, body), what="its letter")
    assert "no contract" in letters[0]["error"]


class Bytes(str):
    """Text that becomes other bytes than Python's when it is sent."""

    __slots__ = ()

    def encode(self, *_: str) -> bytes:
        return super().encode() + b"\xff\xfe"


def test_no_stray_ended_the_worker_or_a_process_and_nothing_remains_in_any_queue(aftermath: Aftermath) -> None:
    pool, stack = aftermath.pool, aftermath.stack
    eventually(lambda: stack.left("maintenance") == 0, what="empty queues, in the broker's own statistics")
    assert pool.alive()
    assert pool.children() == aftermath.processes
    assert pool.said("Unrecoverable error") == 0
    (key,) = stack.keys(1)
    stack.ask(Store(key=key))
    eventually(lambda: stack.times(key) == [1], what="the next message")


@pytest.mark.parametrize("kind", ["maintenance.probe.lifted", STORE], ids=["alone", "as one of a bundle"])
def test_an_id_that_was_used_for_something_else_is_no_duplicate_but_a_mistake_that_is_kept(
    stack: Stack, maintenance: Running, kind: str
) -> None:
    (key,) = stack.keys(1)
    message_id = f"reused by {kind}"
    (done,) = stack.ask(Nothing(), message_id=message_id)
    assert stack.ended(done)["status"] == "succeeded"
    body = b'{"key": %d}' % key
    reused = properties(message_id=message_id, headers={"schema": 1 if kind == STORE else 2})
    with stack.channel() as channel:
        channel.basic_publish("maintenance", kind, body, reused, mandatory=True)
    letter = stack.letter(message_id)
    assert (letter["reason"], letter["error_class"], bytes(letter["body"])) == ("invalid", "IdTaken", body)
    assert "maintenance.probe.nothing" in letter["error"]
    assert stack.times(key) == []
    assert stack.ended(message_id)["status"] == "succeeded"
    assert maintenance.alive()


def test_an_id_that_was_used_for_another_entity_is_such_a_mistake(stack: Stack, content: Running) -> None:
    first, second = stack.keys(2)
    (message_id,) = stack.ask(Sleep(key=first, seconds=0.0))
    assert stack.ended(message_id)["status"] == "succeeded"
    stack.ask(Sleep(key=second, seconds=0.0), message_id=message_id)
    assert stack.letter(message_id)["error_class"] == "IdTaken"
    assert content.alive()
