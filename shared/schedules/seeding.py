"""Bringing the table in code to the database, without overwriting what an operator changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection

from shared.contracts.registry import Contracts
from shared.database.engine import driver
from shared.schedules import store
from shared.schedules.definition import Definition
from shared.schedules.seeds import SEEDS, Seed
from shared.schedules.store import NoSuchSchedule, Schedule

Outcome = Literal["added", "changed", "unchanged", "kept", "removed", "waiting"]
"""kept: an operator changed it, so it stays; waiting: its contract, or its source, is not there yet."""

# Of two that run at once, the second finds the work done; an operator's change comes before, or after, all of it.
_ALONE: Final = "SELECT pg_advisory_xact_lock(hashtext('millrace schedules sync'))"
_LOCK: Final = "SELECT FROM schedules ORDER BY name FOR UPDATE"
_SOURCES: Final = """
SELECT DISTINCT ON (kind) kind, id FROM sources WHERE enabled AND retired_at IS NULL ORDER BY kind, id
"""


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of one schedule of the table in code, and why."""

    name: str
    outcome: Outcome
    why: str = ""


def sync(
    connection: Connection,
    contracts: Contracts,
    now: datetime,
    *,
    reset: Collection[str] = (),
    seeds: Sequence[Seed] = SEEDS,
) -> list[Synced]:
    """Add, change and remove seeded schedules inside the caller's transaction, so that they are as the code says.

    What an operator changed stays, unless it is named in `reset`. Raises NoSuchSchedule for a name there that is
    not in the table, and InvalidSchedule for a seed that does not fit its contract.
    """
    for name in reset:
        if name not in {seed.kind for seed in seeds}:
            raise NoSuchSchedule(name)
    driver(connection).execute(_ALONE)
    driver(connection).execute(_LOCK)
    held = {schedule.definition.name: schedule for schedule in store.listing(connection)}
    wanted, outcomes = _wanted(connection, contracts, seeds)
    outcomes += [
        _settle(connection, contracts, definition, held.get(definition.name), now, reset) for definition in wanted
    ]
    names = {definition.name for definition in wanted}
    for name, schedule in held.items():
        if schedule.seeded and name not in names:
            outcomes.append(_drop(connection, schedule))
    return sorted(outcomes, key=lambda one: one.name)


def _wanted(
    connection: Connection, contracts: Contracts, seeds: Sequence[Seed]
) -> tuple[list[Definition], list[Synced]]:
    """Return what can be seeded, and what has to wait."""
    sources: dict[str, int] = dict(driver(connection).execute(_SOURCES).fetchall())
    wanted, waiting = [], []
    for seed in seeds:
        if seed.kind not in contracts:
            waiting.append(Synced(seed.kind, "waiting", "this release has no contract of that name"))
        elif seed.of_source is not None and seed.of_source not in sources:
            waiting.append(Synced(seed.kind, "waiting", f"there is no enabled source of the kind {seed.of_source}"))
        else:
            source_id = None if seed.of_source is None else sources[seed.of_source]
            wanted.append(seed.definition(contracts.kind(seed.kind).summary, source_id))
    return wanted, waiting


def _settle(
    connection: Connection,
    contracts: Contracts,
    definition: Definition,
    held: Schedule | None,
    now: datetime,
    reset: Collection[str],
) -> Synced:
    name = definition.name
    if held is None:
        store.add(connection, contracts, definition, None, now)
        return Synced(name, "added")
    if held.changed_by is not None and name not in reset:
        return Synced(name, "kept", f"changed by {held.changed_by}")
    if held.definition == definition and held.changed_by is None:
        return Synced(name, "unchanged")
    store.write(connection, contracts, held, definition, None, now)
    return Synced(name, "changed")


def _drop(connection: Connection, schedule: Schedule) -> Synced:
    name = schedule.definition.name
    if schedule.changed_by is not None:
        return Synced(name, "kept", f"not in the code any more, but changed by {schedule.changed_by}")
    store.forget(connection, name)
    return Synced(name, "removed")
