"""The watchdog: rows of the run log that say `running` although whoever ran died and could not say so.

Nothing is lost with a process: the broker hands its message to the next one, or after too many deaths to the dead
letters. But until that one begins, the row is wrong; and while no pool runs, that may be long. The watchdog puts on
record that the attempt ended, and gives the row the status that is true: `retrying`, as of any message that will be
tried again, or `failed` for one that is in the ledger. Whoever begins with the message, or finishes it after all,
finds the row as it would find that of any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.rows import class_row
from sqlalchemy import Connection

from shared.database.engine import driver

SLICE: Final = 1000
"""Rows marked by one transaction at most; the rest is found by the next run."""

# A row that is locked is just being finished. Of a wait that spent no attempt the log does not say so, which makes the
# number of an attempt one too high at worst.
_MARK: Final = """
WITH stuck AS (
    SELECT message_id FROM sync_log WHERE status IN ('running', 'retrying') AND status = 'running'
        AND started_at < %(before)s
    ORDER BY started_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
), told AS (
    SELECT message_id, letter.last_died_at, letter.reason
    FROM stuck JOIN sync_log AS run USING (message_id)
    LEFT JOIN LATERAL (
        SELECT last_died_at, reason FROM dead_letters
        WHERE dead_letters.message_id = run.message_id AND queue = run.queue AND state = 'open'
          AND last_died_at >= run.started_at
        LIMIT 1
    ) AS letter ON true
)
UPDATE sync_log AS run
SET status = CASE WHEN told.reason IS NULL THEN 'retrying' ELSE 'failed' END,
    finished_at = told.last_died_at,
    attempts = run.attempts || jsonb_build_object(
        'attempt', CASE run.attempts -> -1 ->> 'outcome'
            WHEN 'retried' THEN (run.attempts -> -1 ->> 'attempt')::integer + 1
            WHEN 'lost' THEN (run.attempts -> -1 ->> 'attempt')::integer
            ELSE 0
        END,
        'started_at', run.started_at,
        'ended_at', coalesce(told.last_died_at, %(now)s),
        'outcome', CASE WHEN told.reason IS NULL THEN 'lost' ELSE 'dead' END,
        'error', coalesce(told.reason, 'ProcessLost'),
        'message', CASE WHEN told.reason IS NULL
            THEN 'its process died, or its end could not be recorded; the broker hands the message out again'
            ELSE 'it is in the ledger; the database was away when it died'
        END
    )
FROM told WHERE run.message_id = told.message_id
RETURNING run.message_id, run.kind, run.queue, run.started_at, run.status
"""


@dataclass(frozen=True, slots=True)
class Marked:
    """A message whose row said `running`; `status` is what it says now."""

    message_id: str
    kind: str
    queue: str
    started_at: datetime
    status: str


def mark_lost(connection: Connection, before: datetime, now: datetime, limit: int = SLICE) -> list[Marked]:
    """Mark up to `limit` messages that are said to be running since before a time; the second time there are none."""
    values: dict[str, Any] = {"before": before, "now": now, "limit": limit}
    return driver(connection).cursor(row_factory=class_row(Marked)).execute(_MARK, values).fetchall()
