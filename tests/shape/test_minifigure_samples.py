"""Recorded catalogues at hand are read whole; runs where such recordings are (MILLRACE_SAMPLES, or a sibling)."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from shared.catalog.minifigures.catalogue_file import Entry, Refused, read
from shared.catalog.minifigures.records import Item, Offer
from shared.catalog.minifigures.rules import excluded_by
from shared.upstreams.ebay import read_offer

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
RECORDED = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING)
SAMPLES = RECORDED / "brickset"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded catalogues here; MILLRACE_SAMPLES says where")


def figures() -> list[Entry | Refused | object]:
    with (SAMPLES / "minifig_catalogue_starwars.json").open(encoding="utf-8-sig", newline="") as file:
        return list(read(file))


def items() -> list[Item]:
    return [each.item for each in figures() if isinstance(each, Entry)]


def test_a_table_of_figures_is_imported_and_no_line_of_it_is_refused() -> None:
    found = figures()
    assert [each for each in found if isinstance(each, Refused)] == []
    assert len(items()) > 500
    for item in items():
        assert (item.item_type, item.theme) == ("minifigure", "Star Wars")
        assert item.set_number.startswith("sw")
        assert item.image == f"https://img.bricklink.com/ItemImage/MN/0/{item.set_number}.png"
        assert item.year is None or 1999 <= item.year <= 2030


@pytest.mark.parametrize("title", ["LEGO Star Wars {name} {number} Minifigure", "LEGO {number} - {name}"])
def test_every_figure_offered_by_its_number_and_name_counts(title: str) -> None:
    wrong = {}
    for item in items():
        words = title.format(name=item.name, number=item.set_number)
        offer = Offer(item.set_number, words, "NEW", Decimal(1), "USD", "fixed")
        rule = excluded_by(item, "NEW", offer)
        if rule is not None:
            wrong[words] = rule
    assert wrong == {}


def test_no_figure_counts_as_its_neighbour() -> None:
    known = items()
    for item, neighbour in pairwise(known):
        title = f"LEGO Star Wars {neighbour.name} {neighbour.set_number} Minifigure"
        assert excluded_by(item, "NEW", Offer("1", title, "NEW", Decimal(1), "USD", "fixed")) == "other_item"


def test_a_recorded_offer_of_a_set_counts_as_that_set_alone() -> None:
    raw = json.loads((RECORDED / "ebay" / "browse_item_lego_hybrid.json").read_text(encoding="utf-8"))
    offer = read_offer(raw, "NEW")
    number = offer.title.split()[1]
    assert excluded_by(Item(f"{number}-1", "set", "-"), offer.condition, offer) is None
    assert excluded_by(Item("75192-1", "set", "-"), offer.condition, offer) == "other_item"
