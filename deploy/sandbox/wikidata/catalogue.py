"""The shipped data set: books, what was made of them, and what Wikidata says of each, property by property.

The stand-in of TMDb answers from the same titles.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILE = Path(__file__).parents[1] / "data" / "adaptations" / "catalogue.toml"
ENTITY = "http://www.wikidata.org/entity/"
UNKNOWN = "http://www.wikidata.org/.well-known/genid/"
XSD = "http://www.w3.org/2001/XMLSchema#"
AUTHOR, BOOK, SCREEN, OTHER = 900_100_000, 900_200_000, 900_300_000, 900_400_000

CLASSES = {
    "film": "Q11424",
    "feature film": "Q24869",
    "television film": "Q506240",
    "documentary film": "Q93204",
    "animated film": "Q202866",
    "anime film": "Q20650540",
    "television series": "Q5398426",
    "drama television series": "Q1366112",
    "miniseries": "Q1259759",
    "anime series": "Q63952888",
    "literary work": "Q7725634",
    "written work": "Q47461344",
    "book": "Q571",
    "novel": "Q8261",
    "novella": "Q149537",
    "short story": "Q49084",
    "play": "Q25379",
    "novel series": "Q1667921",
    "book series": "Q277759",
    "comic book series": "Q14406742",
    "graphic novel": "Q725377",
    "manga series": "Q21198342",
    "manga": "Q8274",
    "video game": "Q7889",
    "musical": "Q2743",
}
IDS = {"imdb": "P345", "movie": "P4947", "tv": "P4983", "tvdb": "P4835", "tvdb_movie": "P12196"}

Cell = dict[str, str]
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Item:
    """One item: its names by language, and the values of its properties as cells of a result."""

    id: str
    names: Mapping[str, str]
    claims: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)

    def values(self, *properties: str) -> list[Cell]:
        """Return the values of a property, or of several that mean the same."""
        return [cell for one in properties for cell in self.claims.get(one, ())]


@dataclass(frozen=True)
class Catalogue:
    """Every item by its id, the merged ones by the id they had, and the file's own rows of screen works and books."""

    items: Mapping[str, Item]
    merged: Mapping[str, str]
    screen: tuple[Row, ...]
    books: Mapping[int, Row]
    authors: Mapping[int, str]


def uri(number: int) -> Cell:
    """Return an item as the value of a property."""
    return {"type": "uri", "value": f"{ENTITY}Q{number}"}


def date(text: str) -> Cell:
    """Return a date; of a year alone the service says 1 January."""
    sign, years = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole = years if "-" in years else f"{years}-01-01"
    return {"datatype": f"{XSD}dateTime", "type": "literal", "value": f"{sign}{whole}T00:00:00Z"}


def load() -> Catalogue:
    """Read the data set."""
    told = tomllib.loads(FILE.read_text())
    items = [
        *(Item(f"Q{AUTHOR + one['id']}", {"en": one["name"]}) for one in told["authors"]),
        *(_item(BOOK, one) for one in told["books"]),
        *(_item(SCREEN, one) for one in told["screen"]),
        *(_item(OTHER, one) for one in told["others"]),
    ]
    return Catalogue(
        items={item.id: item for item in items},
        merged={f"Q{SCREEN + one['old']}": f"Q{SCREEN + one['new']}" for one in told["merged"]},
        screen=tuple(told["screen"]),
        books={one["id"]: one for one in told["books"]},
        authors={one["id"]: one["name"] for one in told["authors"]},
    )


def _item(first: int, row: Row) -> Item:
    number = first + row["id"]
    claims = {
        "P31": [{"type": "uri", "value": f"{ENTITY}{CLASSES[name]}"} for name in row["types"]],
        "P144": [*_uris(BOOK, row.get("of", ())), *_uris(OTHER, row.get("of_other", ()))],
        "P50": _uris(AUTHOR, row.get("by", ())),
        "P577": [date(text) for text in row.get("dates", ())],
        "P580": [date(row["start"])] if "start" in row else [],
        **{name: [{"type": "literal", "value": str(row[key])}] for key, name in IDS.items() if key in row},
    }
    # An unknown value comes in both forms, depending on the server that answers.
    if row.get("author_unknown"):
        claims["P50"] = [{"type": "uri", "value": f"{UNKNOWN}{number:032x}"}]
    if row.get("date_unknown"):
        claims["P577"] = [*claims["P577"], {"type": "bnode", "value": f"t{number}"}]
    names = row.get("names", {"en": row["title"]})
    return Item(f"Q{number}", names, {name: tuple(values) for name, values in claims.items() if values})


def _uris(first: int, numbers: Iterable[int]) -> list[Cell]:
    return [uri(first + number) for number in numbers]
