"""The sets and figures that the Brickset stand-in shows and the eBay stand-in offers, read when the sandbox starts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent.parent / "data" / "brickset" / "catalogue.toml"


@dataclass(frozen=True)
class Set:
    """One set; 0 pieces or minifigs and an empty subtheme are unknown. `updated` is a day, YYYY-MM-DD."""

    number: str
    variant: int
    name: str
    year: int
    theme: str
    group: str
    subtheme: str
    pieces: int
    minifigs: int
    updated: str

    @property
    def full_number(self) -> str:
        """The number with its variant."""
        return f"{self.number}-{self.variant}"


@dataclass(frozen=True)
class Figure:
    """One minifigure under BrickLink's number, in lower case; year 0 is unknown."""

    number: str
    name: str
    year: int
    category: str
    subcategory: str
    in_sets: int


@dataclass(frozen=True)
class Catalogue:
    """All there is, in the order of the file."""

    sets: tuple[Set, ...]
    figures: tuple[Figure, ...]


def load(file: Path = FILE) -> Catalogue:
    """Read the catalogue; raises OSError, ValueError or TypeError when the file is wrong."""
    tables = tomllib.loads(file.read_text("utf-8"))
    return Catalogue(tuple(Set(*row) for row in tables["sets"]), tuple(Figure(*row) for row in tables["figures"]))
