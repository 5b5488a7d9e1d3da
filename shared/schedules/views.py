"""How schedules are told, over HTTP and by the command line: in UTC, and in each one's own zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection

from shared.schedules import firings, store
from shared.schedules.store import Schedule, trigger_fields
from shared.schedules.trigger import Crontab, Interval, Once, Trigger

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def listing(connection: Connection, after: str = "", limit: int | None = None) -> list[dict[str, Any]]:
    """Return schedules as `told` tells them, with their last success: those after a name, in order, `limit` at most."""
    successes = firings.last_successes(connection)
    return [
        told(schedule) | {"last_success_at": _utc(successes.get(schedule.definition.name))}
        for schedule in store.listing(connection, after, limit)
    ]


def show(connection: Connection, name: str) -> dict[str, Any]:
    """Return a schedule with its latest messages as `firings`; raises NoSuchSchedule."""
    schedule = store.get(connection, name)
    success = firings.last_successes(connection).get(name)
    latest = [{field: _utc(value) for field, value in one.items()} for one in firings.latest(connection, name)]
    return told(schedule) | {"last_success_at": _utc(success), "firings": latest}


def told(schedule: Schedule) -> dict[str, Any]:
    """Return a schedule as plain values; `next_due_local` is the next due time as its own zone's clock shows it."""
    definition = schedule.definition
    due, zone = schedule.next_due_at, definition.trigger.time_zone
    return {
        "name": definition.name,
        "state": schedule.state,
        "kind": definition.kind,
        "payload": dict(definition.payload),
        "when": when(definition.trigger),
        **_in_utc(trigger_fields(definition.trigger)),
        **{name: getattr(definition, name) for name in ("priority", "enabled", "missed_run", "grace_seconds")},
        "description": definition.description,
        "seeded": schedule.seeded,
        "next_due_local": None if due is None else local(due, zone),
        **{
            name: _utc(getattr(schedule, name))
            for name in ("next_due_at", "last_due_at", "last_fired_at", "last_message_id")
        },
        "problem": schedule.problem,
        "changed_by": schedule.changed_by,
        "changed_at": _utc(schedule.changed_at),
    }


def when(trigger: Trigger) -> str:
    """Say when something is due: `0 6 * * * America/New_York`, `every 6h`, `once`."""
    match trigger:
        case Crontab(expression, zone):
            return f"{expression} {zone}"
        case Interval(seconds):
            return f"every {span(seconds)}"
        case Once(at, zone):
            return f"once, {local(at, zone)}"


def span(seconds: int) -> str:
    """Return seconds in the largest unit that needs no fraction."""
    name, size = next((name, size) for name, size in _UNITS if seconds % size == 0)
    return f"{seconds // size}{name}"


def local(moment: datetime, time_zone: str) -> str:
    """Return a moment as the clock of a zone shows it, with its offset; in UTC where the zone is unknown."""
    try:
        shown = moment.astimezone(ZoneInfo(time_zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        shown = moment.astimezone(UTC)
    return shown.isoformat(timespec="microseconds" if shown.microsecond else "seconds")


def _in_utc(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _utc(value) for name, value in fields.items()}


def _utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
