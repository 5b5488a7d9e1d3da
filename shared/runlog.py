"""The run log: what became of each message, and the reason why its effect happens once.

A row is written twice at most in a message's good life: `begin` marks it running, `finish` closes it inside the
transaction of the effect. `finish` alone decides: whoever commits it first has done the work, everybody after
that is a duplicate. Losing the mark of `begin` loses nothing but a line on a screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import Connection

from shared.broker.wire import storable, storable_json
from shared.database.engine import driver

TRACEBACK_KEPT = 8_000
"""Characters of a traceback that are kept: its end, where the cause stands."""


class AlreadyDone(Exception):
    """The message's effect has been committed before; what this transaction did is rolled back."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One ended attempt, as the run log keeps it. `outcome` is done, retried or dead; times are ISO 8601."""

    attempt: int
    started_at: str
    ended_at: str
    outcome: str
    error: str | None = None
    message: str | None = None
    traceback: str | None = None
    answer: str | None = None
    """What the upstream said, when it could not be read."""
    delay: float | None = None
    """Seconds until the next attempt."""
    trace_id: str | None = None
    """The trace it was part of, unless it was one of a bundle's."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What identifies a message's row."""

    message_id: str
    kind: str
    queue: str
    entity: str | None
    correlation_id: str
    cause: str | None
    published_at: datetime
    started_at: datetime


# These run for every message, so they go to psycopg as they are: it prepares them once per connection.
_BEGIN = """
INSERT INTO sync_log (message_id, kind, queue, entity, correlation_id, cause, published_at, started_at, status)
VALUES (%(message_id)s, %(kind)s, %(queue)s, %(entity)s, %(correlation_id)s, %(cause)s, %(published_at)s,
        %(started_at)s, 'running')
ON CONFLICT (message_id) DO UPDATE
    SET status = 'running', queue = excluded.queue, started_at = excluded.started_at
    WHERE sync_log.status <> 'succeeded'
RETURNING true
"""

_FINISH = """
INSERT INTO sync_log (message_id, kind, queue, entity, correlation_id, cause, published_at, started_at,
                      status, finished_at, synced_at, result, attempts)
VALUES (%(message_id)s, %(kind)s, %(queue)s, %(entity)s, %(correlation_id)s, %(cause)s, %(published_at)s,
        %(started_at)s, 'succeeded', %(at)s, %(at)s, %(result)s::jsonb, jsonb_build_array(%(attempt)s::jsonb))
ON CONFLICT (message_id) DO UPDATE
    SET status = 'succeeded', finished_at = excluded.finished_at, synced_at = excluded.synced_at,
        result = excluded.result, attempts = sync_log.attempts || excluded.attempts
    WHERE sync_log.status <> 'succeeded'
"""

# As one JSON text: psycopg would quote each element of ten arrays by itself, which costs more than all the rest.
_FINISH_MANY = """
INSERT INTO sync_log (message_id, kind, queue, entity, correlation_id, cause, published_at, started_at,
                      status, finished_at, synced_at, result, attempts)
SELECT message_id, kind, queue, entity, correlation_id, cause, published_at, started_at,
       'succeeded', %(at)s, %(at)s, result, jsonb_build_array(attempt)
FROM json_to_recordset(%(done)s::json)
     AS done (message_id text, kind text, queue text, entity text, correlation_id text, cause text,
              published_at timestamptz, started_at timestamptz, result jsonb, attempt jsonb)
ON CONFLICT (message_id) DO UPDATE
    SET status = 'succeeded', finished_at = excluded.finished_at, synced_at = excluded.synced_at,
        result = excluded.result, attempts = sync_log.attempts || excluded.attempts
    WHERE sync_log.status <> 'succeeded'
"""

_FAIL = """
INSERT INTO sync_log (message_id, kind, queue, entity, correlation_id, cause, published_at, started_at,
                      status, finished_at, attempts)
VALUES (%(message_id)s, %(kind)s, %(queue)s, %(entity)s, %(correlation_id)s, %(cause)s, %(published_at)s,
        %(started_at)s, %(status)s, %(at)s, jsonb_build_array(%(attempt)s::jsonb))
ON CONFLICT (message_id) DO UPDATE
    SET status = excluded.status, finished_at = excluded.finished_at,
        attempts = CASE
            -- An attempt that was not spent, and ends the same way again: a wait. However long, it is one entry.
            -- After a death there is no wait: who was replayed and dies again has died twice.
            WHEN sync_log.attempts -> -1 ->> 'outcome' = 'retried'
                AND sync_log.attempts -> -1 -> 'attempt' = excluded.attempts -> 0 -> 'attempt'
                AND sync_log.attempts -> -1 -> 'error' = excluded.attempts -> 0 -> 'error'
            THEN jsonb_set(
                sync_log.attempts,
                '{-1}',
                excluded.attempts -> 0 || jsonb_build_object(
                    'started_at', sync_log.attempts -> -1 -> 'started_at',
                    'times', coalesce((sync_log.attempts -> -1 -> 'times')::integer, 1) + 1
                )
            )
            ELSE sync_log.attempts || excluded.attempts
        END
    WHERE sync_log.status <> 'succeeded'
"""

