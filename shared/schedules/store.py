"""Schedules as they are kept; each function works in its caller's transaction and never ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from psycopg.rows import dict_row
from sqlalchemy import Connection

from shared import accepted
from shared.broker.wire import compose, storable_json
from shared.contracts.registry import Contracts
from shared.database.engine import driver
from shared.errors import InvalidMessage, MillraceError
from shared.schedules import firings
from shared.schedules.definition import Definition, InvalidSchedule
from shared.schedules.trigger import Crontab, Interval, InvalidTrigger, Once, Trigger, trigger_of

APP_ID: Final = "scheduler"

_TRIGGER: Final = ("crontab", "interval_seconds", "once_at", "time_zone")
_PLAIN: Final = ("kind", "payload", "priority", "enabled", "missed_run", "grace_seconds", "description")
SETTABLE: Final = frozenset({*_TRIGGER, *_PLAIN})
"""What an operator may change of a schedule; its name is part of what has been fired."""

_WRITTEN: Final = ("name", *_PLAIN, *_TRIGGER, "seeded", "changed_by", "changed_at", "next_due_at")
_INSERT: Final = (
    f"INSERT INTO schedules ({', '.join(_WRITTEN)}) VALUES ({', '.join(f'%({name})s' for name in _WRITTEN)})"  # noqa: S608
    " ON CONFLICT (name) DO NOTHING"
)
_ONE: Final = "SELECT * FROM schedules WHERE name = %s"
_LOCKED: Final = f"{_ONE} FOR UPDATE"
_UPDATE: Final = (
    f"UPDATE schedules SET {', '.join(f'{name} = %({name})s' for name in _WRITTEN[1:])}, problem = NULL"  # noqa: S608
    " WHERE name = %(name)s"
)


class NoSuchSchedule(MillraceError):
    """No schedule has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no schedule {name}")


class ScheduleExists(MillraceError):
    """Another schedule has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is a schedule {name} already")


class ScheduleSeeded(MillraceError):
    """A schedule of the table in code would come back; it can be disabled."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"schedule {name} comes from the code and would come back; disable it")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule as it is kept: its definition, and what came of it."""

    definition: Definition
    seeded: bool
    changed_by: str | None
    changed_at: datetime
    next_due_at: datetime | None
    last_due_at: datetime | None = None
    last_fired_at: datetime | None = None
    last_message_id: str | None = None
    problem: str | None = None

    @property
    def state(self) -> str:
        """Say waiting, disabled, finished (fired once) or broken (cannot tell when it is due)."""
        if not self.definition.enabled:
            return "disabled"
        if self.next_due_at is None:
            return "finished" if self.problem is None else "broken"
        return "waiting"


