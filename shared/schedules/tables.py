"""Schedules and what they fired; `schedules` is a public table."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.database.metadata import metadata

Moment: Final = DateTime(timezone=True)


def _given(name: str, sort: Any, default: str, comment: str) -> Column[Any]:
    return Column(name, sort, nullable=False, server_default=text(default), comment=comment)


schedules: Final = Table(
    "schedules",
    metadata,
    Column("name", Text, primary_key=True, comment="Part of the id of each message it fires"),
    Column("kind", Text, nullable=False, comment="The kind of message it asks with"),
    _given("payload", JSONB, "'{}'", "What goes into the message, as the kind's contract has it"),
    Column(
        "crontab",
        Text,
        comment="Minute, hour, day of month, month, day of week, read in time_zone; all of them must fit",
    ),
    Column("interval_seconds", Integer, comment="Or: due at each multiple of this since 1970"),
    Column("once_at", Moment, comment="Or: due at this moment alone"),
    _given("time_zone", Text, "'UTC'", "IANA zone in which a crontab is read, and times are shown"),
    _given("priority", SmallInteger, "5", "9 a person is waiting, 5 normal, 1 background refresh"),
    Column("enabled", Boolean, nullable=False, server_default=true(), comment="Whether it fires at all"),
    _given(
        "missed_run",
        Text,
        "'run_once'",
        "What becomes of a run that is later than grace_seconds: run_once (however many were missed) or skip",
    ),
    _given("grace_seconds", Integer, "60", "A run that is no later than this was not missed"),
    _given("description", Text, "''", "What it is for"),
    _given("seeded", Boolean, "false", "Whether it comes from the table in code"),
    Column(
        "changed_by",
        Text,
        comment="The operator who changed it last: the table in code no longer overwrites it; null for one as seeded",
    ),
    Column("changed_at", Moment, nullable=False, comment="When it was last changed by anybody"),
    Column("next_due_at", Moment, comment="When it fires next; null while disabled, and when it never will"),
    Column("last_due_at", Moment, comment="The due time for which it fired last"),
    Column("last_fired_at", Moment, comment="When it did"),
    Column("last_message_id", Text, comment="The message of that"),
    Column(
        "last_success_at",
        Moment,
        comment="The latest success among runs that schedule_firings has forgotten, or soon may",
    ),
    Column("problem", Text, comment="Why nothing could be fired at the last due time; null when it could"),
    CheckConstraint("num_nonnulls(crontab, interval_seconds, once_at) = 1", name="trigger"),
    CheckConstraint("jsonb_typeof(payload) = 'object'", name="payload"),
    CheckConstraint("once_at BETWEEN '1970-01-01Z' AND '3000-01-01Z'", name="once_at"),
    CheckConstraint("interval_seconds > 0", name="interval_seconds"),
    CheckConstraint("priority BETWEEN 0 AND 9", name="priority"),
    CheckConstraint("missed_run IN ('run_once', 'skip')", name="missed_run"),
    CheckConstraint("grace_seconds >= 0", name="grace_seconds"),
    Index(None, "next_due_at"),
    comment="What is asked for by the clock; the scheduler that leads fires what is due",
)

schedule_firings: Final = Table(
    "schedule_firings",
    metadata,
    Column("message_id", Text, primary_key=True, comment="Made from schedule and due_at: a due time fires once"),
    Column("schedule", Text, ForeignKey("schedules.name", ondelete="CASCADE"), nullable=False),
    Column("due_at", Moment, nullable=False, comment="When it was due"),
    Column("fired_at", Moment, nullable=False, comment="When it was put into the outbox"),
    Column("asked_by", Text, comment="The operator who did not wait for the due time; else null"),
    Index(None, "schedule", "fired_at"),
    comment="The latest messages of each schedule; sync_log has what became of them",
)
