"""The table in code comes to the database, and what an operator changed stays."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from shared.catalog.venues import sources
from shared.contracts.kinds import CONTRACTS
from shared.schedules import seeding, store
from shared.schedules.seeds import SEEDS, Seed
from shared.schedules.store import NoSuchSchedule, Schedule, ScheduleSeeded
from shared.schedules.trigger import Crontab
from tests.integration.schedules.conftest import NOW, minutely
from tests.probe.kinds import PROBE_CONTRACTS

LATER = NOW + timedelta(hours=1)
HOURLY = Seed("scrape.source.ingest_all", "0 * * * *")
DAILY = Seed("scrape.adaptations.wikidata", "0 2 * * *")
HALL = Seed("scrape.venue.vanwezel", "0 6 * * *", "America/New_York", of_source="vanwezel")


def sync(engine: Engine, *seeds: Seed, reset: Sequence[str] = (), now: Any = NOW) -> dict[str, str]:
    with engine.begin() as connection:
        outcomes = seeding.sync(connection, CONTRACTS, now, seeds=seeds, reset=reset)
    return {one.name: one.outcome for one in outcomes}


def held(engine: Engine) -> dict[str, Schedule]:
    with engine.begin() as connection:
        return {one.definition.name: one for one in store.listing(connection)}


def change(engine: Engine, seed: Seed, **changes: Any) -> None:
    with engine.begin() as connection:
        store.change(connection, CONTRACTS, seed.kind, changes, "ann", NOW)


def a_hall(connection: Connection, address: str = "https://hall.example.org/") -> int:
    return sources.register(
        connection, name="Hall", url=address, kind="vanwezel", time_zone="America/New_York", at=NOW
    )[0]


def test_everything_that_has_a_contract_is_seeded_and_the_second_time_nothing_is_written(engine: Engine) -> None:
    first = sync(engine, *SEEDS)
    expected = {"added" if seed.of_source is None and seed.kind in CONTRACTS else "waiting" for seed in SEEDS}
    assert set(first.values()) == expected
    before = held(engine)
    assert all(schedule.next_due_at is not None and schedule.changed_by is None for schedule in before.values())

    second = sync(engine, *SEEDS, now=LATER)
    assert {outcome for name, outcome in second.items() if name in before} == {"unchanged"}
    assert held(engine) == before


def test_another_time_in_the_code_is_another_due_time_and_the_rest_leaves_it(engine: Engine) -> None:
    sync(engine, HOURLY, DAILY)
    before = held(engine)[DAILY.kind]
    assert sync(engine, HOURLY, replace(DAILY, grace_seconds=5), now=LATER) == {
        HOURLY.kind: "unchanged",
        DAILY.kind: "changed",
    }
    assert held(engine)[DAILY.kind].next_due_at == before.next_due_at
    sync(engine, HOURLY, replace(DAILY, crontab="0 23 * * *"), now=LATER)
    assert held(engine)[DAILY.kind].next_due_at == NOW.replace(hour=23, minute=0, second=0)


@pytest.mark.parametrize(
    "changes", [{"enabled": False}, {"crontab": "5 5 * * *"}, {"payload": {"limit_per_source": 7}}, {"priority": 1}]
)
def test_what_an_operator_changed_stays_until_it_is_reset(engine: Engine, changes: dict[str, Any]) -> None:
    sync(engine, HOURLY)
    change(engine, HOURLY, **changes)
    changed = held(engine)[HOURLY.kind]
    assert changed.changed_by == "ann"

    newer = replace(HOURLY, crontab="30 * * * *")
    assert sync(engine, newer) == {HOURLY.kind: "kept"}
    assert held(engine)[HOURLY.kind] == changed

    assert sync(engine, newer, reset=[HOURLY.kind]) == {HOURLY.kind: "changed"}
    after = held(engine)[HOURLY.kind]
    assert after.definition == newer.definition(CONTRACTS.kind(HOURLY.kind).summary)
    assert after.changed_by is None
    assert after.next_due_at is not None


def test_nothing_that_the_code_does_not_know_can_be_reset(engine: Engine) -> None:
    with pytest.raises(NoSuchSchedule):
        sync(engine, HOURLY, reset=["tick"])


def test_what_the_code_no_longer_has_goes_unless_an_operator_changed_it(engine: Engine) -> None:
    sync(engine, HOURLY, DAILY)
    change(engine, DAILY, priority=1)
    with engine.begin() as connection:
        store.add(connection, PROBE_CONTRACTS, minutely("own"), "ann", NOW)
    assert sync(engine) == {HOURLY.kind: "removed", DAILY.kind: "kept"}
    assert set(held(engine)) == {DAILY.kind, "own"}


def test_a_schedule_of_the_code_cannot_be_removed_for_it_would_come_back(engine: Engine) -> None:
    sync(engine, HOURLY)
    with engine.begin() as connection, pytest.raises(ScheduleSeeded):
        store.remove(connection, HOURLY.kind)


def test_an_operators_own_schedule_with_a_seeds_name_stays(engine: Engine) -> None:
    own = minutely(HOURLY.kind, kind=HOURLY.kind, payload={})
    with engine.begin() as connection:
        store.add(connection, CONTRACTS, own, "ann", NOW)
    assert sync(engine, HOURLY) == {HOURLY.kind: "kept"}
    assert held(engine)[HOURLY.kind].definition == own


def test_what_reads_a_source_waits_for_one_and_is_about_the_oldest(engine: Engine) -> None:
    assert sync(engine, HALL) == {HALL.kind: "waiting"}
    assert held(engine) == {}
    with engine.begin() as connection:
        first = a_hall(connection)
        a_hall(connection, "https://other.example.org/")
    assert sync(engine, HALL) == {HALL.kind: "added"}
    schedule = held(engine)[HALL.kind]
    assert schedule.definition.payload == {"source_id": first}
    assert schedule.definition.trigger == Crontab("0 6 * * *", "America/New_York")
    assert schedule.next_due_at == NOW.replace(day=2, hour=11, minute=0, second=0)

    with engine.begin() as connection:
        sources.change(connection, first, enabled=False)
    assert sync(engine, HALL) == {HALL.kind: "changed"}
    assert held(engine)[HALL.kind].definition.payload != {"source_id": first}


def test_two_that_seed_at_once_do_not_get_in_each_others_way(engine: Engine) -> None:
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(lambda _: sync(engine, HOURLY, DAILY), range(2)))
    assert sorted(outcome for result in results for outcome in result.values()) == ["added"] * 2 + ["unchanged"] * 2
