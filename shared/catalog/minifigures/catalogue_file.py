"""Reads a catalogue that somebody exported: CSV (commas, semicolons or tabs) or JSON (an array, or lines), by pieces.

The columns of BrickLink's catalogue downloads, Brickset's exports and Rebrickable's files are known by their names,
in whatever case, with spaces or underscores. A column that is not known is left out. A line that cannot be read is
refused by its number, and the others are read. docs/minifigures.md lists the names.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TextIO
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from shared.catalog.minifigures.records import Item, ItemType
from shared.contracts.minifigures import SetNumber

PIECE: Final = 64 * 1024
"""Characters read at once."""

LONGEST: Final = 1024 * 1024
"""Characters that one entry may have: more is no catalogue."""

NUMBER: Final = ("number", "setnumber", "setnum", "fignum", "itemnumber", "minifignumber", "itemno", "itemid")
VARIANT: Final = ("variant", "numbervariant")
NAME: Final = ("minifigname", "setname", "itemname", "name", "title", "description")
THEME: Final = ("theme", "themename", "category", "categoryname", "maincategory")
SUBTHEME: Final = ("subtheme", "subcategory")
YEAR: Final = ("year", "yearreleased", "yearfrom", "releaseyear")
IMAGE: Final = ("productimage", "imageurl", "imgurl", "image", "setimgurl", "figimgurl")
PIECES: Final = ("pieces", "numparts", "parts", "partcount")
MINIFIGS: Final = ("minifigs", "minifigures", "numminifigs")
TYPE: Final = ("itemtype", "type")

OF_FIGURES: Final = frozenset({"fignum", "minifignumber", "minifigname", "figimgurl"})
OF_SETS: Final = frozenset({"setnum", "setname", "setimgurl", "numbervariant", "variant", "minifigs"})
TYPES: Final[Mapping[str, ItemType]] = {
    **dict.fromkeys(("m", "minifig", "minifigs", "minifigure", "minifigures"), "minifigure"),
    **dict.fromkeys(("s", "set", "sets"), "set"),
}
UNKNOWN: Final = frozenset({"", "?", "-", "0", "n/a", "null", "none", "{not specified}"})
YEARS: Final = range(1932, 2101)

_BETWEEN: Final = re.compile(r"[\s,\[\]]*")
"""What stands between objects; a comma too many harms nobody."""

_SET: Final = re.compile(r"\d{3,7}(?:-\d{1,2})?")
_NUMBER: Final = TypeAdapter(SetNumber)


@dataclass(frozen=True, slots=True)
class Entry:
    """An item of the file, and the line on which it begins."""

    line: int
    item: Item


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is not taken, and why."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Repeated:
    """A line that says again what an earlier one has said."""

    line: int


class NoCatalogue(Exception):
    """The file as a whole is nothing that can be read here."""


def read(file: TextIO, item_type: ItemType | None = None) -> Iterator[Entry | Repeated | Refused]:
    """Read a file that is open for reading (with newline=""); raises NoCatalogue.

    `item_type` is what all of its items are; when it is None, the file has to tell. Of two lines with the same
    number the first counts; one that says something else than it is refused.
    """
    seen: dict[str, tuple[int, Item]] = {}
    for line, row in _rows(file):
        found = _entry(line, row, item_type)
        if isinstance(found, Entry):
            first, item = seen.setdefault(found.item.set_number, (line, found.item))
            if first != line:
                other = Refused(line, f"{found.item.set_number} is on line {first} already, with something else")
                yield Repeated(line) if item == found.item else other
                continue
        yield found


def _rows(file: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Yield each entry by the plain names of its columns, or why it is none, with the line on which it begins."""
    head = file.read(PIECE).removeprefix("\ufeff")
    if not head.strip():
        raise NoCatalogue("the file is empty")
    return _objects(head, file) if head.lstrip()[0] in "[{" else _csv(head, file)


