"""Catalogues that people export, in the shapes that the sites give them."""

from __future__ import annotations

import io
import json

import pytest

from shared.catalog.minifigures.catalogue_file import PIECE, Entry, NoCatalogue, Refused, Repeated, read
from shared.catalog.minifigures.records import Item, ItemType

PICTURE = "https://img.example/sw0002.png"


def items(text: str, item_type: ItemType | None = None) -> list[Item]:
    found = list(read(io.StringIO(text, newline=""), item_type))
    assert all(isinstance(each, Entry) for each in found), found
    return [each.item for each in found if isinstance(each, Entry)]


def outcome(text: str) -> list[object]:
    return [each if not isinstance(each, Entry) else each.item.set_number for each in read(io.StringIO(text))]


def test_bricklinks_download_is_read_which_has_tabs_and_quotes_that_are_inches() -> None:
    head = "Category ID\tCategory Name\tNumber\tName\tYear Released\tWeight (in Grams)\n"
    row = '65\tStar Wars / Star Wars Episode 1\tSW0002\t"Boba Fett" - 2" Tall\t2000\t3.1\n'
    assert items(head + row) == [
        Item("sw0002", "minifigure", '"Boba Fett" - 2" Tall', "Star Wars", "Star Wars Episode 1", 2000)
    ]


def test_bricksets_table_of_figures_is_read() -> None:
    head = "Number,Minifig name,Character name,Category,Year,In sets,productImage\n"
    row = f'sw0002,"Boba Fett, Classic",Boba Fett,Star Wars,2000,3,{PICTURE}\n'
    assert items(head + row) == [
        Item("sw0002", "minifigure", "Boba Fett, Classic", "Star Wars", year=2000, image=PICTURE)
    ]


def test_bricksets_table_of_sets_is_read_whose_variant_has_a_column() -> None:
    head = "Number;Variant;Theme;Subtheme;Year;Set name;Minifigs;Pieces\n"
    row = "75192;1;Star Wars;Ultimate Collector Series;2017;Millennium Falcon;8;7541\n"
    falcon = Item(
        "75192-1", "set", "Millennium Falcon", "Star Wars", "Ultimate Collector Series", 2017, pieces=7541, minifigs=8
    )
    assert items(head + row) == [falcon]


def test_rebrickables_files_are_read_without_its_numbers_of_themes() -> None:
    sets = f"set_num,name,year,theme_id,num_parts,img_url\n75192-1,Millennium Falcon,2017,171,7541,{PICTURE}\n"
    assert items(sets) == [Item("75192-1", "set", "Millennium Falcon", year=2017, image=PICTURE, pieces=7541)]
    figures = "fig_num,name,num_parts,img_url\nfig-000123,Astronaut,4,\n"
    assert items(figures) == [Item("fig-000123", "minifigure", "Astronaut", pieces=4)]


def test_json_is_read_as_an_array_and_as_lines() -> None:
    rows = [{"Number": "sw0002", "Name": "Boba Fett"}, {"Number": "sw0051", "Name": "Yoda", "Year": 2002}]
    expected = [Item("sw0002", "minifigure", "Boba Fett"), Item("sw0051", "minifigure", "Yoda", year=2002)]
    assert items(json.dumps(rows)) == items(json.dumps(rows, indent=2)) == expected
    assert items("\ufeff" + "\n".join(map(json.dumps, rows))) == expected


def test_sets_as_bricksets_api_tells_them_are_read() -> None:
    record = {"number": "75192", "numberVariant": 2, "name": "Millennium Falcon", "image": {"imageURL": PICTURE}}
    assert items(json.dumps([record])) == [Item("75192-2", "set", "Millennium Falcon", image=PICTURE)]


