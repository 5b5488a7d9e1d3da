"""The outbox's rows: committed with the effect, taken by one relay at a time, kept until they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from shared import clock, outbox
from shared.broker.wire import Message, compose
from tests.eventually import eventually
from tests.probe.kinds import PROBE_CONTRACTS, Store


def store(key: int = 1, **options: Any) -> Message:
    return compose(PROBE_CONTRACTS, Store(key=key), **options)


def put(engine: Engine, messages: Sequence[Message]) -> None:
    with engine.begin() as connection:
        outbox.put(connection, messages)


def take(engine: Engine, limit: int = 100) -> list[outbox.Row]:
    with engine.connect() as connection:
        return outbox.take(connection, limit)


def test_a_message_comes_out_as_it_went_in(engine: Engine) -> None:
    message = store(7, app_id="a test", priority=3, cause="c", traceparent="00-1-2-01", expires_at=2_000_000_000_000)
    put(engine, [message])
    (row,) = take(engine)
    assert row.message == message


def test_a_transaction_that_fails_leaves_no_row(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:  # noqa: PT012
        outbox.put(connection, [store()])
        raise ZeroDivisionError
    assert take(engine) == []


def test_a_stranger_s_text_does_not_spoil_the_transaction(engine: Engine) -> None:
    put(engine, [store(correlation_id="nul \0", cause="nul \0")])
    assert len(take(engine)) == 1


def test_what_is_taken_is_out_of_sight_until_its_lease_ends(engine: Engine) -> None:
    put(engine, [store(1), store(2), store(3)])
    first, second = take(engine, 2), take(engine, 2)
    assert (len(first), len(second), take(engine)) == (2, 1, [])
    with engine.connect() as connection:
        pending, late = outbox.backlog(connection)
        due = outbox.seconds_until_due(connection)
    assert pending == 3
    assert 0 < late < 5, "what was taken is not sent yet"
    assert due is not None
    assert outbox.LEASE - 5 < due <= outbox.LEASE


def test_two_relays_that_look_at_once_take_different_rows(engine: Engine, database_url: str) -> None:
    put(engine, [store(key) for key in range(10)])
    with psycopg.connect(database_url) as slow:
        # As the first relay in the middle of its taking.
        locked = slow.execute("SELECT id FROM outbox ORDER BY id LIMIT 4 FOR UPDATE").fetchall()
        taken = {row.id for row in take(engine)}
    assert len(taken) == 6
    assert taken.isdisjoint({row[0] for row in locked})


def test_what_is_due_longest_comes_first(engine: Engine) -> None:
    now = clock.now()
    late, early = (store(n, not_before=clock.milliseconds(now - timedelta(minutes=n))) for n in (1, 2))
    put(engine, [late, early])
    assert [row.message.message_id for row in take(engine, 1)] == [early.message_id]


def test_what_is_not_due_is_not_taken(engine: Engine) -> None:
    put(engine, [store(not_before=clock.milliseconds(clock.now() + timedelta(hours=1)))])
    assert take(engine) == []


def test_what_cannot_be_sent_grows_old_whenever_it_is_tried_next(engine: Engine) -> None:
    start = clock.milliseconds(clock.now() - timedelta(minutes=10))
    put(engine, [store(1), store(2, not_before=start)])
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET created_at = created_at - interval '1 hour'")
        assert 600 <= outbox.backlog(connection)[1] < 605, "one that has not been tried is due since its time has come"
    with engine.connect() as connection:
        outbox.failed(connection, [(row.id, "nobody is bound") for row in outbox.take(connection, 2)])
        pending, late = outbox.backlog(connection)
    assert pending == 2
    assert 3600 <= late < 3605, "the other was due when it was written"


def test_what_is_to_be_sent_later_is_not_late_when_it_is_tried(engine: Engine) -> None:
    put(engine, [store(not_before=clock.milliseconds(clock.now() + timedelta(seconds=0.1)))])
    with engine.begin() as connection:
        assert outbox.backlog(connection) == (1, 0.0)
        connection.exec_driver_sql("UPDATE outbox SET created_at = created_at - interval '1 hour'")
    rows = eventually(lambda: take(engine), what="the time to send it")
    assert len(rows) == 1
    with engine.connect() as connection:
        assert 0 < outbox.backlog(connection)[1] < 5


def test_what_was_sent_is_gone(engine: Engine) -> None:
    put(engine, [store()])
    with engine.connect() as connection:
        outbox.sent(connection, [row.id for row in outbox.take(connection, 10)])
        assert (outbox.backlog(connection), outbox.seconds_until_due(connection)) == ((0, 0.0), None)


def test_what_failed_keeps_its_reason_and_waits_longer_each_time(engine: Engine) -> None:
    put(engine, [store()])
    waits = []
    for _ in range(3):
        with engine.connect() as connection:
            (row,) = outbox.take(connection, 10)
            outbox.failed(connection, [(row.id, "nobody is bound")])
            waits.append(outbox.seconds_until_due(connection) or 0)
            connection.exec_driver_sql("UPDATE outbox SET not_before = now()")
            connection.commit()
    assert [round(wait) for wait in waits] == [2, 4, 8]
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT error FROM outbox").scalar() == "nobody is bound"