def _csv(head: str, file: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    first = head.splitlines()[0]
    delimiter = max("\t;,", key=first.count)
    # BrickLink's downloads have tabs and no quotes, but names such as 4" Tall.
    unquoted = delimiter == "\t"
    rows = csv.reader(
        _lines(head, file),
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if unquoted else csv.QUOTE_MINIMAL,
        strict=True,
    )
    try:
        names = [_plain(name) for name in next(rows)]
        if not set(names) & set(NUMBER) or not set(names) & set(NAME):
            raise NoCatalogue(f"the first line names no column of numbers and of names: {first[:200]!r}")
        line = rows.line_num + 1
        for row in rows:
            if len(row) == len(names):
                yield line, dict(zip(names, row, strict=True))
            elif row:
                yield line, f"has {len(row)} columns, the first line has {len(names)}"
            line = rows.line_num + 1
    except csv.Error as error:
        raise NoCatalogue(f"line {rows.line_num}: {error}") from error


def _lines(head: str, file: TextIO) -> Iterator[str]:
    """Yield lines with their ends, of what has been read and of what follows."""
    *whole, last = head.splitlines(keepends=True)
    yield from whole
    if last.endswith("\n"):
        yield last
        last = ""
    for line in file:
        yield last + line
        last = ""
    if last:
        yield last


def _objects(head: str, file: TextIO) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    """Yield the objects of an array, or of lines, one by one."""
    decoder = json.JSONDecoder()
    text, place, line, ended = head, 0, 1, False
    while True:
        between = _BETWEEN.match(text, place)
        start = between.end() if between else place
        line += text.count("\n", place, start)
        place = end = start
        try:
            if place < len(text):
                value, end = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            if ended or len(text) - place > LONGEST:
                at = line + text.count("\n", place, error.pos)
                raise NoCatalogue(f"line {at}: {error.msg}") from error
        # What ends where the piece does may go on in the next.
        if end > place and (ended or end < len(text)):
            yield line, _flat(value) if isinstance(value, dict) else f"is no object but {text[place:end][:40]!r}"
            line += text.count("\n", place, end)
            place = end
        elif ended:
            return
        else:
            more = file.read(PIECE)
            text, place, ended = text[place:] + more, 0, not more


def _flat(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object by the plain names of its fields; of an image that is an object, its address."""
    image = value.get("image")
    inner = {"imageurl": image.get("imageURL")} if isinstance(image, dict) else {}
    return {_plain(name): each for name, each in value.items() if not isinstance(each, dict | list)} | inner


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())


def _entry(line: int, row: Mapping[str, Any] | str, item_type: ItemType | None) -> Entry | Refused:
    if isinstance(row, str):
        return Refused(line, row)
    try:
        return Entry(line, _item(row, item_type))
    except ValueError as error:
        return Refused(line, str(error))


def _item(row: Mapping[str, Any], item_type: ItemType | None) -> Item:
    """Return the item of a row; raises ValueError, in words for who exported it."""
    number = _text(row, NUMBER)
    if number is None:
        raise ValueError("has no number")
    variant = _text(row, VARIANT)
    if variant is not None and number.isdigit():
        number = f"{number}-{variant}"
    kind = item_type or _type(row, number)
    if kind == "set" and number.isdigit():
        number += "-1"
    try:
        number = _NUMBER.validate_python(number).lower()
    except ValidationError:
        raise ValueError(f"{number[:50]!r} is no number of an item") from None
    name = _text(row, NAME)
    if name is None:
        raise ValueError(f"{number} has no name")
    theme, _, rest = (_text(row, THEME) or "").partition(" / ")
    item = Item(number, kind, name, theme=_known(theme), year=_whole(row, YEAR, YEARS), image=_image(row))
    subtheme = _text(row, SUBTHEME) or _known(rest)
    counts = range(1, 1_000_000)
    return replace(item, subtheme=subtheme, pieces=_whole(row, PIECES, counts), minifigs=_whole(row, MINIFIGS, counts))


def _type(row: Mapping[str, Any], number: str) -> ItemType:
    """Return what an item is: as its row says, else by what its columns are called, else by its number."""
    said = _text(row, TYPE)
    if said is not None:
        if said.lower() not in TYPES:
            raise ValueError(f"is a {said[:50]!r}, neither a minifigure nor a set")
        return TYPES[said.lower()]
    if OF_FIGURES & row.keys():
        return "minifigure"
    return "set" if OF_SETS & row.keys() or _SET.fullmatch(number) else "minifigure"


def _text(row: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """Return the first of these columns that says something."""
    return next((text for name in names if name in row and (text := _known(row[name]))), None)


def _known(value: object) -> str | None:
    text = "" if value is None else " ".join(str(value).replace("\0", " ").split())
    return None if text.lower() in UNKNOWN else text


def _whole(row: Mapping[str, Any], names: Iterable[str], allowed: range) -> int | None:
    text = _text(row, names)
    if text is None:
        return None
    digits = text.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and int(digits[:9]) in allowed):
        raise ValueError(f"{text[:50]!r} is no number from {allowed.start} to {allowed.stop - 1}")
    return int(digits)


def _image(row: Mapping[str, Any]) -> str | None:
    address = _text(row, IMAGE)
    return address if address and urlsplit(address).scheme in {"http", "https"} else None