def listing(connection: Connection, after: str = "", limit: int | None = None) -> list[Schedule]:
    """Return the schedules whose names come after `after`, in their order, `limit` at most."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    found = cursor.execute("SELECT * FROM schedules WHERE name > %s ORDER BY name LIMIT %s", (after, limit))
    return [schedule_of(row) for row in found]


def get(connection: Connection, name: str, *, lock: bool = False) -> Schedule:
    """Return a schedule, locked against changes by others if so wanted; raises NoSuchSchedule."""
    cursor = driver(connection).cursor(row_factory=dict_row)
    row = cursor.execute(_LOCKED if lock else _ONE, (name,)).fetchone()
    if row is None:
        raise NoSuchSchedule(name)
    return schedule_of(row)


def add(
    connection: Connection, contracts: Contracts, definition: Definition, actor: str | None, now: datetime
) -> Schedule:
    """Add a schedule, of the table in code when there is no `actor`; raises InvalidSchedule or ScheduleExists."""
    definition.check(contracts)
    schedule = Schedule(definition, actor is None, actor, now, _next(definition, now))
    if driver(connection).execute(_INSERT, _values(schedule)).rowcount == 0:
        raise ScheduleExists(definition.name)
    return schedule


def change(
    connection: Connection, contracts: Contracts, name: str, changes: Mapping[str, Any], actor: str, now: datetime
) -> Schedule:
    """Set fields of SETTABLE and return the schedule; raises NoSuchSchedule or InvalidSchedule.

    Of crontab, interval_seconds and once_at, the one that is given takes the place of what was.
    """
    assert changes.keys() <= SETTABLE  # noqa: S101 - callers check what strangers send
    known = get(connection, name, lock=True)
    return write(connection, contracts, known, changed(known.definition, changes), actor, now)


def write(
    connection: Connection,
    contracts: Contracts,
    known: Schedule,
    definition: Definition,
    actor: str | None,
    now: datetime,
) -> Schedule:
    """Give a schedule another definition, that of the table in code when there is no `actor`.

    Its next due time stays as it is unless what it depends on is another. Raises InvalidSchedule.
    """
    definition.check(contracts)
    before = known.definition
    retimed = (definition.trigger, definition.enabled) != (before.trigger, before.enabled) or known.problem is not None
    schedule = replace(
        known,
        definition=definition,
        seeded=known.seeded or actor is None,
        changed_by=actor,
        changed_at=now,
        next_due_at=_next(definition, now) if retimed else known.next_due_at,
        problem=None,
    )
    driver(connection).execute(_UPDATE, _values(schedule))
    return schedule


def remove(connection: Connection, name: str) -> None:
    """Forget a schedule; raises NoSuchSchedule, or ScheduleSeeded for one that would come back."""
    if get(connection, name, lock=True).seeded:
        raise ScheduleSeeded(name)
    forget(connection, name)


def forget(connection: Connection, name: str) -> None:
    """Delete a schedule, wherever it comes from."""
    driver(connection).execute("DELETE FROM schedules WHERE name = %s", (name,))


def run_now(
    connection: Connection,
    contracts: Contracts,
    name: str,
    actor: str,
    now: datetime,
    message_id: str | None = None,
) -> str:
    """Ask at once for what a schedule asks for, and return the message's id; its due times stay as they are.

    With a `message_id` of the caller's it can be repeated without asking twice. Raises NoSuchSchedule, InvalidMessage
    when the payload no longer fits its contract, or AcceptedBefore.
    """
    known = get(connection, name, lock=True).definition
    try:
        payload = known.request(contracts)
    except InvalidMessage as error:
        raise InvalidSchedule(name, [("payload", str(error))]) from error
    message = compose(contracts, payload, app_id=APP_ID, message_id=message_id, priority=known.priority)
    if accepted.accept(connection, message):
        firings.note(connection, message.message_id, name, now, now, actor)
    return message.message_id


def changed(definition: Definition, changes: Mapping[str, Any]) -> Definition:
    """Return a definition with fields of SETTABLE replaced; raises InvalidSchedule for a time that is none."""
    trigger = definition.trigger
    zone = changes.get("time_zone", trigger.time_zone)
    given = {name: changes[name] for name in _TRIGGER[:3] if changes.get(name) is not None}
    try:
        if given:
            trigger = trigger_of(
                given.get("crontab"), given.get("interval_seconds"), given.get("once_at"), time_zone=zone
            )
        else:
            trigger = replace(trigger, time_zone=zone)
    except InvalidTrigger as error:
        raise InvalidSchedule(definition.name, [(error.field, error.problem)]) from error
    plain = {name: changes[name] for name in _PLAIN if name in changes}
    return replace(definition, trigger=trigger, **plain)


def schedule_of(row: Mapping[str, Any]) -> Schedule:
    """Return what a row says."""
    trigger = trigger_of(row["crontab"], row["interval_seconds"], row["once_at"], row["time_zone"])
    definition = Definition(name=row["name"], trigger=trigger, **{name: row[name] for name in _PLAIN})
    rest = Schedule.__slots__[1:]
    return Schedule(definition, **{name: row[name] for name in rest})


def trigger_fields(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger as a row has it."""
    fields: dict[str, Any] = dict.fromkeys(_TRIGGER) | {"time_zone": trigger.time_zone}
    match trigger:
        case Crontab(expression):
            fields["crontab"] = expression
        case Interval(seconds):
            fields["interval_seconds"] = seconds
        case Once(at):
            fields["once_at"] = at
    return fields


def _values(schedule: Schedule) -> dict[str, Any]:
    definition = schedule.definition
    return {
        "name": definition.name,
        **{name: getattr(definition, name) for name in _PLAIN},
        "payload": storable_json(dict(definition.payload)),
        **trigger_fields(definition.trigger),
        **{name: getattr(schedule, name) for name in ("seeded", "changed_by", "changed_at", "next_due_at")},
    }


def _next(definition: Definition, now: datetime) -> datetime | None:
    """Return when a schedule is due next from now on; raises InvalidSchedule for a moment that has passed."""
    if not definition.enabled:
        return None
    due = definition.trigger.next_after(now)
    if due is None:
        raise InvalidSchedule(definition.name, [("once_at", "has passed; give a moment that is to come")])
    return due
