"""Backfills: snapshots of a long range of days, one message a day, each asking for the next.

So a backfill never floods a queue, each day's effect and the request for the next commit together, and a backfill that
is called off ends after the day it is at. Its name is the correlation id that all of its messages share.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from psycopg import Cursor
from psycopg.rows import class_row
from sqlalchemy import CheckConstraint, Column, Connection, Date, DateTime, Integer, Table, Text

from shared.database.engine import driver
from shared.database.metadata import metadata

backfills: Final = Table(
    "backfills",
    metadata,
    Column("id", Text, primary_key=True, comment="Correlation id of its messages"),
    Column("start_date", Date, nullable=False, comment="First day"),
    Column("end_date", Date, nullable=False, comment="Last day"),
    Column("next_date", Date, nullable=False, comment="The day that comes next"),
    Column("state", Text, nullable=False, comment="running, cancelled or finished"),
    Column("changed", Integer, nullable=False, comment="Snapshots written or removed so far"),
    Column("started_at", DateTime(timezone=True), nullable=False, comment="When its first day was done"),
    Column("updated_at", DateTime(timezone=True), nullable=False, comment="When its latest day was done"),
    CheckConstraint("state IN ('running', 'cancelled', 'finished')", name="state"),
    comment="Backfills of price snapshots, and how far they are",
)

_BEGIN: Final = """
INSERT INTO backfills (id, start_date, end_date, next_date, state, changed, started_at, updated_at)
VALUES (%(id)s, %(day)s, %(end)s, %(day)s, 'running', 0, %(at)s, %(at)s)
ON CONFLICT (id) DO UPDATE SET updated_at = excluded.updated_at
    WHERE backfills.state = 'running' AND backfills.next_date = excluded.next_date
RETURNING true
"""

_ADVANCE: Final = """
UPDATE backfills SET next_date = %(day)s::date + 1, changed = changed + %(changed)s,
    state = CASE WHEN %(day)s >= end_date THEN 'finished' ELSE 'running' END
WHERE id = %(id)s
"""


@dataclass(frozen=True, slots=True)
class Backfill:
    """A backfill as it stands."""

    id: str
    start_date: date
    end_date: date
    next_date: date
    state: str
    changed: int
    started_at: datetime
    updated_at: datetime

    @property
    def days(self) -> int:
        """How many days it spans."""
        return (self.end_date - self.start_date) // timedelta(days=1) + 1

    @property
    def done(self) -> int:
        """How many of them are done."""
        return (self.next_date - self.start_date) // timedelta(days=1)


def begin_day(connection: Connection, backfill: str, day: date, end: date, at: datetime) -> bool:
    """Lock a backfill for its next day; False when it was called off, or this day is not the one that comes next."""
    values = {"id": backfill, "day": day, "end": end, "at": at}
    return driver(connection).execute(_BEGIN, values).fetchone() is not None


def end_day(connection: Connection, backfill: str, day: date, changed: int) -> None:
    """Note that a day is done."""
    driver(connection).execute(_ADVANCE, {"id": backfill, "day": day, "changed": changed})


def cancel(connection: Connection, backfill: str) -> bool:
    """Let a running backfill end after the day it is at; False when it does not run."""
    statement = "UPDATE backfills SET state = 'cancelled' WHERE id = %s AND state = 'running'"
    return driver(connection).execute(statement, (backfill,)).rowcount == 1


def resume(connection: Connection, backfill: str) -> Backfill | None:
    """Let a cancelled backfill go on, and return it, whose `next_date` somebody has to ask for; None if it is not."""
    statement = "UPDATE backfills SET state = 'running' WHERE id = %s AND state = 'cancelled' RETURNING *"
    return _cursor(connection).execute(statement, (backfill,)).fetchone()


def latest(connection: Connection, limit: int = 20) -> list[Backfill]:
    """Return the latest backfills, newest first."""
    statement = "SELECT * FROM backfills ORDER BY started_at DESC LIMIT %s"
    return _cursor(connection).execute(statement, (limit,)).fetchall()


def _cursor(connection: Connection) -> Cursor[Backfill]:
    return driver(connection).cursor(row_factory=class_row(Backfill))
