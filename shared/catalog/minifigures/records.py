"""What Brickset and eBay say of minifigures and sets, in our own words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from shared.contracts.minifigures import Condition

ItemType = Literal["minifigure", "set"]
PriceKind = Literal["fixed", "auction"]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in the catalogue.

    `set_number` is BrickLink's number of a figure in lower case (sw0001a) or Brickset's of a set (75192-1). What a
    way into the catalogue does not tell is None and leaves what is stored.
    """

    set_number: str
    item_type: ItemType
    name: str
    theme: str | None = None
    subtheme: str | None = None
    year: int | None = None
    image: str | None = None
    pieces: int | None = None
    minifigs: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One listing of a marketplace as it was seen.

    `price` is without shipping; `shipping` is None when unknown, which is not zero. An auction's price is its
    current bid. `converted_from` is the currency the seller asks, where the marketplace converted it into `currency`.
    """

    item_id: str
    title: str
    condition: Condition
    price: Decimal
    currency: str
    price_kind: PriceKind
    shipping: Decimal | None = None
    bids: int | None = None
    url: str | None = None
    image: str | None = None
    seller: str | None = None
    ends_at: datetime | None = None
    converted_from: str | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """An entry of a catalogue that cannot be read; the others can. `entry` is its number, or where it stands."""

    entry: str
    problem: str
