"""What is due is fired once, in the transaction that says when it is due next."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import Connection, Engine

from shared.database.engine import driver
from shared.schedules import firing, firings, rules, store
from shared.schedules.firing import Fired
from shared.schedules.trigger import Crontab, Interval, Once
from tests.integration.schedules.conftest import MINUTE, NOW, minutely
from tests.probe.kinds import NOTHING, PROBE_CONTRACTS, STORE

DUE = NOW.replace(minute=1, second=0)


def rows(connection: Connection, statement: str) -> list[dict[str, Any]]:
    with driver(connection).cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement).fetchall()


def outbox(engine: Engine) -> list[dict[str, Any]]:
    with engine.begin() as connection:
        return rows(connection, "SELECT * FROM outbox ORDER BY id")


def add(engine: Engine, **definition: Any) -> str:
    made = minutely(**definition)
    with engine.begin() as connection:
        store.add(connection, PROBE_CONTRACTS, made, "ann", NOW)
    return made.name


def fire(engine: Engine, at: Any) -> list[Fired]:
    with engine.begin() as connection:
        return firing.fire_due(connection, PROBE_CONTRACTS, at)


def one(engine: Engine, name: str = "probe") -> store.Schedule:
    with engine.begin() as connection:
        return store.get(connection, name)


def test_a_due_schedule_puts_its_message_into_the_outbox_and_is_due_again_later(engine: Engine) -> None:
    name = add(engine, priority=1)
    assert fire(engine, DUE - timedelta(microseconds=1)) == []
    identity = rules.message_id(name, DUE)

    assert fire(engine, DUE) == [Fired(name, DUE, identity)]

    (row,) = outbox(engine)
    assert (row["message_id"], row["routing_key"], row["exchange"]) == (identity, STORE.name, "maintenance")
    assert json.loads(bytes(row["body"])) == {"key": 1, "value": 0}
    assert (row["properties"]["priority"], row["properties"]["app_id"]) == (1, "scheduler")
    after = one(engine)
    assert (after.last_due_at, after.last_fired_at, after.last_message_id) == (DUE, DUE, identity)
    assert after.next_due_at == DUE + MINUTE


def test_a_due_time_fires_once_however_often_it_is_looked_at(engine: Engine) -> None:
    add(engine)
    fired = [fire(engine, at) for at in (DUE, DUE, DUE - MINUTE, DUE - timedelta(days=1), DUE + MINUTE / 2)]
    assert [len(each) for each in fired] == [1, 0, 0, 0, 0]
    assert len(outbox(engine)) == 1


def test_what_is_rolled_back_was_not_fired(engine: Engine) -> None:
    add(engine)
    with engine.connect() as connection:
        assert firing.fire_due(connection, PROBE_CONTRACTS, DUE)
        connection.rollback()
    assert outbox(engine) == []
    assert len(fire(engine, DUE)) == 1


def test_two_that_look_at_once_do_not_both_fire(engine: Engine) -> None:
    add(engine)
    with engine.begin() as first, engine.begin() as second:
        assert len(firing.fire_due(first, PROBE_CONTRACTS, DUE)) == 1
        assert firing.fire_due(second, PROBE_CONTRACTS, DUE) == []
    assert len(outbox(engine)) == 1


def test_a_due_time_that_was_fired_for_does_not_fire_again_when_a_clock_is_put_back_and_the_schedule_changed(
    engine: Engine,
) -> None:
    name = add(engine)
    fire(engine, DUE)
    earlier = DUE - MINUTE / 2
    with engine.begin() as connection:
        store.change(connection, PROBE_CONTRACTS, name, {"interval_seconds": 30}, "ann", earlier)
    assert one(engine).next_due_at == DUE
    assert fire(engine, DUE) == [Fired(name, DUE, None)]
    assert len(outbox(engine)) == 1
    assert one(engine).next_due_at == DUE + MINUTE / 2


def realign(engine: Engine, at: Any) -> list[str]:
    with engine.begin() as connection:
        return firing.realign(connection, at)


def test_due_times_that_are_right_are_left_alone(engine: Engine) -> None:
    add(engine)
    add(engine, name="daily", trigger=Crontab("0 6 * * *", "America/New_York"))
    add(engine, name="once", trigger=Once(DUE))
    add(engine, name="off", enabled=False)
    assert realign(engine, NOW) == []
    assert realign(engine, DUE) == []  # what is due is to be fired
    fire(engine, DUE)
    assert realign(engine, DUE) == []


def test_a_clock_that_ran_ahead_for_a_while_is_made_up_for_and_nothing_fires_twice(engine: Engine) -> None:
    name = add(engine)
    fire(engine, DUE)
    ahead = DUE + timedelta(days=400)
    assert len(fire(engine, ahead)) == 1
    back = DUE - timedelta(seconds=5)
    assert realign(engine, back) == [name]
    assert one(engine).next_due_at == DUE
    # The second was fired ahead of its time, for the due time that seemed to have been missed.
    fired = [fire(engine, DUE + number * MINUTE) for number in range(3)]
    last = DUE + 2 * MINUTE
    assert fired == [
        [Fired(name, DUE, None)],
        [Fired(name, DUE + MINUTE, None)],
        [Fired(name, last, rules.message_id(name, last))],
    ]
    assert len(outbox(engine)) == 3


def test_what_was_written_into_the_table_by_hand_comes_right(engine: Engine) -> None:
    for name in ("retimed", "off", "spoilt"):
        add(engine, name=name, trigger=Crontab("0 6 * * *", "UTC"))
    with engine.begin() as connection:
        driver(connection).execute("UPDATE schedules SET crontab = '* * * * *' WHERE name = 'retimed'")
        driver(connection).execute("UPDATE schedules SET enabled = false WHERE name = 'off'")
        driver(connection).execute("UPDATE schedules SET crontab = 'whenever' WHERE name = 'spoilt'")
        driver(connection).execute(
            "INSERT INTO schedules (name, kind, interval_seconds, changed_at) VALUES ('new', %s, 60, now())",
            (NOTHING.name,),
        )
    assert sorted(realign(engine, NOW)) == ["new", "off", "retimed", "spoilt"]
    assert one(engine, "retimed").next_due_at == one(engine, "new").next_due_at == DUE
    assert (one(engine, "off").state, one(engine, "off").next_due_at) == ("disabled", None)
    assert (one(engine, "spoilt").state, one(engine, "spoilt").next_due_at) == ("broken", None)
    assert realign(engine, NOW) == []


def test_what_was_disabled_by_hand_does_not_fire(engine: Engine) -> None:
    add(engine)
    with engine.begin() as connection:
        driver(connection).execute("UPDATE schedules SET enabled = false")
        assert firing.seconds_until_next(connection) is None
    assert fire(engine, DUE) == []


def test_a_long_pause_is_followed_by_one_run_and_no_burst(engine: Engine) -> None:
    add(engine)
    late = DUE + timedelta(days=3)
    assert len(fire(engine, late)) == 1
    assert fire(engine, late) == []
    assert one(engine).next_due_at == late + MINUTE


def test_a_run_that_is_skipped_when_missed_leaves_no_message(engine: Engine) -> None:
    name = add(engine, trigger=Crontab("0 13 * * *", "UTC"), missed_run="skip", grace_seconds=600)
    due = NOW.replace(hour=13, minute=0, second=0)
    assert fire(engine, due + timedelta(seconds=601)) == [Fired(name, due)]
    assert outbox(engine) == []
    after = one(engine)
    assert (after.next_due_at, after.last_due_at) == (due + timedelta(days=1), None)

    assert fire(engine, due + timedelta(days=1, seconds=599))[0].message_id is not None
    assert len(outbox(engine)) == 1


def test_a_schedule_for_one_moment_fires_once_and_is_finished(engine: Engine) -> None:
    moment = NOW + timedelta(seconds=7, microseconds=5)
    name = add(engine, trigger=Once(moment))
    assert one(engine).next_due_at == moment
    assert fire(engine, moment) == [Fired(name, moment, rules.message_id(name, moment))]
    assert fire(engine, moment + timedelta(days=9)) == []
    after = one(engine)
    assert (after.state, after.next_due_at, after.definition.enabled) == ("finished", None, True)


def test_a_payload_that_no_longer_fits_its_contract_is_told_and_holds_up_nobody(engine: Engine) -> None:
    add(engine, name="broken")
    add(engine, name="whole")
    with engine.begin() as connection:
        driver(connection).execute("""UPDATE schedules SET payload = '{"clef": 1}' WHERE name = 'broken'""")
    fired = {each.schedule: each for each in fire(engine, DUE)}
    assert "clef" in (fired["broken"].problem or "")
    assert fired["whole"].message_id is not None
    broken = one(engine, "broken")
    assert broken.problem == fired["broken"].problem
    assert broken.next_due_at == DUE + MINUTE
    with engine.begin() as connection:
        assert store.change(connection, PROBE_CONTRACTS, "broken", {"payload": {"key": 2}}, "ann", DUE).problem is None


def test_a_crontab_that_was_spoilt_by_hand_is_told_and_holds_up_nobody(engine: Engine) -> None:
    add(engine, name="broken", trigger=Crontab("* * * * *", "UTC"))
    add(engine, name="far", trigger=Crontab("* * * * *", "UTC"))
    add(engine, name="whole")
    with engine.begin() as connection:
        driver(connection).execute("UPDATE schedules SET crontab = 'whenever' WHERE name = 'broken'")
        driver(connection).execute("UPDATE schedules SET time_zone = 'Mars/Olympus' WHERE name = 'far'")
    fired = {each.schedule: each for each in fire(engine, DUE)}
    assert "whenever" in (fired["broken"].problem or "")
    assert "Mars" in (fired["far"].problem or "")
    assert fired["whole"].message_id is not None
    assert one(engine, "broken").state == "broken"


def test_what_an_operator_is_changing_has_its_turn_a_moment_later(engine: Engine) -> None:
    add(engine, name="changing")
    add(engine, name="other")
    with engine.begin() as operator:
        store.change(operator, PROBE_CONTRACTS, "changing", {"priority": 7}, "ann", DUE)
        assert [each.schedule for each in fire(engine, DUE)] == ["other"]
    assert [each.schedule for each in fire(engine, DUE)] == ["changing"]
    assert outbox(engine)[-1]["properties"]["priority"] == 7


def test_many_that_are_due_at_once_are_fired_in_slices(engine: Engine) -> None:
    with engine.begin() as connection:
        for number in range(firing.AT_ONCE + 3):
            store.add(connection, PROBE_CONTRACTS, minutely(f"probe.{number}"), "ann", NOW)
    assert [len(fire(engine, DUE)) for _ in range(3)] == [firing.AT_ONCE, 3, 0]


def test_the_latest_messages_are_kept_and_the_last_success_outlives_them(engine: Engine) -> None:
    name = add(engine, trigger=Interval(1))
    start = one(engine).next_due_at
    assert start is not None
    first = rules.message_id(name, start)
    with engine.begin() as connection:
        assert firings.last_successes(connection) == {name: None}
        firing.fire_due(connection, PROBE_CONTRACTS, start)
        driver(connection).execute(
            "INSERT INTO sync_log (message_id, kind, queue, status, started_at, finished_at)"
            " VALUES (%s, %s, 'maintenance', 'succeeded', %s, %s)",
            (first, STORE.name, start, start + timedelta(seconds=2)),
        )
        assert firings.last_successes(connection) == {name: start + timedelta(seconds=2)}
        assert [each["status"] for each in firings.latest(connection, name)] == ["succeeded"]

        for second in range(1, firings.KEPT + 10):
            firing.fire_due(connection, PROBE_CONTRACTS, start + timedelta(seconds=second))

        latest = firings.latest(connection, name, limit=1000)
        assert len(latest) == firings.KEPT
        assert latest[0]["due_at"] == start + timedelta(seconds=firings.KEPT + 9)
        assert first not in {each["message_id"] for each in latest}
        assert {each["status"] for each in latest} == {"pending"}
        assert firings.last_successes(connection) == {name: start + timedelta(seconds=2)}
