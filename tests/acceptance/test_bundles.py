"""Short messages share a transaction while their pool is busy, and no neighbour ever pays for another."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Crash, Observe, Store

MANY = 600


def done(stack: Stack, keys: list[int]) -> None:
    eventually(lambda: stack.times(*keys) == [1] * len(keys), within=60, what="every effect, once")
    eventually(lambda: stack.left("maintenance") == 0, what="empty queues")
    assert stack.times(*keys) == [1] * len(keys)


def test_a_flood_is_handled_in_bundles_and_each_message_is_counted(stack: Stack, maintenance: Running) -> None:
    name = 'millrace_messages_handled_total{kind="maintenance.probe.store",outcome="done",queue="maintenance"}'
    before, bundles = maintenance.metrics().get(name, 0.0), maintenance.said('"bundle"')
    keys = stack.keys(MANY)
    ids = stack.ask(*(Store(key=key) for key in keys))
    done(stack, keys)
    assert maintenance.metrics()[name] == before + MANY
    assert maintenance.said('"bundle"') > bundles + MANY // 2, "most of them came in bundles"
    statuses = stack.rows("SELECT status FROM sync_log WHERE message_id = ANY(%s)", ids)
    assert [row["status"] for row in statuses] == ["succeeded"] * MANY


def test_a_bad_message_dies_alone_and_a_duplicate_changes_nothing(stack: Stack, maintenance: Running) -> None:
    keys = stack.keys(MANY)
    messages = [stack.compose(Store(key=key)) for key in keys]
    bad = [replace(stack.compose(Store(key=0)), body=b'{"key": "bad %d"}' % number) for number in range(7)]
    flood = []
    for number, message in enumerate(messages):
        flood += [message] * (2 if number % 50 == 0 else 1)
        if number % 80 == 40:
            flood.append(bad.pop())
    letters = 'SELECT reason FROM dead_letters WHERE body LIKE \'{"key": "bad %%\'::bytea'
    died = 7 - len(bad)

    stack.publish(flood)

    eventually(lambda: len(stack.rows(letters)) == died, within=60, what="the bad ones among the dead letters")
    assert {row["reason"] for row in stack.rows(letters)} == {"invalid"}
    done(stack, keys)
    assert maintenance.alive()


def test_a_process_killed_with_bundles_in_hand_loses_nothing_and_repeats_nothing(
    stack: Stack, maintenance: Running
) -> None:
    keys = stack.keys(3 * MANY)
    stack.ask(*(Store(key=key) for key in keys))
    for child in maintenance.children():
        os.kill(child, signal.SIGKILL)
    done(stack, keys)


def test_a_message_that_kills_its_process_dies_alone(stack: Stack, maintenance: Running) -> None:
    keys = stack.keys(200)
    poison = [stack.compose(Crash(key=0, crash=True)) for _ in range(2)]
    flood = [stack.compose(Crash(key=key)) for key in keys]
    flood[50:50], flood[150:150] = poison[:1], poison[1:]

    ids = stack.publish(flood)

    assert {stack.letter(message.message_id, within=90)["reason"] for message in poison} == {"delivery_limit"}
    done(stack, keys)
    died = stack.rows("SELECT message_id FROM dead_letters WHERE message_id = ANY(%s)", ids)
    assert len(died) == 2
    assert maintenance.alive()


@pytest.mark.usefixtures("maintenance")
def test_a_flood_that_only_stores_is_stored_by_sets_the_bad_die_alone_and_twice_is_once(stack: Stack) -> None:
    keys = stack.keys(2000)
    bad = [replace(stack.compose(Observe(key=0)), body=b'{"key": "odd %d"}' % number) for number in range(6)]
    spoiling = [stack.compose(Observe(key=0, spoil=True)) for _ in range(4)]
    flood = [stack.compose(Observe(key=key)) for key in keys]
    twice = flood[::40]
    for number, message in enumerate((*bad, *spoiling)):
        flood.insert(197 * number, message)
    flood[700:700] = twice[:25]
    flood += twice[25:]

    stack.publish(flood)

    done(stack, keys)
    ids = [message.message_id for message in (*bad, *spoiling)]
    letters = "SELECT reason FROM dead_letters WHERE message_id = ANY(%s)"
    eventually(lambda: len(stack.rows(letters, ids)) == 10, within=60, what="the bad ones among the dead letters")
    assert sorted(row["reason"] for row in stack.rows(letters, ids)) == ["invalid"] * 6 + ["unexpected"] * 4
    rows = stack.rows("SELECT status FROM sync_log WHERE kind = 'maintenance.probe.observe' GROUP BY status ORDER BY 1")
    assert [row["status"] for row in rows] == ["failed", "succeeded"]
    assert stack.rows("SELECT count(*) AS n FROM sync_log WHERE kind = 'maintenance.probe.observe'")[0]["n"] >= 2010


def test_a_single_message_of_a_kind_that_waits_for_company_does_not_wait_longer_than_that(
    stack: Stack, maintenance: Running
) -> None:
    key = stack.keys(1)[0]
    (identity,) = stack.ask(Observe(key=key))
    row = stack.ended(identity, within=10)
    assert (row["status"], row["started_at"] - row["published_at"] < timedelta(seconds=2)) == ("succeeded", True)
    assert maintenance.alive()


def test_a_process_killed_with_a_set_in_hand_loses_nothing_and_repeats_nothing(
    stack: Stack, maintenance: Running
) -> None:
    keys = stack.keys(6000)
    stack.ask(*(Observe(key=key) for key in keys))
    for child in maintenance.children():
        os.kill(child, signal.SIGKILL)
    done(stack, keys)
