"""What Brickset's sets and the cards of its catalogue pages are read as."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.catalog.minifigures.records import Broken, Item
from shared.errors import UnreadableAnswer
from shared.upstreams.brickset import read_minifigs, read_sets
from tests.unit.upstreams.brickset_answers import card, listing, record


def read(*cards: str) -> list[Item | Broken]:
    return list(read_minifigs([listing(*cards)]))


# Sets


def test_a_set_is_numbered_with_its_variant() -> None:
    assert list(read_sets([record()])) == [
        Item(
            set_number="40000-1",
            item_type="set",
            name="Windmill",
            theme="Town",
            subtheme="Harbour",
            year=2020,
            image="https://images.brickset.com/sets/images/40000-1.jpg",
            pieces=812,
            minifigs=3,
        )
    ]


def test_what_is_left_out_is_unknown_and_empty_objects_are_nothing() -> None:
    sparse = record(subtheme=None, pieces=None, minifigs=None, image={}, theme=None, year=None)
    assert list(read_sets([sparse])) == [Item("40000-1", "set", "Windmill")]


def test_the_text_not_specified_is_unknown() -> None:
    (item,) = read_sets([record(subtheme="{Not specified}", theme="{not Specified}", year="{Not specified}")])
    assert (item.subtheme, item.theme, item.year) == (None, None, None)


def test_numbers_written_as_text_are_numbers() -> None:
    (item,) = read_sets([record(year="2019", pieces="52", minifigs=" 2 ")])
    assert (item.year, item.pieces, item.minifigs) == (2019, 52, 2)


def test_a_year_that_is_none_costs_the_year_and_is_reported() -> None:
    with capture_logs() as logs:
        (item,) = read_sets([record(year="soon")])
    assert item.year is None
    assert logs[0]["odd"] == ["sets[0].year: 'soon'"]


def test_a_record_of_the_forerunner_is_read() -> None:
    (item,) = read_sets([record(image=True, imageURL="https://images.brickset.com/a.jpg", pieces="52")])
    assert (item.image, item.pieces) == ("https://images.brickset.com/a.jpg", 52)


def test_a_set_that_moved_between_pages_counts_once() -> None:
    assert len(list(read_sets([record(), record(number="40001"), record()]))) == 2


@pytest.mark.parametrize(
    ("changes", "path"),
    [({"number": None}, r"sets\[0\]\.number"), ({"name": ""}, r"sets\[0\]\.name"), ({"year": [1]}, r"sets\[0\]\.year")],
)
def test_a_set_without_a_number_or_a_name_is_unreadable(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(UnreadableAnswer, match=path):
        list(read_sets([{**record(**changes), **{k: v for k, v in changes.items() if v is not None}}]))


def test_every_known_field_is_read_or_known_as_not_needed_and_a_new_one_is_reported() -> None:
    with capture_logs() as logs:
        list(read_sets([record(launchDate="2020-01-01T00:00:00Z", exitDate="2022-01-01T00:00:00Z")]))
        assert logs == []
        list(read_sets([record(colours=7)]))
    assert logs[0]["unknown"] == ["sets[].colours"]


# Cards


def test_a_card_is_a_figure_under_its_number_in_lower_case() -> None:
    tags = (
        '<a href="/minifigs/category-Star-Wars">Star Wars</a> '
        '<a class="subtheme" href="/minifigs/category-Star-Wars/subcategory-Rebels">Rebels</a> '
    )
    shown = card("SW0509", "Luke Skywalker &amp; Friend", "2013", "https://img.test/x.png?v=2", tags)
    assert read(shown) == [
        Item(
            set_number="sw0509",
            item_type="minifigure",
            name="Luke Skywalker & Friend",
            theme="Star Wars",
            subtheme="Rebels",
            year=2013,
            image="https://img.test/x.png",
        )
    ]


@pytest.mark.parametrize("number", ["sw0001a", "col001", "adv001", "twn0383", "47205pb001", "njo1020"])
def test_every_form_of_bricklinks_numbers_is_read(number: str) -> None:
    (item,) = read(card(number))
    assert isinstance(item, Item)
    assert (item.set_number, item.name) == (number, "Some Figure")


def test_a_card_without_tags_is_read_and_tells_neither_theme_nor_year() -> None:
    bare = '<article class="set"><h1><a href="/minifigs/sw0509/x"><span>SW0509: </span> Luke</a></h1></article>'
    picture = "https://img.bricklink.com/ItemImage/MN/0/sw0509.png"
    assert read(bare) == [Item("sw0509", "minifigure", "Luke", image=picture)]


def test_year_0_is_unknown() -> None:
    (item,) = read(card("sw0088a", year="0"))
    assert isinstance(item, Item)
    assert item.year is None


@pytest.mark.parametrize("image", ["", "/assets/images/spacer2.png", "data:image/gif;base64,R0lGOD"])
def test_a_picture_that_is_a_blank_is_bricklinks(image: str) -> None:
    (item,) = read(card("sw0001a", image=image))
    assert isinstance(item, Item)
    assert item.image == "https://img.bricklink.com/ItemImage/MN/0/sw0001a.png"


def test_exact_repeats_are_dropped_also_between_pages() -> None:
    pages = [listing(card("aa001"), card("aa001")), listing(card("aa001"), card("aa002"))]
    assert [each.set_number for each in read_minifigs(pages) if isinstance(each, Item)] == ["aa001", "aa002"]


def test_a_number_that_stands_for_two_figures_is_reported_and_the_first_counts() -> None:
    first, second = read(card("aa001", "One"), card("aa001", "Other"))
    assert isinstance(first, Item)
    assert second == Broken("aa001", "is in the catalogue twice, and not the same; the first counts")


@pytest.mark.parametrize(
    ("broken", "entry", "problem"),
    [
        ("<article class='set'><p>advertisement</p></article>", "page 1, card 2", "no heading"),
        ("<article class='set'><h1><a href='/sets/1-1/x'>1: x</a></h1></article>", "page 1, card 2", "no heading"),
        ("<article class='set'><h1><a href='/minifigs/aa9/x'><span>AA9:</span></a></h1></article>", "aa9", "no name"),
        (card("aa009", year="20x3"), "aa009", "year '20x3'"),
    ],
)
def test_a_card_that_cannot_be_read_costs_only_itself(broken: str, entry: str, problem: str) -> None:
    first, second, third = read(card("aa001"), broken, card("aa002"))
    assert isinstance(first, Item)
    assert isinstance(third, Item)
    assert isinstance(second, Broken)
    assert second.entry == entry
    assert problem in second.problem
