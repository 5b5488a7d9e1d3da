"""Daily snapshots of prices, beside Python's own statistics."""

from __future__ import annotations

import statistics
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from shared.catalog.minifigures import backfills
from shared.catalog.minifigures.observations import store_observations
from shared.catalog.minifigures.snapshots import Aggregated, aggregate, forget_before
from shared.contracts.prices import Observation
from tests.integration.processing.conftest import NUMBERS
from tests.integration.processing.days import DAY, NOON, seen

PRICES = st.decimals(min_value=0, max_value=Decimal("9999999.99"), places=2)
OFFERS = st.lists(
    st.tuples(
        st.sampled_from(NUMBERS),
        st.sampled_from(["NEW", "USED", "SEALED"]),
        st.sampled_from(["USD", "EUR"]),
        st.sampled_from(["fixed", "fixed", "fixed", "auction"]),
        PRICES,
    ),
    max_size=60,
)


def store(engine: Engine, *observations: Observation) -> None:
    with engine.begin() as connection:
        store_observations(connection, observations, NOON)


def run(engine: Engine, day: date = DAY, minifigure_id: int | None = None) -> Aggregated:
    with engine.begin() as connection:
        return aggregate(connection, day, NOON, minifigure_id)


def snapshots(engine: Engine) -> dict[tuple[int, str, str], tuple[Any, ...]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT * FROM price_snapshots ORDER BY 1, 2, 3, 4")).mappings().all()
    return {
        (row["minifigure_id"], row["condition"], row["currency"]): (
            row["min_price"],
            row["max_price"],
            row["avg_price"],
            row["median_price"],
            row["listing_count"],
        )
        for row in rows
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(OFFERS)
def test_the_five_numbers_are_those_of_python_s_statistics(
    engine: Engine, offers: list[tuple[str, str, str, str, Decimal]]
) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE price_listings, price_snapshots"))
    expected: dict[tuple[int, str, str], list[Decimal]] = defaultdict(list)
    observations = []
    for count, (number, condition, currency, kind, price) in enumerate(offers):
        told = {"set_number": number, "condition": condition, "currency": currency, "price_kind": kind}
        observations.append(seen(str(count), str(price), **told))
        if kind == "fixed":
            expected[NUMBERS.index(number) + 1, condition, currency].append(price)
    if observations:
        store(engine, *observations)
    assert run(engine).snapshots == len(expected)
    assert snapshots(engine) == {
        key: (
            min(prices),
            max(prices),
            statistics.mean(prices).quantize(Decimal("0.0001"), ROUND_HALF_UP),
            statistics.median(prices),
            len(prices),
        )
        for key, prices in expected.items()
    }
    assert run(engine).changed == 0


def test_nothing_averages_dollars_with_euros(engine: Engine) -> None:
    store(engine, seen("1", "10.00"), seen("2", "20.00", currency="EUR"))
    run(engine)
    assert {key[2]: numbers[2] for key, numbers in snapshots(engine).items()} == {
        "USD": Decimal(10),
        "EUR": Decimal(20),
    }


def test_what_arrives_late_is_in_the_snapshot_after_the_next_run_and_what_was_corrected_leaves_it(
    engine: Engine,
) -> None:
    store(engine, seen("1", "10.00"), seen("2", "99.00", condition="NEW"))
    assert run(engine) == Aggregated(snapshots=2, written=2, removed=0)
    later = NOON + timedelta(hours=1)
    store(engine, seen("3", "20.00"), seen("2", "99.00", condition="SEALED", observed_at=later))
    assert run(engine) == Aggregated(snapshots=2, written=2, removed=1)
    assert snapshots(engine)[1, "USED", "USD"] == (10, 20, 15, 15, 2)
    assert (1, "NEW", "USD") not in snapshots(engine)


def test_a_day_s_snapshots_are_of_that_day_alone(engine: Engine) -> None:
    store(engine, seen("1", "10.00"), seen("1", "30.00", observed_at=NOON + timedelta(days=1)))
    run(engine)
    assert snapshots(engine) == {(1, "USED", "USD"): (10, 10, 10, 10, 1)}


def test_one_item_can_be_computed_without_the_others(engine: Engine) -> None:
    store(engine, seen("1", "10.00"), seen("2", "10.00", set_number="sw0002"))
    assert run(engine, minifigure_id=2).snapshots == 1
    assert list(snapshots(engine)) == [(2, "USED", "USD")]


def test_snapshots_outlive_the_listings_they_were_made_of_even_while_those_are_being_deleted(engine: Engine) -> None:
    store(engine, seen("1", "10.00"), seen("2", "20.00"))
    run(engine)
    before = snapshots(engine)
    with engine.begin() as connection:
        forget_before(connection, DAY + timedelta(days=1))
        connection.execute(text("DELETE FROM price_listings WHERE item_id = '1'"))
    assert run(engine).changed == 0
    assert snapshots(engine) == before


MANY = 1_000_000
FILL = """
INSERT INTO minifigures (set_number, item_type, name, synced_at)
    SELECT 'fig' || n, 'minifigure', 'Figure', now() FROM generate_series(1, 10000) AS n;
INSERT INTO price_listings (minifigure_id, observed_on, source, item_id, title, condition, price, currency, price_kind,
                            first_seen_at, observed_at)
    SELECT 4 + n %% 10000, '2026-11-21', 'shop', n::text, 'x', (ARRAY['NEW', 'USED'])[1 + n / 10000 %% 2],
        (n::bigint * 7919 %% 100000) / 100.0, 'USD', 'fixed', now(), now()
    FROM generate_series(1, {many}) AS n;
ANALYZE price_listings;
"""


def test_a_day_of_a_million_listings_is_one_statement_and_again_changes_nothing(
    engine: Engine, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(FILL.format(many=MANY).replace("%%", "%"))
    assert run(engine) == Aggregated(snapshots=20_000, written=20_000, removed=0)
    assert run(engine).changed == 0


def test_a_backfill_goes_day_by_day_and_each_day_counts_once(engine: Engine) -> None:
    end = DAY + timedelta(days=2)
    with engine.begin() as connection:
        assert backfills.begin_day(connection, "chain", DAY, end, NOON)
        backfills.end_day(connection, "chain", DAY, 5)
        assert not backfills.begin_day(connection, "chain", DAY, end, NOON), "a second message for a day that is done"
        assert backfills.begin_day(connection, "chain", DAY + timedelta(days=1), end, NOON)
        backfills.end_day(connection, "chain", DAY + timedelta(days=1), 2)
        (held,) = backfills.latest(connection)
        assert (held.state, held.done, held.days, held.changed) == ("running", 2, 3, 7)


def test_a_backfill_that_was_called_off_ends_and_goes_on_where_it_was(engine: Engine) -> None:
    end = DAY + timedelta(days=1)
    with engine.begin() as connection:
        backfills.begin_day(connection, "chain", DAY, end, NOON)
        backfills.end_day(connection, "chain", DAY, 0)
        assert backfills.cancel(connection, "chain")
        assert not backfills.cancel(connection, "chain")
        assert not backfills.begin_day(connection, "chain", end, end, NOON)
        resumed = backfills.resume(connection, "chain")
        assert resumed is not None
        assert resumed.next_date == end
        assert backfills.begin_day(connection, "chain", end, end, NOON)
        backfills.end_day(connection, "chain", end, 0)
        assert [each.state for each in backfills.latest(connection)] == ["finished"]
        assert backfills.resume(connection, "chain") is None


@pytest.mark.parametrize("day", [date(2026, 2, 29 - 1), date(2024, 2, 29)])
def test_any_day_of_the_calendar_will_do(engine: Engine, day: date) -> None:
    assert run(engine, day) == Aggregated(0, 0, 0)
