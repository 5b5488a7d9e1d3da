"""The relay as a process: killed, doubled or cut off, it sends every row of the outbox under the row's own id."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from deploy.local.postgres import Database
from deploy.local.rabbitmq import Broker
from shared import clock, outbox
from shared.broker.wire import Message, compose
from shared.database.engine import open_engine
from tests.acceptance.stack import Stack
from tests.eventually import eventually, throughout
from tests.probe.kinds import PROBE_CONTRACTS, Store

QUEUE = "maintenance"
"""Nobody consumes it here: what the relay sends stays to be counted."""


@pytest.fixture
def quiet(broker: Broker, database: Database, rabbitmq_url: str, database_url: str, tmp_path: Path) -> Iterator[Stack]:
    """Make a line on which nobody works."""
    made = Stack(broker, database, rabbitmq_url, database_url, tmp_path)
    made.prepare()
    yield made
    made.stop()


@pytest.fixture
def engine(quiet: Stack) -> Iterator[Engine]:
    opened = open_engine(quiet.database_url)
    yield opened
    opened.dispose()


def store(key: int, **options: object) -> Message:
    return compose(PROBE_CONTRACTS, Store(key=key), **options)  # type: ignore[arg-type]


def put(engine: Engine, messages: Sequence[Message]) -> list[str]:
    with engine.begin() as connection:
        outbox.put(connection, messages)
    return [message.message_id for message in messages]


def taken(stack: Stack) -> list[str]:
    """Take what waits in the queue, and return its ids in order."""
    ids = []
    with stack.channel() as channel:
        while (got := channel.basic_get(QUEUE, auto_ack=True))[0] is not None:
            ids.append(got[1].message_id)
    return ids


def left(stack: Stack) -> list[str]:
    return [row["message_id"] for row in stack.rows("SELECT message_id FROM outbox ORDER BY id")]


def test_what_is_committed_is_sent_at_once_in_its_order_and_forgotten(quiet: Stack, engine: Engine) -> None:
    quiet.relay()
    ids = put(engine, [store(key) for key in range(50)])
    eventually(lambda: not left(quiet), within=3, what="an empty outbox, without waiting for a timer")
    assert taken(quiet) == ids


def test_two_relays_never_send_the_same_row(quiet: Stack, engine: Engine) -> None:
    quiet.relay()
    quiet.relay()
    ids: list[str] = []
    for start in range(0, 2_000, 50):
        ids += put(engine, [store(key) for key in range(start, start + 50)])
    eventually(lambda: not left(quiet), within=30, what="an empty outbox")
    sent = taken(quiet)
    assert len(sent) == 2_000
    assert set(sent) == set(ids)


def test_a_relay_killed_between_sending_and_forgetting_sends_again_under_the_same_id(
    quiet: Stack, engine: Engine
) -> None:
    with quiet.sql() as gate:
        # Deleting waits until the gate opens, so the relay can be killed when all is sent and nothing forgotten.
        gate.execute("SELECT pg_advisory_lock(77)")
        gate.execute(
            "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_advisory_xact_lock(77); RETURN OLD; END $$"
        )
        gate.execute("CREATE TRIGGER hold BEFORE DELETE ON outbox FOR EACH ROW EXECUTE FUNCTION hold()")
        relay = quiet.relay()
        ids = put(engine, [store(key) for key in range(10)])
        eventually(lambda: quiet.depth(QUEUE) == 10, what="ten messages at the broker")
        relay.kill()
        gate.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace-relay'")
        gate.execute("DROP TRIGGER hold ON outbox")
    assert left(quiet) == ids

    with quiet.sql() as connection:
        assert connection.execute("UPDATE outbox SET not_before = now()").rowcount == 10  # its lease has run out
    quiet.relay()

    eventually(lambda: not left(quiet), what="an empty outbox")
    assert sorted(taken(quiet)) == sorted(ids * 2)


def test_nothing_is_sent_before_its_time(quiet: Stack, engine: Engine) -> None:
    quiet.relay()
    due = clock.now() + timedelta(seconds=2)
    late, soon = store(1, not_before=clock.milliseconds(due)), store(2)
    put(engine, [late, soon])

    eventually(lambda: quiet.depth(QUEUE) == 1, within=1.5, what="the one that is due")
    eventually(lambda: quiet.depth(QUEUE) == 2, within=5, what="the one that was not")

    assert clock.now() >= due
    assert taken(quiet) == [soon.message_id, late.message_id]


def test_a_row_that_cannot_be_sent_stays_with_its_reason_and_those_behind_it_pass(quiet: Stack, engine: Engine) -> None:
    quiet.relay()
    lost = replace(store(1), routing_key="maintenance", exchange="scrape")
    nowhere = replace(store(2), exchange="no such exchange")
    ids = put(engine, [lost, nowhere, *(store(key) for key in range(3, 30))])

    eventually(lambda: left(quiet) == ids[:2], what="nothing left but the two")

    assert set(taken(quiet)) == set(ids[2:])
    look = "SELECT error, tries FROM outbox ORDER BY id"
    rows = eventually(lambda: [row for row in quiet.rows(look) if row["error"]], what="the reasons")
    assert "no queue is bound" in rows[0]["error"]
    assert "no such exchange" in rows[1]["error"]
    assert rows[0]["tries"] >= 1
    behind = put(engine, [store(30)])
    eventually(lambda: quiet.depth(QUEUE) == 1, what="a later row")
    assert taken(quiet) == behind


def test_rows_wait_while_the_broker_is_away_and_are_sent_when_it_is_back(quiet: Stack, engine: Engine) -> None:
    relay = quiet.relay()
    before = put(engine, [store(key) for key in range(5)])
    eventually(lambda: not left(quiet), what="an empty outbox")

    quiet.broker.kill()
    during = put(engine, [store(key) for key in range(5, 25)])
    throughout(lambda: relay.alive() and left(quiet) == during, seconds=3, what="a relay that waits")
    quiet.broker.start()

    eventually(lambda: not left(quiet), within=40, what="an empty outbox")
    assert sorted(set(taken(quiet))) == sorted(before + during)


def test_a_relay_that_is_asked_to_stop_ends_by_itself_and_soon(quiet: Stack) -> None:
    relay = quiet.relay()
    relay.process.signal(signal.SIGTERM)
    assert relay.process.wait(3)
