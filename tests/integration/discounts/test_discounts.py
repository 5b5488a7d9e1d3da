"""Discounts recomputed on a real PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from shared.catalog.discounts import store
from shared.catalog.discounts.recompute import SLICE, recompute
from shared.catalog.discounts.rules import Floor, Tier, discount_of
from shared.contracts.prices import BatchReceived
from tests.integration.discounts.stock import NOON, TODAY, Shop, batch
from tests.unit.discounts.strategies import DAYS_LEFT, FLOORS, MONEY, QUANTITIES, TIERS

DAY = timedelta(days=1)
STOCK = st.lists(st.tuples(MONEY, QUANTITIES, DAYS_LEFT), min_size=1, max_size=30)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STOCK, STOCK, TIERS, FLOORS, st.integers(0, 70))
def test_the_database_decides_as_the_rule_does_whatever_was_given_before(
    shop: Shop,
    stock: list[tuple[Decimal, int, int]],
    before: list[tuple[Decimal, int, int]],
    tiers: list[Tier],
    floor: Floor,
    threshold: int,
) -> None:
    shop.run("TRUNCATE batches, discounts, discount_changes")
    for told in (before, stock):
        shop.receive(
            *(
                batch(lot=str(number), days_left=days_left, quantity=quantity, base_price=base)
                for number, (base, quantity, days_left) in enumerate(told)
            )
        )
        shop.terms(*tiers, floor=floor)
        held = shop.current()
        shop.recompute(threshold=threshold)
        expected = {}
        for number, (base, quantity, days_left) in enumerate(told):
            key = ("YOG-150", str(number))
            found = discount_of(base, quantity, days_left, tiers, floor)
            if found is not None and (days_left <= threshold or key in held):
                expected[key] = found.percent, found.price
        over = {key for key in held if int(key[1]) >= len(told)}
        assert {key: value for key, value in shop.current().items() if key not in over} == expected
        assert shop.recompute(threshold=threshold) == []


def test_what_expires_soon_is_discounted_and_again_changes_nothing(shop: Shop) -> None:
    shop.receive(batch(lot="A", days_left=12), batch(lot="B", days_left=40), batch(lot="C", days_left=-1))
    (change,) = shop.recompute()
    assert (change.lot, change.percent, change.price) == ("A", Decimal(30), Decimal(7))
    before = shop.rows("SELECT xmin::text, * FROM discounts")
    assert shop.recompute(NOON + timedelta(hours=1)) == []
    assert shop.rows("SELECT xmin::text, * FROM discounts") == before


def test_a_discount_grows_as_the_days_go_by_and_ends_with_the_last_and_all_of_it_is_kept(shop: Shop) -> None:
    shop.receive(batch(days_left=10))
    for days in range(13):
        shop.recompute(NOON + days * DAY)
    assert shop.history() == [
        (30, 7, TODAY),
        (50, 5, TODAY + 3 * DAY),
        (70, 3, TODAY + 8 * DAY),
        (0, 10, TODAY + 11 * DAY),
    ]
    assert shop.current() == {}
    (row,) = shop.rows("SELECT percent, ended_at FROM discounts")
    assert row == {"percent": 70, "ended_at": NOON + 11 * DAY}


@pytest.mark.parametrize(
    ("told", "percent"),
    [
        ({"quantity": 0}, 0),
        ({"days_left": 60}, 0),
        ({"days_left": 5}, 50),
        ({"base_price": "20.00"}, 30),
        ({"currency": "USD"}, 30),
    ],
)
def test_a_discount_follows_its_batch(shop: Shop, told: dict[str, object], percent: int) -> None:
    shop.receive(batch())
    shop.recompute()
    shop.receive(batch(**told))  # type: ignore[arg-type]
    (change,) = shop.recompute(NOON + timedelta(hours=1))
    assert change.percent == percent
    assert change.fact().price == change.base_price * (100 - percent) / 100
    assert shop.recompute(NOON + timedelta(hours=2)) == []


def test_what_is_sold_out_and_comes_back_is_discounted_again(shop: Shop) -> None:
    for quantity in (5, 0, 5):
        shop.receive(batch(quantity=quantity))
        shop.recompute()
    assert [percent for percent, *_ in shop.history()] == [30, 0, 30]
    assert list(shop.current()) == [("YOG-150", "L1")]


def test_another_table_of_tiers_counts_from_the_next_recomputation_on(shop: Shop) -> None:
    shop.receive(batch())
    shop.recompute()
    shop.terms(Tier(30, Decimal(15)))
    assert shop.current() == {("YOG-150", "L1"): (30, 7)}
    (change,) = shop.recompute()
    assert (change.percent, change.price) == (Decimal(15), Decimal("8.50"))
    shop.terms()
    assert [one.percent for one in shop.recompute()] == [0]


def test_a_narrow_recomputation_takes_nothing_away_from_what_it_does_not_begin_with(shop: Shop) -> None:
    shop.receive(batch(lot="A", days_left=12), batch(lot="B", days_left=5))
    shop.recompute()
    assert shop.recompute(threshold=7) == []
    assert len(shop.current()) == 2


def test_a_narrow_recomputation_begins_with_what_expires_within_its_days(shop: Shop) -> None:
    shop.receive(batch(lot="A", days_left=8), batch(lot="B", days_left=7), batch(lot="C", days_left=0))
    assert [change.lot for change in shop.recompute(threshold=7)] == ["B", "C"]


def test_discounts_of_what_has_expired_are_ended_some_at_a_time(shop: Shop) -> None:
    shop.receive(*(batch(lot=f"L{number}", days_left=1) for number in range(5)), batch(lot="later", days_left=3))
    shop.recompute()
    ended = [len(shop.end_expired(NOON + 2 * DAY, limit=2)) for _ in range(4)]
    assert ended == [2, 2, 1, 0]
    assert list(shop.current()) == [("YOG-150", "later")]
    assert [percent for percent, *_ in shop.history(lot="L0")] == [70, 0]


MANY = 100_000
FILL = """
INSERT INTO products SELECT 'SKU' || n, NULL, NULL, now() FROM generate_series(1, 1000) AS n;
INSERT INTO batches
    SELECT 'SKU' || 1 + n % 1000, 'L' || n, '2026-11-22'::date + n % 30, 10, 1 + n % 500, 'EUR', now(), now()
    FROM generate_series(1, 100000) AS n;
