"""Batches as inventories tell them, in whatever order the messages come."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from tests.integration.discounts.stock import NOON, Shop, batch

MINUTE = timedelta(minutes=1)


def held(shop: Shop) -> list[tuple[str, str, int]]:
    return [(row["sku"], row["lot"], row["quantity"]) for row in shop.rows("SELECT * FROM batches ORDER BY sku, lot")]


def test_a_batch_is_stored_with_its_product(shop: Shop) -> None:
    shop.receive(batch(lot="A", name="Yoghurt\x00"), batch(lot="B"), batch("MILK", "A", quantity=0))
    assert held(shop) == [("MILK", "A", 0), ("YOG-150", "A", 10), ("YOG-150", "B", 10)]
    assert [(row["sku"], row["name"]) for row in shop.rows("SELECT * FROM products ORDER BY sku")] == [
        ("MILK", None),
        ("YOG-150", "Yoghurt\ufffd"),
    ]


def test_the_same_again_writes_nothing(shop: Shop) -> None:
    told = [batch(lot=str(number), name="Yoghurt") for number in range(50)]
    shop.receive(*told)
    written = "SELECT batches.xmin::text, products.xmin::text AS other FROM batches JOIN products USING (sku)"
    before = shop.rows(written)
    shop.receive(*told, at=NOON + MINUTE)
    assert shop.rows(written) == before


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("together", [True, False])
def test_what_was_published_last_counts_in_whichever_order_it_arrives(
    shop: Shop, order: tuple[int, ...], together: bool
) -> None:
    told = [batch(quantity=quantity, name=name) for quantity, name in ((5, "Old"), (7, "New"), (5, None))]
    arriving = [(told[place], NOON + place * MINUTE) for place in order]
    at = NOON + timedelta(hours=1)
    if together:
        shop.receive(*(each for each, _ in arriving), told=[when for _, when in arriving], at=at)
    else:
        for each, when in arriving:
            shop.receive(each, told=when, at=at)
    assert held(shop) == [("YOG-150", "L1", 5)]
    assert shop.rows("SELECT told_at FROM batches") == [{"told_at": NOON + 2 * MINUTE}]
    assert shop.rows("SELECT name FROM products") == [{"name": "New"}]


def test_an_older_statement_does_not_count_even_if_the_newer_one_only_repeated_what_was_known(shop: Shop) -> None:
    for quantity, minutes in ((5, 0), (5, 10), (9, 5)):
        shop.receive(batch(quantity=quantity), told=NOON + minutes * MINUTE, at=NOON + timedelta(hours=1))
    assert held(shop) == [("YOG-150", "L1", 5)]


def test_of_two_published_at_the_same_time_the_one_that_arrives_later_counts(shop: Shop) -> None:
    shop.receive(batch(quantity=1), batch(quantity=2))
    assert held(shop) == [("YOG-150", "L1", 2)]
    shop.receive(batch(quantity=3))
    assert held(shop) == [("YOG-150", "L1", 3)]


def test_a_publisher_whose_clock_is_ahead_is_not_believed_for_years(shop: Shop) -> None:
    shop.receive(batch(quantity=1), told=NOON + timedelta(days=3650), at=NOON)
    shop.receive(batch(quantity=2), told=NOON + MINUTE, at=NOON + MINUTE)
    assert held(shop) == [("YOG-150", "L1", 2)]


def test_everything_of_a_batch_may_change_but_since_when_it_is_known(shop: Shop) -> None:
    shop.receive(batch())
    changed: dict[str, Any] = {"days_left": 3, "quantity": 1, "base_price": "0.00", "currency": "USD"}
    shop.receive(batch(**changed), told=NOON + MINUTE, at=NOON + MINUTE)
    (row,) = shop.rows("SELECT * FROM batches")
    assert (row["quantity"], row["base_price"], row["currency"], row["received_at"]) == (1, 0, "USD", NOON)
