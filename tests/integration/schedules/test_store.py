"""Schedules as operators add, change, run and remove them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.accepted import AcceptedBefore
from shared.database.engine import driver
from shared.schedules import firings, store
from shared.schedules.definition import Definition, InvalidSchedule
from shared.schedules.store import NoSuchSchedule, Schedule, ScheduleExists
from shared.schedules.trigger import Crontab, Interval, Once
from tests.integration.schedules.conftest import MINUTE, NOW, minutely
from tests.probe.kinds import NOTHING, PROBE_CONTRACTS

DUE = NOW.replace(minute=1, second=0)


def add(engine: Engine, **definition: Any) -> Schedule:
    with engine.begin() as connection:
        return store.add(connection, PROBE_CONTRACTS, minutely(**definition), "ann", NOW)


def change(engine: Engine, now: Any = NOW, **changes: Any) -> Schedule:
    with engine.begin() as connection:
        return store.change(connection, PROBE_CONTRACTS, "probe", changes, "bob", now)


def get(engine: Engine) -> Schedule:
    with engine.begin() as connection:
        return store.get(connection, "probe")


@pytest.mark.parametrize(
    "trigger",
    [Interval(60, "Europe/Rome"), Crontab("0 6 * * sun", "America/New_York"), Once(NOW + MINUTE, "Asia/Tokyo")],
)
def test_what_is_added_is_what_is_found(engine: Engine, trigger: Any) -> None:
    definition = {
        "trigger": trigger,
        "payload": {"key": 1, "value": 2},
        "priority": 9,
        "missed_run": "skip",
        "grace_seconds": 0,
        "description": "What it's for \u2603",
    }
    added = add(engine, **definition)
    assert get(engine) == added
    assert added.definition == Definition(**{"name": "probe", "kind": minutely().kind, **definition})
    assert added.next_due_at == trigger.next_after(NOW)
    assert (added.changed_by, added.seeded, added.state) == ("ann", False, "waiting")


def test_a_name_is_taken_once(engine: Engine) -> None:
    add(engine)
    with pytest.raises(ScheduleExists):
        add(engine)


def test_a_disabled_one_is_never_due_and_an_enabled_one_from_then_on(engine: Engine) -> None:
    assert add(engine, enabled=False).next_due_at is None
    assert get(engine).state == "disabled"
    assert change(engine, DUE + 10 * MINUTE, enabled=True).next_due_at == DUE + 11 * MINUTE
    assert change(engine, enabled=False).next_due_at is None


def test_a_change_that_has_nothing_to_do_with_time_leaves_the_due_time(engine: Engine) -> None:
    add(engine)
    late = DUE + 10 * MINUTE
    changed = change(engine, late, payload={"key": 2}, priority=1, description="", enabled=True, interval_seconds=60)
    assert changed.next_due_at == DUE
    assert (changed.changed_by, changed.changed_at) == ("bob", late)
    assert change(engine, late, interval_seconds=120).next_due_at == DUE.replace(minute=12)


def test_a_moment_that_has_passed_is_refused(engine: Engine) -> None:
    with pytest.raises(InvalidSchedule, match="passed"):
        add(engine, trigger=Once(NOW))
    add(engine, trigger=Once(NOW + MINUTE))
    change(engine, enabled=False)
    with pytest.raises(InvalidSchedule, match="passed"):
        change(engine, NOW + 2 * MINUTE, enabled=True)
    moved = change(engine, NOW + 2 * MINUTE, enabled=True, once_at=NOW + 3 * MINUTE)
    assert moved.next_due_at == NOW + 3 * MINUTE


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"crontab": "0 0 30 2 *"}, "crontab"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"payload": {"clef": 1}}, "payload.key"),
        ({"kind": "maintenance.probe.no"}, "kind"),
        ({"interval_seconds": 0}, "interval_seconds"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(engine: Engine, changes: dict[str, Any], field: str) -> None:
    before = add(engine)
    with pytest.raises(InvalidSchedule) as refused:
        change(engine, **changes)
    assert field in [where for where, _ in refused.value.problems]
    assert get(engine) == before


def test_another_kind_with_its_payload_is_taken(engine: Engine) -> None:
    add(engine)
    assert change(engine, kind=NOTHING.name, payload={}).definition.kind == NOTHING.name


def test_one_that_is_removed_is_gone_with_its_firings(engine: Engine) -> None:
    add(engine)
    with engine.begin() as connection:
        store.run_now(connection, PROBE_CONTRACTS, "probe", "ann", NOW)
        store.remove(connection, "probe")
        assert firings.latest(connection, "probe") == []
    for gone in (get, change):
        with pytest.raises(NoSuchSchedule):
            gone(engine)


def test_run_now_asks_at_once_and_leaves_the_due_time(engine: Engine) -> None:
    add(engine, enabled=False, priority=8)
    with engine.begin() as connection:
        first = store.run_now(connection, PROBE_CONTRACTS, "probe", "ann", NOW)
        second = store.run_now(connection, PROBE_CONTRACTS, "probe", "ann", NOW + MINUTE)
        rows = driver(connection).execute("SELECT message_id, properties -> 'priority' FROM outbox ORDER BY id")
        assert rows.fetchall() == [(first, 8), (second, 8)]
        latest = firings.latest(connection, "probe")
    assert [(one["message_id"], one["asked_by"]) for one in latest] == [(second, "ann"), (first, "ann")]
    assert get(engine).last_due_at is None


def test_run_now_with_one_id_asks_once(engine: Engine) -> None:
    add(engine)
    with engine.begin() as connection:
        for _ in range(2):
            assert store.run_now(connection, PROBE_CONTRACTS, "probe", "ann", NOW, "mine") == "mine"
        assert driver(connection).execute("SELECT count(*) FROM outbox").fetchone() == (1,)
    change(engine, payload={"key": 5})
    with engine.begin() as connection, pytest.raises(AcceptedBefore):
        store.run_now(connection, PROBE_CONTRACTS, "probe", "ann", NOW + timedelta(days=1), "mine")
