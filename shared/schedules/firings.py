"""The latest messages of each schedule, and when one of them last succeeded."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from psycopg.rows import dict_row
from sqlalchemy import Connection

from shared.database.engine import driver

KEPT: Final = 50
"""Messages of each schedule that are remembered."""

_NOTE: Final = """
INSERT INTO schedule_firings (message_id, schedule, due_at, fired_at, asked_by)
VALUES (%(message_id)s, %(schedule)s, %(due_at)s, %(fired_at)s, %(asked_by)s)
ON CONFLICT (message_id) DO NOTHING
"""

# What is forgotten was counted by the statement before it.
_COUNT: Final = """
UPDATE schedules SET last_success_at = (
    SELECT greatest(last_success_at, max(run.finished_at))
    FROM schedule_firings AS fired
    JOIN sync_log AS run ON run.message_id = fired.message_id AND run.status = 'succeeded'
    WHERE fired.schedule = schedules.name
)
WHERE name = %(schedule)s
"""
_FORGET: Final = """
DELETE FROM schedule_firings WHERE schedule = %(schedule)s AND fired_at < (
    SELECT fired_at FROM schedule_firings WHERE schedule = %(schedule)s
    ORDER BY fired_at DESC OFFSET %(kept)s - 1 LIMIT 1
)
"""

_LATEST: Final = """
SELECT fired.message_id, fired.due_at, fired.fired_at, fired.asked_by, coalesce(run.status, 'pending') AS status,
       run.started_at, run.finished_at
FROM schedule_firings AS fired LEFT JOIN sync_log AS run USING (message_id)
WHERE fired.schedule = %s ORDER BY fired.fired_at DESC LIMIT %s
"""

_SUCCESSES: Final = """
SELECT schedules.name, greatest(schedules.last_success_at, max(run.finished_at))
FROM schedules
LEFT JOIN schedule_firings AS fired ON fired.schedule = schedules.name
LEFT JOIN sync_log AS run ON run.message_id = fired.message_id AND run.status = 'succeeded'
GROUP BY schedules.name
"""


_OVERDUE: Final = """
SELECT name, greatest(extract(epoch FROM %(now)s - next_due_at), 0)::float8
FROM schedules WHERE enabled AND next_due_at IS NOT NULL
"""


def note(
    connection: Connection, message_id: str, schedule: str, due: datetime, now: datetime, actor: str | None
) -> bool:
    """Note that a schedule fires a message, in the transaction that does it; False when it did so before."""
    values = {
        "message_id": message_id,
        "schedule": schedule,
        "due_at": due,
        "fired_at": now,
        "asked_by": actor,
        "kept": KEPT,
    }
    raw = driver(connection)
    if raw.execute(_NOTE, values).rowcount == 0:
        return False
    raw.execute(_COUNT, values)
    raw.execute(_FORGET, values)
    return True


def latest(connection: Connection, schedule: str, limit: int = KEPT) -> list[dict[str, Any]]:
    """Return the latest messages of a schedule with what became of each, the newest first."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(_LATEST, (schedule, limit)).fetchall()


def last_successes(connection: Connection) -> dict[str, datetime | None]:
    """Return when a message of each schedule last succeeded; None for one of which none is known.

    This is what `millrace_schedule_last_success_timestamp_seconds` shows.
    """
    return dict(driver(connection).execute(_SUCCESSES).fetchall())


def overdue(connection: Connection, now: datetime) -> dict[str, float]:
    """Return the seconds by which each enabled schedule is past its due time; 0 when it is not."""
    return dict(driver(connection).execute(_OVERDUE, {"now": now}).fetchall())