_BURY = """
INSERT INTO sync_log (message_id, kind, queue, entity, correlation_id, cause, published_at, started_at,
                      status, finished_at, attempts)
VALUES (%(message_id)s, %(kind)s, %(queue)s, %(entity)s, %(correlation_id)s, %(cause)s, %(published_at)s,
        %(started_at)s, 'failed', %(at)s, jsonb_build_array(%(attempt)s::jsonb))
ON CONFLICT (message_id) DO UPDATE
    SET status = 'failed', finished_at = excluded.finished_at, attempts = sync_log.attempts || excluded.attempts
    WHERE sync_log.status IN ('running', 'retrying')
"""


def begin(connection: Connection, entry: Entry) -> bool:
    """Mark a message as running; False when its effect was committed before.

    Commits on its own and without waiting for the disk: the mark only tells people what is going on.
    """
    raw = driver(connection)
    raw.execute("SET LOCAL synchronous_commit = off")
    fresh = raw.execute(_BEGIN, _values(entry)).fetchone() is not None
    raw.commit()
    return fresh


def finish(connection: Connection, entry: Entry, attempt: Attempt, result: Any, at: datetime) -> None:
    """Record success inside the caller's transaction; raises AlreadyDone when somebody else was first."""
    values = _values(entry) | {"at": at, "result": _json(result), "attempt": _told(attempt)}
    if driver(connection).execute(_FINISH, values).rowcount == 0:
        raise AlreadyDone


def done(connection: Connection, message_ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Return those messages whose effect has been committed, each with its kind and what it was about."""
    rows = driver(connection).execute(
        "SELECT message_id, kind, entity FROM sync_log WHERE status = 'succeeded'"
        " AND message_id IN (SELECT json_array_elements_text(%s::json))",
        (storable_json(list(message_ids)),),
    )
    return {message_id: (kind, entity) for message_id, kind, entity in rows}


def finish_many(
    connection: Connection, entries: Sequence[Entry], attempts: Sequence[Attempt], results: Sequence[Any], at: datetime
) -> None:
    """Record success of several messages; raises AlreadyDone when somebody else was first with any of them.

    One id twice among them is an error of the database (CardinalityViolation).
    """
    if not entries:
        return
    done = [
        {
            "message_id": entry.message_id,
            "kind": entry.kind,
            "queue": entry.queue,
            "entity": entry.entity,
            "correlation_id": entry.correlation_id,
            "cause": entry.cause,
            "published_at": entry.published_at.isoformat(),
            "started_at": entry.started_at.isoformat(),
            "result": result,
            "attempt": _fields(attempt),
        }
        for entry, attempt, result in zip(entries, attempts, results, strict=True)
    ]
    if driver(connection).execute(_FINISH_MANY, {"at": at, "done": storable_json(done)}).rowcount != len(entries):
        raise AlreadyDone


def fail(connection: Connection, entry: Entry, attempt: Attempt, *, final: bool, at: datetime) -> None:
    """Record an attempt that ended badly, inside the caller's transaction; `final` when none will follow."""
    status = "failed" if final else "retrying"
    values = _values(entry) | {"at": at if final else None, "status": status, "attempt": _told(attempt)}
    driver(connection).execute(_FAIL, values)


def bury(connection: Connection, entry: Entry, attempt: Attempt, at: datetime) -> None:
    """Record that the broker gave a message up, inside the caller's transaction; what has ended stays as it is.

    Whoever worked on it was killed each time, and could not say so.
    """
    values = _values(entry) | {"at": at, "attempt": _told(attempt)}
    driver(connection).execute(_BURY, values)


def _told(attempt: Attempt) -> str | None:
    return _json(_fields(attempt))


def _fields(attempt: Attempt) -> dict[str, Any]:
    return {name: value for name in Attempt.__slots__ if (value := getattr(attempt, name)) is not None}


def _values(entry: Entry) -> dict[str, Any]:
    return {name: _clean(getattr(entry, name)) for name in entry.__slots__}


def _json(value: Any) -> str | None:
    return None if value is None else storable_json(value)


def _clean(value: Any) -> Any:
    return storable(value) if isinstance(value, str) else value


def status(connection: Connection, message_id: str) -> dict[str, Any] | None:
    """Return a message's row, or None when nobody has begun with it."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute("SELECT * FROM sync_log WHERE message_id = %s", (message_id,)).fetchone()
