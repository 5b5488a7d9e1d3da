"""What the minifigures domain decides: which offers count as an item's, and in what condition."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from shared.catalog.minifigures.records import Item, Offer
from shared.catalog.minifigures.rules import condition_of, excluded_by, search_query, sort_offers, spacing
from shared.contracts.minifigures import Condition

BOBA = Item("sw0002", "minifigure", "Boba Fett - Classic Grays", "Star Wars")
DROID = Item("sw0001a", "minifigure", "Battle Droid - Tan, Angled Arms, 1 x 2 Plate on Back", "Star Wars")
YODA = Item("sw0051", "minifigure", "Yoda", "Star Wars")
PADME = Item("sw0884", "minifigure", "Padmé Naberrie", "Star Wars")
REBRICKABLE = Item("fig-000123", "minifigure", "Astronaut, White Suit", "City")
FALCON = Item("75192-1", "set", "Millennium Falcon", "Star Wars")
PROMO = Item("comcon001-1", "set", "Mini Build", "Promotional")
ELF = Item("8803-9", "set", "Elf", "Collectible Minifigures")


def offer(title: str, condition: Condition = "NEW", price: str = "20.00", **more: Any) -> Offer:
    return Offer(f"v1|{title}|0", title, condition, Decimal(price), "USD", "fixed", **more)


@pytest.mark.parametrize(
    ("item", "title"),
    [
        (BOBA, "LEGO Star Wars Boba Fett sw0002 Minifigure - Excellent"),
        (BOBA, "lego SW0002 boba fett"),
        (BOBA, "Lego sw2 Boba Fett classic"),
        (BOBA, "LEGO Star Wars SW-0002 Boba Fett from set 7144 Slave I"),
        (BOBA, "LEGO Star Wars Minifigure Boba Fett (Classic Grays) 2000"),
        (BOBA, "LEGO sw0002 Boba Fett *RARE* $59.99 w/ jetpack"),
        (DROID, "LEGO Battle Droid sw0001a tan angled arms 1 x 2 plate on back"),
        (DROID, "LEGO Star Wars Battle Droid Tan Angled Arms 1x2 Plate Back minifigure"),
        (YODA, "LEGO Star Wars Yoda sw0051 Series 3 Minifigure"),
        (PADME, "Lego Padme Naberrie Star Wars minifigure"),
        (REBRICKABLE, "LEGO City Astronaut White Suit minifigure"),
    ],
)
def test_a_figure_is_meant_by_its_number_or_by_its_whole_name(item: Item, title: str) -> None:
    assert excluded_by(item, "NEW", offer(title)) is None


@pytest.mark.parametrize(
    ("item", "title"),
    [
        (BOBA, "LEGO Star Wars Boba Fett sw0107 Minifigure"),
        (BOBA, "LEGO Star Wars Boba Fett Minifigure"),
        (BOBA, "LEGO Star Wars Boba Fett sw0002a Minifigure"),
        (BOBA, "LEGO Boba Fett sw0002 or sw0107, same price"),
        (BOBA, "Hot Toys Boba Fett Classic Grays"),
        (DROID, "LEGO Battle Droid sw0001 minifigure"),
        (DROID, "LEGO Battle Droid sw0001c minifigure"),
        (YODA, "LEGO Star Wars Yoda minifigure"),
        (FALCON, "LEGO Star Wars Millennium Falcon UCS"),
        (FALCON, "LEGO Star Wars Millennium Falcon 75105"),
        (FALCON, "LEGO Millennium Falcon 751920"),
        (FALCON, "LEGO Millennium Falcon 75192-2"),
        (FALCON, "LEGO Falcon for $75192"),
        (ELF, "LEGO Collectible Minifigures 8803-8 Race Car Driver"),
    ],
)
def test_another_number_or_half_a_name_is_another_item(item: Item, title: str) -> None:
    assert excluded_by(item, "NEW", offer(title)) == "other_item"


@pytest.mark.parametrize(
    "title",
    [
        "LEGO 75192 Millennium Falcon",
        "LEGO 75192-1 UCS Millennium Falcon with 7541 pieces and 8 minifigures",
        "Lego Star Wars (75192) Millennium Falcon, complete set.",
        "LEGO Star Wars Falcon #75192.",
    ],
)
def test_a_set_is_meant_by_its_number_alone(title: str) -> None:
    assert excluded_by(FALCON, "NEW", offer(title)) is None


def test_a_number_of_a_set_may_have_letters() -> None:
    assert excluded_by(PROMO, "NEW", offer("LEGO COMCON001 Mini Build")) is None
    assert excluded_by(PROMO, "NEW", offer("LEGO COMCON0012 Mini Build")) == "other_item"


@pytest.mark.parametrize(
    ("item", "title", "rule"),
    [
        (BOBA, "Lot of LEGO Star Wars minifigures incl. sw0002", "lot"),
        (BOBA, "LEGO Boba Fett sw0002 x5", "lot"),
        (BOBA, "5x LEGO Boba Fett sw0002", "lot"),
        (BOBA, "LEGO Boba Fett sw0002 army x 10", "lot"),
        (BOBA, "LEGO sw0002 and 4 more: 5 figures", "lot"),
        (BOBA, "LEGO Star Wars sw0002 12 Star minifigs", "lot"),
        (BOBA, "LEGO Boba Fett sw0002 Bundle", "lot"),
        (BOBA, "LEGO Star Wars minifigures - YOU PICK! sw0002", "lot"),
        (BOBA, "LEGO Boba Fett sw0002 3-pack", "lot"),
        (FALCON, "LEGO 75192 Falcon + 75105 bundle", "lot"),
        (FALCON, "LEGO 75192 Millennium Falcon x2", "lot"),
        (BOBA, "Custom Boba Fett sw0002 LEGO", "custom"),
        (FALCON, "LEGO MOC interior 75192", "custom"),
        (BOBA, "LEGO Boba Fett sw0002 key-chain", "merchandise"),
        (BOBA, "LEGO Star Wars Boba Fett Keyring sw0002", "merchandise"),
        (BOBA, "LEGO Boba Fett Magnet sw0002", "merchandise"),
        (BOBA, "Boba Fett sw0002 replica, LEGO compatible", "fake"),
        (BOBA, "sw0002 Boba Fett NOT LEGO", "fake"),
        (BOBA, "Display case LEGO Boba Fett sw0002", "accessory"),
        (FALCON, "LED kit LEGO 75192", "accessory"),
        (FALCON, "Wall mount for LEGO 75192", "accessory"),
        (FALCON, "LEGO 75192 Instructions only", "paper"),
        (FALCON, "LEGO 75192 Instruction manual only Falcon", "paper"),
        (FALCON, "LEGO 75192 sticker only", "paper"),
        (FALCON, "LEGO 75192 BOX ONLY no bricks", "paper"),
        (FALCON, "LEGO 75192 empty box", "paper"),
        (FALCON, "LEGO 75192 without minifigures", "part"),
        (FALCON, "LEGO 75192 Falcon NO MINIFIGS", "part"),
        (FALCON, "LEGO Han Solo minifigure from 75192", "part"),
        (FALCON, "LEGO Han Solo, from set 75192", "part"),
        (FALCON, "LEGO 75192 incomplete", "part"),
        (BOBA, "LEGO Boba Fett sw0002 torso only", "part"),
        (BOBA, "LEGO Boba Fett sw0002 replacement parts", "part"),
    ],
)
def test_what_is_not_the_item_alone_and_whole_does_not_count(item: Item, title: str, rule: str) -> None:
    assert excluded_by(item, "NEW", offer(title)) == rule


def test_a_word_of_the_items_own_name_excludes_nothing() -> None:
    item = Item("sim001", "minifigure", "Bart with Magnet Lot", "The Simpsons")
    assert excluded_by(item, "NEW", offer("LEGO Bart with Magnet Lot sim001")) is None
    assert excluded_by(item, "NEW", offer("LEGO sim001 fridge magnet")) == "merchandise"


@pytest.mark.parametrize("price", ["0.00", "-1.00", "10000000000.00"])
def test_an_offer_without_a_price_or_beyond_all_reason_does_not_count(price: str) -> None:
    assert excluded_by(BOBA, "NEW", offer("LEGO sw0002", price=price)) == "price"
    assert excluded_by(BOBA, "NEW", offer("LEGO sw0002", shipping=Decimal(10**10))) == "price"


def test_a_strange_price_counts() -> None:
    assert excluded_by(BOBA, "NEW", offer("LEGO sw0002", price="99999.00")) is None


@pytest.mark.parametrize(
    ("said", "title", "condition"),
    [
        ("NEW", "LEGO 75192 Millennium Falcon", "NEW"),
        ("NEW", "LEGO 75192 NEW SEALED", "SEALED"),
        ("NEW", "LEGO 75192 MISB", "SEALED"),
        ("NEW", "LEGO 75192 BNIB", "SEALED"),
        ("NEW", "LEGO 75192 unopened", "SEALED"),
        ("NEW", "LEGO 75192 never used, never opened, sealed", "SEALED"),
        ("SEALED", "LEGO 75192 Millennium Falcon", "NEW"),
        ("NEW", "LEGO 75192 not sealed", "NEW"),
        ("NEW", "LEGO 75192 resealed", "NEW"),
        ("NEW", "LEGO 75192 open box, sealed bags", "NEW"),
        ("NEW", "LEGO 75192 no box, bags sealed", "NEW"),
        ("NEW", "LEGO 75192 unused", "NEW"),
        ("NEW", "LEGO 75192 used once", "USED"),
        ("NEW", "LEGO 75192 pre-owned", "USED"),
        ("USED", "LEGO 75192 sealed", "USED"),
    ],
)
def test_a_condition_is_what_the_marketplace_says_corrected_by_the_title(
    said: Condition, title: str, condition: Condition
) -> None:
    assert condition_of(offer(title, said)) == condition


def test_an_offer_in_another_condition_does_not_count() -> None:
    assert excluded_by(FALCON, "NEW", offer("LEGO 75192 sealed")) == "other_condition"
    assert excluded_by(FALCON, "SEALED", offer("LEGO 75192 sealed")) is None
    assert excluded_by(FALCON, "SEALED", offer("LEGO 75192", "SEALED")) == "other_condition"


def test_offers_are_told_apart_once_each_and_the_others_counted_by_rule() -> None:
    good, again = offer("LEGO sw0002"), offer("LEGO sw0002", price="21.00")
    others = [offer("LEGO sw0002 magnet"), offer("LEGO sw0002 custom"), offer("custom sw0002"), offer("LEGO sw0009")]
    found = sort_offers(BOBA, "NEW", [good, *others, again])
    assert found.offers == (again,)
    assert found.excluded == {"custom": 2, "merchandise": 1, "other_item": 1}


@pytest.mark.parametrize(
    ("item", "query"),
    [
        (BOBA, "LEGO sw0002"),
        (FALCON, "LEGO 75192"),
        (ELF, "LEGO 8803-9"),
        (REBRICKABLE, "LEGO astronaut white suit"),
    ],
)
def test_a_search_is_by_number_except_where_nobody_sells_by_it(item: Item, query: str) -> None:
    assert search_query(item) == query


def test_a_day_of_sweeps_leaves_a_fifth_of_the_calls_to_others() -> None:
    assert spacing(5000) == timedelta(seconds=21.6)
