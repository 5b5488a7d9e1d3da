"""The discount of a batch, as a pure function."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalog.discounts.rules import CENT, Discount, Floor, Tier, discount_of
from tests.unit.discounts.strategies import DAYS_LEFT, FLOORS, MONEY, QUANTITIES, TIERS

NONE = Floor()
TABLE = [Tier(30, Decimal(10)), Tier(14, Decimal(30)), Tier(7, Decimal(50)), Tier(14, Decimal(60), min_quantity=100)]


def price_of(base: Decimal, quantity: int, days_left: int, tiers: list[Tier], floor: Floor) -> Decimal:
    found = discount_of(base, quantity, days_left, tiers, floor)
    return base if found is None else found.price


@pytest.mark.parametrize(
    ("days_left", "quantity", "percent"),
    [
        (31, 1, None),
        (30, 1, 10),
        (15, 100, 10),
        (14, 99, 30),
        (14, 100, 60),
        (7, 99, 50),
        (0, 1, 50),
        (-1, 100, None),
        (7, 0, None),
    ],
)
def test_of_the_tiers_that_count_the_largest_is_given(days_left: int, quantity: int, percent: int | None) -> None:
    found = discount_of(Decimal(10), quantity, days_left, TABLE, NONE)
    assert (None if found is None else found.percent) == percent


def test_without_tiers_nothing_is_discounted() -> None:
    assert discount_of(Decimal(10), 1, 0, [], NONE) is None


@pytest.mark.parametrize(
    ("base", "percent", "price"),
    [("1.29", 30, "0.90"), ("0.05", 50, "0.03"), ("0.05", 30, "0.04"), ("9999999999.99", 50, "5000000000.00")],
)
def test_prices_are_rounded_half_up_to_cents(base: str, percent: int, price: str) -> None:
    found = discount_of(Decimal(base), 1, 0, [Tier(0, Decimal(percent))], NONE)
    assert found == Discount(Decimal(percent), Decimal(price))


def test_a_discount_that_rounding_leaves_nothing_of_is_none() -> None:
    assert discount_of(Decimal("0.01"), 1, 0, [Tier(0, Decimal(10))], NONE) is None
    assert discount_of(Decimal(0), 1, 0, [Tier(0, Decimal(100))], NONE) is None


@pytest.mark.parametrize(
    ("floor", "told"),
    [
        (Floor(percent=Decimal(20)), Discount(Decimal("79.84"), Decimal("0.26"))),  # 0.258, rounded up
        (Floor(price=Decimal("0.50")), Discount(Decimal("61.24"), Decimal("0.50"))),
        (Floor(Decimal(20), Decimal("0.50")), Discount(Decimal("61.24"), Decimal("0.50"))),
        (Floor(Decimal(5), Decimal("0.10")), Discount(Decimal(90), Decimal("0.13"))),
        (Floor(Decimal(100)), None),
        (Floor(price=Decimal(2)), None),
    ],
)
def test_no_discount_goes_below_the_floor_and_where_that_decides_the_percentage_says_what_it_comes_to(
    floor: Floor, told: Discount | None
) -> None:
    assert discount_of(Decimal("1.29"), 1, 0, [Tier(0, Decimal(90))], floor) == told


@given(MONEY, QUANTITIES, DAYS_LEFT, TIERS, FLOORS)
def test_a_price_is_whole_cents_below_the_base_price_and_not_below_the_floor(
    base: Decimal, quantity: int, days_left: int, tiers: list[Tier], floor: Floor
) -> None:
    found = discount_of(base, quantity, days_left, tiers, floor)
    if found is not None:
        assert quantity > 0
        assert days_left >= 0
        assert max(base * floor.percent / 100, floor.price) <= found.price < base
        assert found.price % CENT == 0
        assert 0 < found.percent <= 100
        assert found.percent % CENT == 0


@given(MONEY, QUANTITIES, DAYS_LEFT, st.integers(0, 30), TIERS, FLOORS)
def test_fewer_days_never_make_a_higher_price(
    base: Decimal, quantity: int, days_left: int, fewer: int, tiers: list[Tier], floor: Floor
) -> None:
    sooner = max(days_left - fewer, min(days_left, 0))
    assert price_of(base, quantity, sooner, tiers, floor) <= price_of(base, quantity, days_left, tiers, floor)


@given(MONEY, st.integers(1, 30), st.integers(0, 30), DAYS_LEFT, TIERS, FLOORS)
def test_more_stock_never_makes_a_higher_price(
    base: Decimal, quantity: int, more: int, days_left: int, tiers: list[Tier], floor: Floor
) -> None:
    assert price_of(base, quantity + more, days_left, tiers, floor) <= price_of(base, quantity, days_left, tiers, floor)


@given(MONEY, QUANTITIES, DAYS_LEFT, TIERS, FLOORS)
def test_the_order_of_the_tiers_does_not_matter(
    base: Decimal, quantity: int, days_left: int, tiers: list[Tier], floor: Floor
) -> None:
    forwards = discount_of(base, quantity, days_left, tiers, floor)
    assert discount_of(base, quantity, days_left, tiers[::-1], floor) == forwards
