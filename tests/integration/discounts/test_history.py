"""What everything priced costs, hour by hour."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.catalog.discounts.history import SNAPSHOT_DAYS, Recorded, record_prices
from shared.catalog.minifigures.records import Item
from shared.catalog.minifigures.store import save_items
from tests.integration.discounts.stock import NOON, TODAY, Shop, batch

HOUR = timedelta(hours=1)
SNAPSHOT = """
INSERT INTO price_snapshots VALUES (%s, (SELECT id FROM minifigures WHERE set_number = 'sw0002'), %s, %s, 1, 9, 5, %s,
                                    3, now())
"""


@pytest.fixture
def record(engine: Engine) -> Any:
    def once(at: Any = NOON) -> Recorded:
        with engine.begin() as connection:
            return record_prices(connection, at)

    return once


def history(shop: Shop) -> list[tuple[Any, ...]]:
    rows = shop.rows("SELECT * FROM price_history ORDER BY recorded_at, priced, item, variant, currency")
    return [(row["recorded_at"], row["item"], row["variant"], row["currency"], row["price"]) for row in rows]


def test_a_batch_costs_what_its_discount_makes_of_it(shop: Shop, record: Any) -> None:
    shop.receive(batch(lot="A"), batch(lot="B", days_left=60))
    shop.recompute()
    assert record() == Recorded(batches=2, minifigures=0)
    assert history(shop) == [(NOON, "YOG-150", "A", "EUR", 7), (NOON, "YOG-150", "B", "EUR", 10)]


def test_what_is_not_for_sale_costs_nothing_and_a_discount_off_another_price_does_not_count(
    shop: Shop, record: Any
) -> None:
    shop.receive(batch(lot="A"), batch(lot="B"), batch(lot="C"), batch(lot="D", days_left=0))
    shop.recompute()
    shop.receive(batch(lot="A", quantity=0), batch(lot="B", days_left=-1), batch(lot="C", base_price="20.00"))
    record()
    assert [(item, price) for _, item, *_, price in history(shop)] == [("YOG-150", 20), ("YOG-150", 3)]


def test_an_hour_that_is_recorded_stays_as_it_is_and_the_next_one_is_another(shop: Shop, record: Any) -> None:
    shop.receive(batch())
    record(NOON + timedelta(minutes=5))
    shop.recompute()
    assert record(NOON + timedelta(minutes=55)) == Recorded(batches=0, minifigures=0)
    assert record(NOON + HOUR) == Recorded(batches=1, minifigures=0)
    assert [(when, price) for when, *_, price in history(shop)] == [(NOON, 10), (NOON + HOUR, 7)]


def test_an_item_costs_the_median_of_its_latest_snapshot_by_condition_and_currency(
    shop: Shop, engine: Engine, record: Any
) -> None:
    with engine.begin() as connection:
        save_items(connection, [Item("sw0002", "minifigure", "Boba Fett")], NOON)
    shop.run(SNAPSHOT, TODAY - timedelta(days=2), "USED", "USD", Decimal("4.5"))
    shop.run(SNAPSHOT, TODAY - timedelta(days=1), "USED", "USD", Decimal("5.125"))
    shop.run(SNAPSHOT, TODAY - timedelta(days=2), "USED", "EUR", Decimal(4))
    shop.run(SNAPSHOT, TODAY - timedelta(days=SNAPSHOT_DAYS), "NEW", "USD", Decimal(12))
    shop.run(SNAPSHOT, TODAY - timedelta(days=SNAPSHOT_DAYS + 1), "SEALED", "USD", Decimal(13))
    assert record() == Recorded(batches=0, minifigures=3)
    assert history(shop) == [
        (NOON, "sw0002", "NEW", "USD", 12),
        (NOON, "sw0002", "USED", "EUR", 4),
        (NOON, "sw0002", "USED", "USD", Decimal("5.125")),
    ]
    assert record() == Recorded(batches=0, minifigures=0)
