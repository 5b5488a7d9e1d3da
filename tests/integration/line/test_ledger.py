"""The ledger of dead letters: each is kept once, counted each time it dies, and replayed by one person at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from shared import ledger, outbox
from shared.broker.wire import DEATH_HEADER, Delivery
from shared.ledger import NoSuchLetter, NotOpen

AT = 1_790_000_000_000


def death(**changes: Any) -> dict[str, Any]:
    told = {"queue": "content.urgent", "kind": "scrape.series.save", "reason": "rejected", "at": AT}
    return told | {"error": "UnreadableAnswer", "message": "not JSON", "frame": "a:b", "traceback": "T"} | changes


def delivery(body: bytes = b'{"tvdb_id":1}', message_id: str = "m-1", headers: Any = None, **told: Any) -> Delivery:
    return Delivery(
        queue="dead-letters",
        exchange="dead-letter",
        routing_key="content.urgent",
        message_id=message_id,
        body=body,
        properties={"type": "scrape.series.save", "priority": 9, "app_id": "a service", "correlation_id": "root"},
        headers={
            "schema": 1,
            "attempt": 3,
            "published_at": AT - 5000,
            "tenant": "blue",
            "not_before": AT,
            "expires_at": AT,
            **({DEATH_HEADER: death(**told)} if headers is None else headers),
        },
    )


def keep(engine: Engine, *letters: Delivery) -> list[dict[str, Any]]:
    """Tell the ledger of these, one after the other, and return all letters it then has, the oldest first."""
    for letter in letters:
        with engine.begin() as connection:
            ledger.keep(connection, letter)
    with engine.connect() as connection:
        return sorted(ledger.listing(connection), key=lambda letter: int(letter["id"]))


def show(engine: Engine, letter: int) -> dict[str, Any]:
    with engine.connect() as connection:
        return ledger.show(connection, letter)


def replay(engine: Engine, letter: int) -> str:
    with engine.begin() as connection:
        return ledger.replay(connection, letter, actor="somebody")


def test_a_letter_has_the_message_as_it_came_and_why_it_died(engine: Engine) -> None:
    (kept,) = keep(engine, delivery())
    shown = show(engine, kept["id"])
    assert shown["body"] == '{"tvdb_id":1}'
    assert (shown["queue"], shown["kind"], shown["reason"]) == ("content.urgent", "scrape.series.save", "rejected")
    assert (shown["error_class"], shown["error"], shown["traceback"]) == ("UnreadableAnswer", "not JSON", "T")
    assert shown["properties"]["headers"]["tenant"] == "blue"
    assert shown["properties"]["priority"] == 9
    assert shown["first_died_at"] == shown["last_died_at"] == datetime.fromtimestamp(AT / 1000, UTC)
    assert (shown["state"], shown["deaths"], shown["replays"], shown["attempts"]) == ("open", 1, 0, [])


def test_a_death_told_twice_counts_once(engine: Engine) -> None:
    (kept,) = keep(engine, delivery(), delivery())
    assert kept["deaths"] == 1


def test_a_further_death_counts_and_opens_the_letter_again(engine: Engine) -> None:
    (first,) = keep(engine, delivery())
    replay(engine, first["id"])
    assert show(engine, first["id"])["state"] == "replaying"
    (kept,) = keep(engine, delivery(at=AT + 1000, reason="exhausted"))
    assert (kept["id"], kept["state"], kept["deaths"], kept["reason"]) == (first["id"], "open", 2, "exhausted")
    assert kept["last_died_at"] > kept["first_died_at"]


def test_one_id_for_two_bodies_or_from_two_queues_is_two_letters(engine: Engine) -> None:
    assert len(keep(engine, delivery(), delivery(b'{"tvdb_id":2}'), delivery(queue="person"))) == 3


@pytest.mark.parametrize(
    ("headers", "reason", "queue"),
    [
        ({}, "unknown", "content.urgent"),
        ({"x-death": [{"queue": "person", "reason": "delivery_limit", "count": 1}]}, "delivery_limit", "person"),
        ({"x-death": "lies"}, "unknown", "content.urgent"),
        ({"x-death": []}, "unknown", "content.urgent"),
        ({"x-death": [7]}, "unknown", "content.urgent"),
        ({"x-death": [{"time": "noon", "routing-keys": "x", "queue": 7}]}, "unknown", "7"),
        ({DEATH_HEADER: "lies"}, "unknown", "content.urgent"),
        ({DEATH_HEADER: death(at="noon")}, "unknown", "content.urgent"),
        ({DEATH_HEADER: death(at=2**62)}, "rejected", "content.urgent"),
        ({DEATH_HEADER: death(error=["x"])}, "unknown", "content.urgent"),
        ({DEATH_HEADER: death(message="nul \0 and \ud800")}, "rejected", "content.urgent"),
    ],
)
def test_whatever_the_headers_say_the_letter_is_kept(
    engine: Engine, headers: dict[str, Any], reason: str, queue: str
) -> None:
    (kept,) = keep(engine, delivery(headers=headers))
    assert (kept["reason"], kept["queue"]) == (reason, queue)


@pytest.mark.parametrize(
    "value",
    [b"\xff\x00", float("nan"), datetime(2026, 1, 1, tzinfo=UTC), [{"a": [b"\0"]}], "nul \0", "\ud800", None, 2**62],
    ids=repr,
)
def test_whatever_a_header_holds_the_letter_is_kept_and_can_be_replayed(engine: Engine, value: Any) -> None:
    (kept,) = keep(engine, delivery(headers={"x": value}))
    assert replay(engine, kept["id"]) == "m-1"
    with engine.connect() as connection:
        (row,) = outbox.take(connection, 10)
    assert row.message.properties()["headers"].keys() >= {"x"} or value is None


def test_letters_are_listed_by_state_kind_and_queue_the_newest_death_first(engine: Engine) -> None:
    keep(
        engine,
        delivery(message_id="m-1"),
        delivery(message_id="m-2", at=AT + 2000, queue="person", kind="scrape.person.save"),
        delivery(message_id="m-3", at=AT + 1000),
    )
    with engine.connect() as connection:
        assert [it["message_id"] for it in ledger.listing(connection)] == ["m-2", "m-3", "m-1"]
        assert [it["message_id"] for it in ledger.listing(connection, limit=1)] == ["m-2"]
        assert [it["message_id"] for it in ledger.listing(connection, queue="person")] == ["m-2"]
        assert [it["message_id"] for it in ledger.listing(connection, kind="scrape.person.save")] == ["m-2"]
        assert ledger.listing(connection, state="resolved") == []


def test_a_replay_goes_to_the_queue_that_failed_as_the_same_message_without_its_old_deadlines(engine: Engine) -> None:
    (kept,) = keep(engine, delivery())
    assert replay(engine, kept["id"]) == "m-1"
    with engine.connect() as connection:
        (row,) = outbox.take(connection, 10)
    sent = row.message
    assert (sent.exchange, sent.routing_key, sent.message_id) == ("work", "content.urgent", "m-1")
    assert (sent.kind, sent.body, sent.priority) == ("scrape.series.save", b'{"tvdb_id":1}', 9)
    assert (sent.attempt, sent.replay, sent.not_before, sent.expires_at) == (0, 1, None, None)
    assert sent.headers == {"tenant": "blue"}
    assert sent.correlation_id == "root"


def test_of_two_replays_at_once_one_is_told_that_the_letter_is_not_open(engine: Engine) -> None:
    (kept,) = keep(engine, delivery())

    def attempt(_: int) -> str:
        try:
            return replay(engine, kept["id"])
        except NotOpen as error:
            return error.state

    with ThreadPoolExecutor(6) as threads:
        outcomes = sorted(threads.map(attempt, range(6)))
    assert outcomes == ["m-1", *["replaying"] * 5]
    with engine.connect() as connection:
        assert len(outbox.take(connection, 10)) == 1
    shown = show(engine, kept["id"])
    assert shown["replays"] == 1
    assert [(action["actor"], action["action"]) for action in shown["actions"]] == [("somebody", "replay")]


def test_a_replay_whose_transaction_fails_has_not_happened(engine: Engine) -> None:
    (kept,) = keep(engine, delivery())
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:  # noqa: PT012
        ledger.replay(connection, kept["id"], actor="somebody")
        raise ZeroDivisionError
    shown = show(engine, kept["id"])
    assert (shown["state"], shown["replays"], shown["actions"]) == ("open", 0, [])
    with engine.connect() as connection:
        assert outbox.take(connection, 10) == []


def test_only_what_is_being_replayed_is_resolved(engine: Engine) -> None:
    (kept,) = keep(engine, delivery())
    for state in ("open", "resolved"):
        with engine.begin() as connection:
            ledger.resolve(connection, "m-1")
        assert show(engine, kept["id"])["state"] == state
        if state == "open":
            replay(engine, kept["id"])
    with pytest.raises(NotOpen, match="resolved"):
        replay(engine, kept["id"])


def test_a_letter_that_is_not_there_is_named(engine: Engine) -> None:
    with pytest.raises(NoSuchLetter, match="no dead letter 4711"):
        show(engine, 4711)
    with pytest.raises(NoSuchLetter):
        replay(engine, 4711)
