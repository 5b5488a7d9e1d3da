"""A long range of days, filled in day by day by a pool and the relay; called off, and taken up again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from shared.catalog.minifigures import backfills
from shared.contracts.aggregation import BackfillSnapshots
from shared.database.engine import open_engine
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually

FIRST = date(2025, 1, 1)


@pytest.fixture
def processing(stack: Stack) -> Iterator[Running]:
    """Start the pool."""
    worker = stack.worker("processing", concurrency=2)
    yield worker
    worker.stop()


def state(stack: Stack, backfill: str) -> tuple[str, int]:
    rows = stack.rows("SELECT state, next_date - start_date AS done FROM backfills WHERE id = %s", backfill)
    return (rows[0]["state"], rows[0]["done"]) if rows else ("none", 0)


def days(stack: Stack, backfill: str) -> list[str]:
    statement = "SELECT result ->> 'target_date' AS day FROM sync_log WHERE correlation_id = %s AND result ? 'written'"
    return sorted(row["day"] for row in stack.rows(statement, backfill))


@pytest.mark.usefixtures("processing")
def test_each_day_of_a_backfill_is_a_message_done_once(stack: Stack) -> None:
    (backfill,) = stack.ask(BackfillSnapshots(start_date=FIRST, end_date=FIRST + timedelta(days=29)))
    eventually(lambda: state(stack, backfill) == ("finished", 30), within=60, what="the last day done")
    assert days(stack, backfill) == [str(FIRST + timedelta(days=day)) for day in range(30)]


@pytest.mark.usefixtures("processing")
def test_a_backfill_that_is_called_off_stops_and_goes_on_where_it_stopped(stack: Stack) -> None:
    last = FIRST + timedelta(days=399)
    (backfill,) = stack.ask(BackfillSnapshots(start_date=FIRST, end_date=last))
    eventually(lambda: state(stack, backfill)[1] >= 5, within=60, what="some days done")
    engine = open_engine(stack.database_url, pool=1)
    try:
        with engine.begin() as connection:
            assert backfills.cancel(connection, backfill)
        running = "SELECT 1 FROM sync_log WHERE correlation_id = %s AND result ->> 'cancelled' = 'true'"
        eventually(lambda: stack.rows(running, backfill), within=30, what="a day that finds it called off")
        stopped = state(stack, backfill)
        assert stopped[0] == "cancelled"
        assert stopped[1] < 400
        with engine.begin() as connection:
            resumed = backfills.resume(connection, backfill)
        assert resumed is not None
        stack.ask(BackfillSnapshots(start_date=resumed.next_date, end_date=last), correlation_id=backfill)
        eventually(lambda: state(stack, backfill)[1] > stopped[1] + 5, within=60, what="it going on")
        with engine.begin() as connection:
            backfills.cancel(connection, backfill)
    finally:
        engine.dispose()
    assert len(days(stack, backfill)) == len(set(days(stack, backfill)))