def test_a_file_longer_than_a_piece_is_read_whole_wherever_the_pieces_end() -> None:
    rows = [{"number": f"sw{number:04}", "name": "x" * (number % 89)} for number in range(1, 4000) if number % 89]
    text = json.dumps(rows, indent=1)
    assert len(text) > 2 * PIECE
    assert [item.set_number for item in items(text)] == [row["number"] for row in rows]
    lines = "number,name\n" + "".join(f"{row['number']},{row['name']}\n" for row in rows)
    assert len(lines) > PIECE
    assert [item.set_number for item in items(lines.rstrip())] == [row["number"] for row in rows]


@pytest.mark.parametrize("unknown", ["", "?", "0", "{Not specified}"])
def test_a_year_that_nobody_knows_is_none(unknown: str) -> None:
    assert items(f"number,name,year\nsw0002,Boba Fett,{unknown}\n") == [Item("sw0002", "minifigure", "Boba Fett")]


@pytest.mark.parametrize(
    ("row", "kind"),
    [("sw0002,x", "minifigure"), ("75192-1,x", "set"), ("75192,x", "set"), ("fig-000123,x", "minifigure")],
)
def test_what_an_item_is_its_number_tells(row: str, kind: str) -> None:
    (item,) = items(f"number,name\n{row}\n")
    assert item.item_type == kind


def test_what_an_item_is_its_row_tells_before_its_number_and_the_command_before_both() -> None:
    text = "item type,number,name\nM,75192,x\n"
    assert items(text) == [Item("75192", "minifigure", "x")]
    assert items(text, "set") == [Item("75192-1", "set", "x")]


def test_an_exact_repeat_is_told_and_one_that_says_something_else_is_refused() -> None:
    text = "number,name\nsw0002,Boba Fett\nSW0002,Boba Fett\nsw0051,Yoda\nsw0002,Yoda\n"
    other = Refused(5, "sw0002 is on line 2 already, with something else")
    assert outcome(text) == ["sw0002", Repeated(3), "sw0051", other]


def test_a_line_that_cannot_be_read_is_refused_by_its_number_and_the_others_are_read() -> None:
    text = (
        "number,name,year,type\n"
        'sw0001,"two\nlines",,\n'
        ",Nobody,,\n"
        "sw0002,,,\n"
        "sw 0003,x,,\n"
        "sw0004,x,MMXX,\n"
        "sw0005,x,1492,\n"
        "sw0006,x,,book\n"
        "sw0007,x\n"
        "sw0008,x,,\n"
    )
    found = outcome(text)
    assert (found[0], found[-1]) == ("sw0001", "sw0008")
    assert [(each.line, each.problem) for each in found if isinstance(each, Refused)] == [
        (4, "has no number"),
        (5, "sw0002 has no name"),
        (6, "'sw 0003' is no number of an item"),
        (7, "'MMXX' is no number from 1932 to 2100"),
        (8, "'1492' is no number from 1932 to 2100"),
        (9, "is a 'book', neither a minifigure nor a set"),
        (10, "has 2 columns, the first line has 4"),
    ]


def test_an_entry_of_json_that_cannot_be_read_is_refused_by_its_line() -> None:
    text = '[\n {"number": "sw0001", "name": "x"},\n {"number": "sw0002"},\n 7,\n {"number": "sw0003", "name": "y"}\n]'
    refused = [Refused(3, "sw0002 has no name"), Refused(4, "is no object but '7'")]
    assert outcome(text) == ["sw0001", *refused, "sw0003"]


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("<!DOCTYPE html><html>", "names no column"),
        ("colour,size\nred,1\n", "names no column"),
        ('[{"number": "sw0001", "name": "x"}, {"number": "sw0', "line 1: Unterminated string"),
        ('[\n{"number": "sw0001", "name": "x"},\n{nothing}]', "line 3: Expecting property name"),
        ('number,name\nsw0001,"x\n', "line 2"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused_whole(text: str, cause: str) -> None:
    with pytest.raises(NoCatalogue, match=cause):
        list(read(io.StringIO(text)))
