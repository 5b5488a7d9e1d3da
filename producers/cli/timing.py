"""From what a person types after `millrace schedules` to a definition: `2h`, `2026-12-01T06:00`, `limit=50`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from producers.cli.failures import USAGE, Failure
from producers.cli.payload import payload_of
from shared.contracts.kinds import CONTRACTS
from shared.schedules.definition import Definition, InvalidSchedule
from shared.schedules.trigger import InvalidTrigger, trigger_of

UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def given_fields(
    crontab: str | None,
    every: str | None,
    at: str | None,
    time_zone: str | None,
    priority: int | None,
    missed_run: str | None,
    grace: int | None,
    description: str | None,
) -> dict[str, Any]:
    """Return the fields that options stand for, without those left out; raises Failure for what cannot be read."""
    fields = {
        "crontab": crontab,
        "interval_seconds": None if every is None else seconds(every),
        "once_at": None if at is None else moment_of(at),
        "time_zone": time_zone,
        "priority": priority,
        "missed_run": missed_run,
        "grace_seconds": grace,
        "description": description,
    }
    return {name: value for name, value in fields.items() if value is not None}


def definition_of(name: str, kind: str, words: Sequence[str], given: Mapping[str, Any]) -> Definition:
    """Return a new schedule; raises InvalidSchedule, or what `payload_of` raises."""
    zone = given.get("time_zone", "UTC")
    plain = {field: given[field] for field in given.keys() & Definition.__slots__}
    try:
        trigger = trigger_of(given.get("crontab"), given.get("interval_seconds"), given.get("once_at"), zone)
    except InvalidTrigger as error:
        raise InvalidSchedule(name, [(error.field, error.problem)]) from error
    return Definition(name=name, kind=kind, trigger=trigger, payload=_fields(kind, words), **plain)


def merged(definition: Definition, words: Sequence[str]) -> dict[str, Any]:
    """Return a schedule's payload with some fields changed, or another one; raises what `payload_of` raises."""
    if len(words) == 1 and words[0].lstrip().startswith("{"):
        return _fields(definition.kind, words)
    before = [f"{name}={json.dumps(value)}" for name, value in definition.payload.items()]
    return _fields(definition.kind, [*before, *words])


def seconds(text: str) -> int:
    """Return what `2h` stands for; raises Failure."""
    found = re.fullmatch(r"(\d{1,9})([smhd]?)", text.strip())
    if found is None:
        raise Failure(f"--every {text!r} is no interval", "such as 90s, 10m, 2h or 1d", USAGE)
    return int(found[1]) * UNITS[found[2]]


def moment_of(text: str) -> datetime:
    """Return the moment of ISO 8601 text, without a zone if it names none; raises Failure."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise Failure(f"--at {text!r} is no moment", "such as 2026-12-01T06:00 or 2026-12-01T06:00Z", USAGE) from error


def _fields(kind: str, words: Sequence[str]) -> dict[str, Any]:
    """Return what is given, as JSON has it, without the contract's defaults."""
    return payload_of(CONTRACTS, kind, words).model_dump(mode="json", exclude_unset=True)