ANALYZE batches;
"""


def test_a_hundred_thousand_batches_are_recomputed_slice_by_slice(
    engine: Engine, shop: Shop, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(FILL)
    with engine.begin() as connection:
        most = changed = 0
        for piece in recompute(connection, NOON, 30):
            most, changed = max(most, piece.looked_at), changed + len(piece.changes)
    assert (most, changed) == (SLICE, MANY)
    assert shop.recompute() == []


def test_batches_told_while_a_recomputation_runs_do_not_wait_for_it(engine: Engine, shop: Shop) -> None:
    shop.receive(batch())
    with engine.begin() as connection:
        assert [piece.looked_at for piece in recompute(connection, NOON, 30)] == [1]
        with engine.begin() as other:
            other.execute(text("SET LOCAL lock_timeout = '1s'"))
            store.receive(other, [batch(quantity=3)], [NOON], NOON)
    assert [row["quantity"] for row in shop.rows("SELECT quantity FROM batches")] == [3]


def test_two_recomputations_at_once_change_and_tell_each_batch_once(shop: Shop) -> None:
    shop.receive(*(batch(lot=str(number)) for number in range(3000)))
    with ThreadPoolExecutor(2) as threads:
        told = [change.lot for changes in threads.map(shop.recompute, [NOON, NOON]) for change in changes]
    assert len(told) == len(set(told)) == 3000
    assert shop.rows("SELECT count(*) AS n FROM discount_changes") == [{"n": 3000}]


def test_prices_of_any_size_fit(shop: Shop) -> None:
    shop.receive(
        BatchReceived(
            sku="!",
            lot="~" * 64,
            expires_on=TODAY,
            quantity=2**31 - 1,
            base_price=Decimal("9999999999.99"),
            currency="JPY",
        )
    )
    (change,) = shop.recompute(threshold=3650)
    assert (change.percent, change.price) == (Decimal(70), Decimal("3000000000.00"))
