"""Firing what is due: the row in the outbox and the schedule's next due time are one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from psycopg.rows import dict_row
from sqlalchemy import Connection

from shared import clock, outbox
from shared.broker.wire import compose
from shared.contracts.registry import Contracts
from shared.database.engine import driver
from shared.errors import InvalidMessage
from shared.schedules import firings, rules
from shared.schedules.store import APP_ID, Schedule, schedule_of
from shared.schedules.trigger import InvalidTrigger
from shared.telemetry import traces

AT_ONCE: Final = 100
"""Schedules fired in one transaction at most."""

# A schedule that an operator is changing at this moment has its turn a moment later.
_DUE: Final = """
SELECT * FROM schedules WHERE enabled AND next_due_at <= %s ORDER BY next_due_at LIMIT %s FOR UPDATE SKIP LOCKED
"""
_NOT_DUE: Final = """
SELECT * FROM schedules WHERE next_due_at IS NULL OR next_due_at > %s OR NOT enabled FOR UPDATE SKIP LOCKED
"""
_FIRED: Final = """
UPDATE schedules
SET next_due_at = %(following)s, problem = NULL, last_due_at = %(due)s, last_fired_at = %(now)s,
    last_message_id = %(message_id)s
WHERE name = %(name)s
"""
_PASSED: Final = "UPDATE schedules SET next_due_at = %(following)s, problem = %(problem)s WHERE name = %(name)s"
_WAIT: Final = "SELECT extract(epoch FROM min(next_due_at) - clock_timestamp())::float8 FROM schedules WHERE enabled"


@dataclass(frozen=True, slots=True)
class Fired:
    """What came of a schedule whose time had come: a message, or none and perhaps a problem."""

    schedule: str
    due: datetime
    message_id: str | None = None
    problem: str | None = None


def moment(connection: Connection) -> datetime:
    """Return the time by the database's clock: the one that all schedulers share."""
    row = driver(connection).execute("SELECT clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101 - a SELECT without a table has one row
    now: datetime = row[0]
    return now


def fire_due(connection: Connection, contracts: Contracts, now: datetime) -> list[Fired]:
    """Fire what is due, inside the caller's transaction; call it again while there are `AT_ONCE` of them.

    A schedule that cannot be fired is noted and passed over; it holds up no other.
    """
    cursor = driver(connection).cursor(row_factory=dict_row)
    rows = cursor.execute(_DUE, (now, AT_ONCE)).fetchall()
    return [_fire(connection, contracts, schedule_of(row), row["next_due_at"], now) for row in rows]


def realign(connection: Connection, now: datetime) -> list[str]:
    """Let every schedule that is not due now be due when its trigger says; return those that were not, and are now.

    So a row that was written by hand, a clock that was wrong for a while, and other rules of a time zone come right.
    A due time that was fired for does not fire again: its message has the same id.
    """
    cursor = driver(connection).cursor(row_factory=dict_row)
    moved = []
    for schedule in map(schedule_of, cursor.execute(_NOT_DUE, (now,)).fetchall()):
        known = schedule.definition
        following, problem = None, None
        try:
            following = known.trigger.next_after(now) if known.enabled else None
        except InvalidTrigger as error:
            problem = str(error)
        if following != schedule.next_due_at:
            values = {"name": known.name, "following": following, "problem": problem}
            driver(connection).execute(_PASSED, values)
            moved.append(known.name)
    return moved


def seconds_until_next(connection: Connection) -> float | None:
    """Return the seconds until the next schedule is due, negative when it is late; None when nothing ever will be."""
    row = driver(connection).execute(_WAIT).fetchone()
    return None if row is None else row[0]


def _fire(connection: Connection, contracts: Contracts, schedule: Schedule, due: datetime, now: datetime) -> Fired:
    known = schedule.definition
    raw = driver(connection)
    try:
        turn = rules.turn(known.trigger, due, now, known.missed_run, known.grace_seconds)
    except InvalidTrigger as error:
        # Somebody wrote it into the table by hand, or this machine lacks the zone: it waits for whoever mends it.
        raw.execute(_PASSED, {"name": known.name, "following": None, "problem": str(error)})
        return Fired(known.name, due, problem=str(error))
    if turn.due is None:
        raw.execute(_PASSED, {"name": known.name, "following": turn.following, "problem": None})
        return Fired(known.name, due)
    identity = rules.message_id(known.name, turn.due)
    span, began = traces.begun(), clock.now()
    try:
        message = compose(
            contracts,
            known.request(contracts),
            app_id=APP_ID,
            message_id=identity,
            priority=known.priority,
            traceparent=span.header,
        )
    except InvalidMessage as error:
        raw.execute(_PASSED, {"name": known.name, "following": turn.following, "problem": str(error)})
        return Fired(known.name, turn.due, problem=str(error))
    # Noted before: a clock was put back, and the schedule then changed; that time has been fired for.
    fresh = firings.note(connection, identity, known.name, turn.due, now, None)
    if fresh:
        outbox.put(connection, [message])
        traces.note(span, "queue.submit", known.name, began, {"kind": message.kind, "message_id": identity})
    values = {"name": known.name, "due": turn.due, "following": turn.following, "now": now, "message_id": identity}
    raw.execute(_FIRED, values)
    return Fired(known.name, turn.due, identity if fresh else None)
