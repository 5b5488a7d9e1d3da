"""Of any number of schedulers one fires, and it is the one whose connection holds the lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import Engine

from deploy.local.postgres import Database
from producers.scheduler.leader import LOOK, SILENCE, Leader
from shared.database.engine import driver
from shared.schedules import firing, firings, store
from shared.schedules.trigger import Interval
from tests.eventually import eventually
from tests.integration.schedules.conftest import minutely
from tests.probe.kinds import PROBE_CONTRACTS

Start = Callable[[], Leader]


@pytest.fixture
def start(database_url: str) -> Iterator[Start]:
    """Start schedulers."""
    started: list[Leader] = []

    def start() -> Leader:
        started.append(Leader(database_url, PROBE_CONTRACTS))
        return started[-1]

    yield start
    for leader in started:
        leader.close()


def each_second(engine: Engine) -> None:
    with engine.begin() as connection:
        definition = minutely("each-second", trigger=Interval(1))
        store.add(connection, PROBE_CONTRACTS, definition, "ann", firing.moment(connection))


def fired(engine: Engine) -> int:
    with engine.begin() as connection:
        return len(firings.latest(connection, "each-second"))


def cut(engine: Engine) -> None:
    """End the session of whoever has the lock, as a server does that was told to, or a network that broke."""
    with engine.begin() as connection:
        driver(connection).execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


def test_one_leads_and_the_other_stands_by_until_it_ends(start: Start) -> None:
    first, second = start(), start()
    assert [first.tick(), second.tick()] == [LOOK, LOOK]
    assert (first.leads, second.leads) == (True, False)
    second.tick()
    assert not second.leads
    first.close()
    eventually(lambda: [second.tick(), second.leads][1], within=3, what="the other leading")


def test_a_leader_that_loses_its_connection_fires_nothing_more_and_another_leads(start: Start, engine: Engine) -> None:
    first, second = start(), start()
    first.tick()
    second.tick()
    each_second(engine)
    eventually(lambda: [first.tick(), fired(engine)][1], what="a first firing")

    cut(engine)
    before = fired(engine)
    with engine.begin() as connection:
        driver(connection).execute("UPDATE schedules SET next_due_at = now()")
    first.tick()  # hears of it at once, whatever was due
    assert not first.leads
    assert fired(engine) == before

    eventually(lambda: [second.tick(), second.leads][1], within=5, what="the other leading")
    assert fired(engine) == before + 1
    first.tick()
    assert not first.leads
    assert fired(engine) == before + 1


def test_a_leader_of_whom_nothing_is_heard_loses_the_lock(start: Start) -> None:
    silent, other = start(), start()
    silent.tick()
    other.tick()
    assert (silent.leads, other.leads) == (True, False)
    eventually(lambda: [other.tick(), other.leads][1], within=SILENCE + 4, what="the other leading")
    silent.tick()
    assert not silent.leads


def test_a_database_that_goes_away_is_waited_for(
    start: Start, database: Database, database_url: str, engine: Engine
) -> None:
    each_second(engine)
    leader = start()
    eventually(lambda: [leader.tick(), leader.leads][1], what="leading")
    engine.dispose()
    database.stop()
    try:
        assert leader.tick() == LOOK
        assert not leader.leads
        leader.tick()
    finally:
        database.start()
    eventually(lambda: [leader.tick(), leader.leads][1], what="leading again")
    with psycopg.connect(database_url) as connection:
        before = connection.execute("SELECT count(*) FROM outbox").fetchone()
        assert before is not None

    def more() -> bool:
        leader.tick()
        with psycopg.connect(database_url) as connection:
            after = connection.execute("SELECT count(*) FROM outbox").fetchone()
            return after is not None and after > before

    eventually(more, what="firing again")


def test_what_somebody_else_is_changing_is_waited_for_without_haste(start: Start, engine: Engine) -> None:
    each_second(engine)
    leader = start()
    leader.tick()
    with engine.begin() as operator:
        driver(operator).execute("UPDATE schedules SET next_due_at = now() - interval '1 second'")
        assert 0 < leader.tick() <= LOOK


def test_a_schedule_that_is_due_soon_is_not_slept_past(start: Start, engine: Engine) -> None:
    leader = start()
    leader.tick()
    with engine.begin() as connection:
        store.add(connection, PROBE_CONTRACTS, minutely(), "ann", firing.moment(connection))
        driver(connection).execute("UPDATE schedules SET next_due_at = clock_timestamp() + interval '0.5 seconds'")
    assert leader.tick() <= 0.5
