"""The minifigures store on a real PostgreSQL: repeatable, by the day, and what has ended."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, func, select, text

from shared.catalog.minifigures.records import Item, Offer
from shared.catalog.minifigures.rules import CONDITIONS
from shared.catalog.minifigures.store import (
    NotInCatalogue,
    Priced,
    Stored,
    ask_for_prices,
    item_by_id,
    item_by_number,
    mark_synced,
    save_items,
    save_offers,
    synced_until,
)
from shared.catalog.minifigures.tables import minifigures, price_fetches, price_listings
from shared.contracts.minifigures import Condition
from tests.integration.minifigures.conftest import BOBA, FALCON, MONDAY, YODA

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TUESDAY, WEDNESDAY = MONDAY + DAY, MONDAY + 2 * DAY


def offer(number: int, price: str = "20.00", **more: Any) -> Offer:
    return Offer(f"v1|{number}|0", f"LEGO sw0002 no. {number}", "NEW", Decimal(price), "USD", "fixed", **more)


def save(
    connection: Connection, item: int, offers: Sequence[Offer], at: datetime, *, whole: bool = True
) -> Priced | None:
    return save_offers(connection, item, "NEW", "ebay", offers, at, whole=whole)


def rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    found = connection.execute(select(table).order_by(*table.primary_key.columns))
    return [dict(row) for row in found.mappings()]


def versions(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    """Return where each row is stored, which changes with every write."""
    return [tuple(row) for row in connection.execute(text(f"SELECT ctid::text FROM {table.name} ORDER BY ctid"))]  # noqa: S608


def ended(connection: Connection) -> dict[tuple[str, str], datetime]:
    """Return when offers ended, by their id and the day of their row."""
    return {
        (row["item_id"], f"{row['observed_on']:%a}"): row["ended_at"]
        for row in rows(connection, price_listings)
        if row["ended_at"] is not None
    }


# The catalogue


def test_the_catalogue_saved_twice_is_written_once_and_uses_up_no_ids(connection: Connection) -> None:
    assert save_items(connection, [BOBA, FALCON], MONDAY) == Stored(2, 0, 0)
    before = versions(connection, minifigures)
    assert save_items(connection, [BOBA, FALCON], TUESDAY) == Stored(0, 0, 2)
    assert versions(connection, minifigures) == before
    save_items(connection, [YODA], WEDNESDAY)
    assert item_by_number(connection, "sw0051").id == item_by_number(connection, "75192-1").id + 1


def test_what_is_not_told_leaves_what_is_known(connection: Connection) -> None:
    save_items(connection, [replace(BOBA, image="https://img.example/a.png")], MONDAY)
    told = Item("sw0002", "minifigure", "Boba Fett", year=2001)
    assert save_items(connection, [told], TUESDAY) == Stored(0, 1, 0)
    expected = replace(told, theme="Star Wars", image="https://img.example/a.png")
    assert item_by_number(connection, "sw0002").item == expected
    assert rows(connection, minifigures)[0]["synced_at"] == TUESDAY


def test_of_an_item_given_twice_at_once_the_last_counts(connection: Connection) -> None:
    assert save_items(connection, [YODA, replace(YODA, name="Master Yoda")], MONDAY) == Stored(1, 0, 0)
    assert item_by_number(connection, "SW0051").item.name == "Master Yoda"
    assert save_items(connection, [], MONDAY) == Stored(0, 0, 0)


def test_what_the_catalogue_has_not_is_said_with_how_to_add_it(connection: Connection) -> None:
    with pytest.raises(NotInCatalogue, match=r"no item sw9999; `millrace minifigures import"):
        item_by_number(connection, "sw9999")
    with pytest.raises(NotInCatalogue, match="no minifigure 12345"):
        item_by_id(connection, 12345)


def test_how_far_changes_were_read_never_goes_back(connection: Connection) -> None:
    assert synced_until(connection, "brickset") is None
    mark_synced(connection, "brickset", TUESDAY)
    mark_synced(connection, "brickset", MONDAY)
    assert synced_until(connection, "brickset") == TUESDAY


def test_two_imports_of_the_same_items_at_once_add_each_once(engine: Engine) -> None:
    items = [Item(f"tst{number:04}", "minifigure", f"Figure {number}") for number in range(500)]
    together = threading.Barrier(4)

    def run(turn: int) -> Stored:
        with engine.begin() as connection:
            together.wait(timeout=30)
            return save_items(connection, items if turn % 2 else items[::-1], MONDAY)

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(run, range(4)))
    assert sorted(outcome.added for outcome in outcomes) == [0, 0, 0, 500]
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(minifigures)) == 500


# Offers


def test_offers_fetched_twice_on_a_day_are_written_once(connection: Connection, boba: int) -> None:
    offers = [offer(1, shipping=Decimal("4.5")), offer(2, "9.999", ends_at=WEDNESDAY, bids=3)]
    assert save(connection, boba, offers, MONDAY) == Priced(Stored(2, 0, 0), 0)
    before = versions(connection, price_listings)
    assert save(connection, boba, offers[::-1], MONDAY + HOUR) == Priced(Stored(0, 0, 2), 0)
    assert versions(connection, price_listings) == before
    assert [row["observed_at"] for row in rows(connection, price_listings)] == [MONDAY, MONDAY]


def test_the_next_day_adds_rows_that_know_since_when_the_offer_is_seen(connection: Connection, boba: int) -> None:
    save(connection, boba, [offer(1)], MONDAY)
    assert save(connection, boba, [offer(1), offer(2)], TUESDAY) == Priced(Stored(2, 0, 0), 0)
    told = [(row["item_id"], row["observed_on"], row["first_seen_at"]) for row in rows(connection, price_listings)]
    assert told == [
        ("v1|1|0", MONDAY.date(), MONDAY),
        ("v1|1|0", TUESDAY.date(), MONDAY),
        ("v1|2|0", TUESDAY.date(), TUESDAY),
    ]


def test_a_price_that_changes_on_a_day_changes_that_days_row_alone(connection: Connection, boba: int) -> None:
    save(connection, boba, [offer(1)], MONDAY)
    save(connection, boba, [offer(1)], TUESDAY)
    assert save(connection, boba, [offer(1, "18.00")], TUESDAY + HOUR) == Priced(Stored(0, 1, 0), 0)
    assert [(row["price"], row["observed_at"]) for row in rows(connection, price_listings)] == [
        (Decimal("20.00"), MONDAY),
        (Decimal("18.00"), TUESDAY + HOUR),
    ]


def test_an_offer_not_seen_any_more_has_ended_once_and_on_its_last_row(connection: Connection, boba: int) -> None:
    save(connection, boba, [offer(1), offer(2), offer(3)], MONDAY)
    assert save(connection, boba, [offer(1), offer(2)], TUESDAY) == Priced(Stored(2, 0, 0), 1)
    assert save(connection, boba, [offer(1)], TUESDAY + HOUR) == Priced(Stored(0, 0, 1), 1)
    assert ended(connection) == {("v1|3|0", "Mon"): TUESDAY, ("v1|2|0", "Tue"): TUESDAY + HOUR}
    assert save(connection, boba, [offer(1)], WEDNESDAY) == Priced(Stored(1, 0, 0), 0)


def test_an_auction_has_ended_at_its_own_end(connection: Connection, boba: int) -> None:
    save(connection, boba, [offer(1, ends_at=MONDAY + HOUR)], MONDAY)
    save(connection, boba, [], TUESDAY)
    assert ended(connection) == {("v1|1|0", "Mon"): MONDAY + HOUR}


def test_of_a_search_cut_short_only_that_has_ended_whose_end_has_come(connection: Connection, boba: int) -> None:
    save(connection, boba, [offer(1, ends_at=MONDAY + HOUR), offer(2, ends_at=WEDNESDAY), offer(3)], MONDAY)
    assert save(connection, boba, [offer(4)], TUESDAY, whole=False) == Priced(Stored(1, 0, 0), 1)
    assert set(ended(connection)) == {("v1|1|0", "Mon")}


def test_an_offer_that_comes_back_has_not_ended(connection: Connection, boba: int) -> None:
    save(connection, boba, [offer(1)], MONDAY)
    save(connection, boba, [], MONDAY + HOUR)
    assert save(connection, boba, [offer(1)], MONDAY + 2 * HOUR) == Priced(Stored(0, 1, 0), 0)
    assert ended(connection) == {}


def test_other_conditions_items_and_sources_have_not_ended(connection: Connection, boba: int) -> None:
    yoda = item_by_number(connection, "sw0051").id
    save_offers(connection, boba, "USED", "ebay", [replace(offer(1), condition="USED")], MONDAY, whole=True)
    save_offers(connection, boba, "NEW", "elsewhere", [offer(2)], MONDAY, whole=True)
    save(connection, yoda, [offer(3)], MONDAY)
    assert save(connection, boba, [], TUESDAY) == Priced(Stored(0, 0, 0), 0)


def test_what_was_asked_earlier_and_comes_later_changes_nothing(connection: Connection, boba: int) -> None:
    save(connection, boba, [offer(1, "18.00")], TUESDAY)
    assert save(connection, boba, [offer(1), offer(2)], MONDAY) is None
    assert [row["price"] for row in rows(connection, price_listings)] == [Decimal("18.00")]


def test_two_fetches_of_the_same_prices_at_once_leave_what_the_later_saw(engine: Engine) -> None:
    with engine.begin() as connection:
        save_items(connection, [BOBA], MONDAY)
        item = item_by_number(connection, "sw0002").id
    together = threading.Barrier(4)

    def run(turn: int) -> Priced | None:
        with engine.begin() as connection:
            together.wait(timeout=30)
            return save(connection, item, [offer(n, f"{turn}.00") for n in range(1, 50)], MONDAY + turn * HOUR)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(run, range(4)))
    with engine.connect() as connection:
        assert {row["price"] for row in rows(connection, price_listings)} == {Decimal("3.00")}


# Sweeps


def ask(connection: Connection, limit: int, at: datetime) -> list[tuple[int, Condition, datetime]]:
    return ask_for_prices(connection, CONDITIONS, limit, at, rest=HOUR, spacing=timedelta(seconds=20))


def test_a_sweep_asks_for_each_condition_that_applies_one_after_the_other(connection: Connection, boba: int) -> None:
    falcon = item_by_number(connection, "75192-1").id
    asked = ask(connection, 50, MONDAY)
    assert [(item, condition) for item, condition, _ in asked if item in {boba, falcon}] == [
        (boba, "NEW"),
        (boba, "USED"),
        (falcon, "NEW"),
        (falcon, "SEALED"),
        (falcon, "USED"),
    ]
    assert [due for *_, due in asked] == [MONDAY + place * timedelta(seconds=20) for place in range(7)]


@pytest.mark.usefixtures("boba")
def test_a_second_sweep_asks_for_others_and_begins_where_the_first_will_end(connection: Connection) -> None:
    first, second = ask(connection, 2, MONDAY), ask(connection, 2, MONDAY)
    assert {item for item, *_ in first} & {item for item, *_ in second} == set()
    assert second[0][2] == first[-1][2] + timedelta(seconds=20)
    assert ask(connection, 2, MONDAY) == []


def test_what_was_priced_the_longest_ago_comes_first(connection: Connection, boba: int) -> None:
    everything = ask(connection, 50, MONDAY)
    for item, condition, _ in everything:
        at = MONDAY + (HOUR if item == boba else 2 * HOUR)
        save_offers(connection, item, condition, "ebay", [], at, whole=True)
    assert {item for item, *_ in ask(connection, 1, TUESDAY)} == {boba}


def test_what_was_fetched_a_moment_ago_is_not_asked_for(connection: Connection, boba: int) -> None:
    save(connection, boba, [], MONDAY)
    asked = {(item, condition) for item, condition, _ in ask(connection, 50, MONDAY)}
    assert (boba, "NEW") not in asked
    assert (boba, "USED") in asked


def test_two_sweeps_at_once_ask_for_different_items(engine: Engine) -> None:
    with engine.begin() as connection:
        save_items(connection, [Item(f"tst{n:04}", "minifigure", f"Figure {n}") for n in range(40)], MONDAY)
    together = threading.Barrier(4)

    def run(_: int) -> list[tuple[int, Condition, datetime]]:
        with engine.begin() as connection:
            together.wait(timeout=30)
            return ask(connection, 10, MONDAY)

    with ThreadPoolExecutor(4) as threads:
        asked = [pair for sweep in threads.map(run, range(4)) for pair in sweep]
    assert len(asked) == len({pair[:2] for pair in asked}) == len({due for *_, due in asked}) == 80
    with engine.connect() as connection:
        assert len(rows(connection, price_fetches)) == 80
