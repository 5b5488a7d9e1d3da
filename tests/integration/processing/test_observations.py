"""Prices that other services have seen, stored by the hundred."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, text

from shared.catalog.minifigures.observations import store_observations
from shared.catalog.minifigures.store import NotInCatalogue
from shared.contracts.prices import Observation
from tests.integration.processing.days import DAY, NOON, seen


def store(engine: Engine, *observations: Observation, at: datetime = NOON) -> int:
    with engine.begin() as connection:
        return store_observations(connection, observations, at)


def rows(engine: Engine) -> list[dict[str, Any]]:
    statement = text("SELECT * FROM price_listings ORDER BY minifigure_id, observed_on, source, item_id")
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(statement).mappings()]


def test_an_observation_is_a_listing_of_its_day(engine: Engine) -> None:
    assert store(engine, seen("1", "12.50", shipping=Decimal("3.00"), title="Luke")) == 1
    (row,) = rows(engine)
    assert (row["minifigure_id"], row["observed_on"], row["price"], row["shipping"]) == (
        1,
        DAY,
        Decimal("12.50"),
        Decimal("3.00"),
    )
    assert (row["title"], row["source"], row["item_id"], row["observed_at"]) == ("Luke", "shop", "1", NOON)


def test_the_same_observations_again_write_no_row(engine: Engine) -> None:
    offers = [seen(str(number), "9.99") for number in range(300)]
    assert store(engine, *offers) == 300
    before = rows(engine)
    assert store(engine, *offers) == 0
    assert rows(engine) == before


def test_of_one_offer_seen_twice_on_a_day_the_later_sight_counts_in_whichever_order_they_come(engine: Engine) -> None:
    early, late = seen("1", "10.00", observed_at=NOON), seen("1", "8.00", observed_at=NOON + timedelta(hours=1))
    for order in ((early, late), (late, early)):
        store(engine, *order)
        assert [row["price"] for row in rows(engine)] == [Decimal("8.00")]
    store(engine, early)
    assert [row["price"] for row in rows(engine)] == [Decimal("8.00")]


def test_the_day_is_that_of_utc_wherever_the_observer_is(engine: Engine) -> None:
    evening = datetime(2026, 11, 21, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    store(engine, seen("1", "10.00", observed_at=evening))
    assert [row["observed_on"].isoformat() for row in rows(engine)] == ["2026-11-22"]


def test_one_without_a_time_counts_as_seen_when_it_is_stored(engine: Engine) -> None:
    at = datetime(2026, 11, 23, 1, tzinfo=UTC)
    store(engine, seen("1", "10.00", observed_at=None), at=at)
    assert [(row["observed_on"].day, row["observed_at"]) for row in rows(engine)] == [(23, at)]


def test_a_number_is_found_in_whatever_case_it_is_written(engine: Engine) -> None:
    assert store(engine, seen("1", "10.00", set_number="SW0001A")) == 1


def test_one_of_an_item_that_nobody_knows_says_so_and_stores_nothing(engine: Engine) -> None:
    with pytest.raises(NotInCatalogue, match="sw9999"):
        store(engine, seen("1", "10.00"), seen("2", "10.00", set_number="sw9999"))
    assert rows(engine) == []
