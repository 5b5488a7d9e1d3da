"""Listings of every set and figure of the catalogue, the same for everybody who asks on the same day.

Each day some are put up, by a chance that item and day decide; they stay up until they end, so that a listing keeps
its id from one day to the next, a bid only grows, and what has ended is gone. Among the true ones are lots, fakes,
key rings and instructions, as anywhere.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from deploy.sandbox.brickset.catalogue import Catalogue

LONGEST = 30
"""Days after which every listing has ended."""

AUCTION_DAYS = 7
CENT = Decimal("0.01")
POUND = Decimal("1.31")
"""Dollars, for the listings that are asked for in pounds."""

FIXED, BOTH, OFFER, BID = (
    ("FIXED_PRICE",),
    ("FIXED_PRICE", "AUCTION"),
    ("FIXED_PRICE", "BEST_OFFER"),
    ("AUCTION",),
)
CONDITIONS = (("New", "1000"), ("Used", "3000"), ("Brand New", "1000"), ("Open box", "1500"), (None, None))
TITLES = (
    "LEGO {theme} {name} {number} minifigure",
    "LEGO {number} {name}",
    "Genuine LEGO® minifig {name} ({number}) excellent",
    "LEGO {theme} {number} {name} complete",
)
SET_TITLES = (
    "LEGO {theme} {name} {number} NEW SEALED",
    "LEGO {number} {name} complete",
    "LEGO {theme} {number} {name}",
)
NOISE = (
    "LOT of 5 LEGO {theme} minifigures incl. {number} {name}",
    "CUSTOM {name} {number} minifigure compatible with LEGO",
    "LEGO {theme} {name} keychain {number}",
    "LEGO {number} {name} instructions only, no figure",
    "2x LEGO {number} {name} bundle",
)


@dataclass(frozen=True)
class Thing:
    """What is for sale: `value` is what it is worth in dollars."""

    number: str
    name: str
    theme: str
    value: Decimal
    is_set: bool


@dataclass(frozen=True)
class Listing:
    """One listing; `pounds` says that its seller asks in them, `ends` is None until it is cancelled."""

    number: int
    title: str
    options: tuple[str, ...]
    price: Decimal
    bid: Decimal
    bids: int
    condition: tuple[str | None, str | None]
    shipping: Decimal | None
    born: datetime
    ends: datetime
    seller: str
    pounds: bool = False

    @property
    def item_id(self) -> str:
        """The id of Browse; the last part is a variation's."""
        return f"v1|{self.number}|0"


def things(catalogue: Catalogue) -> list[Thing]:
    """Return everything that is for sale."""
    sets = (
        Thing(one.number, one.name, one.theme, Decimal(one.pieces or 40) / 9, is_set=True) for one in catalogue.sets
    )
    figures = (
        Thing(one.number, one.name.partition(" - ")[0], one.category, _worth(one.number), is_set=False)
        for one in catalogue.figures
    )
    return [*sets, *figures]


class Market:
    """All listings there are, put up anew on each day of UTC."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._things = things(catalogue)
        self._day: date | None = None
        self._listings: tuple[Listing, ...] = ()

    def live(self, now: datetime) -> list[Listing]:
        """Return the listings that are up at a moment, newest first."""
        today = now.astimezone(UTC).date()
        if today != self._day:
            found = (
                one
                for thing in self._things
                for age in range(LONGEST + 1)
                for one in _put_up(thing, today - timedelta(days=age), age)
            )
            self._listings = tuple(sorted(found, key=lambda one: (one.born, one.number), reverse=True))
            self._day = today
        return [one for one in self._listings if one.born <= now < one.ends]


def shape(one: Listing, base: str) -> dict[str, Any]:
    """Return a listing as it stands in a search."""
    legacy = str(one.number)
    shipping: dict[str, Any] = {"shippingCostType": "CALCULATED"}
    if one.shipping is not None:
        shipping = {"shippingCostType": "FIXED", "shippingCost": _money(one.shipping, one)}
    words, number = one.condition
    body: dict[str, Any] = {
        "itemId": one.item_id,
        "title": one.title,
        "leafCategoryIds": ["19003"],
        "categories": [{"categoryId": "19003", "categoryName": "LEGO (R) Minifigures"}],
        "image": {"imageUrl": f"https://i.ebayimg.com/images/g/{legacy}/s-l225.jpg"},
        "itemHref": f"{base}/item/{one.item_id.replace('|', '%7C')}",
        "seller": {"username": one.seller, "feedbackPercentage": "99.8", "feedbackScore": one.number % 5000},
        "shippingOptions": [shipping],
        "buyingOptions": list(one.options),
        "itemWebUrl": f"https://www.ebay.com/itm/{legacy}?hash=item{one.number:x}:g:sandbox",
        "itemLocation": {"postalCode": "992**", "country": "GB" if one.pounds else "US"},
        "adultOnly": False,
        "legacyItemId": legacy,
        "availableCoupons": False,
        "itemCreationDate": _stamp(one.born),
        "topRatedBuyingExperience": False,
        "priorityListing": False,
        "listingMarketplaceId": "EBAY_US",
    }
    if words is not None:
        body |= {"condition": words, "conditionId": number}
    if "FIXED_PRICE" in one.options:
        body["price"] = _money(one.price, one)
    if "AUCTION" in one.options:
        # Only what ends by itself says when.
        body |= {"currentBidPrice": _money(one.bid, one), "bidCount": one.bids, "itemEndDate": _stamp(one.ends)}
    return body


def _put_up(thing: Thing, day: date, age: int) -> Iterator[Listing]:
    """Yield what was put up for sale of a thing on a day `age` days ago."""
    chance = random.Random(f"{thing.number} {day}")  # noqa: S311 - the same for everybody is the point
    for place in range(chance.randint(1, 3)):
        yield _listing(thing, day, age, place, chance)


def _listing(thing: Thing, day: date, age: int, place: int, chance: random.Random) -> Listing:
    options = chance.choice((FIXED, FIXED, FIXED, OFFER, BOTH, BID, BID))
    price = (thing.value * Decimal(chance.randint(70, 140)) / 100).quantize(CENT)
    noise = chance.random() < 0.2  # noqa: PLR2004 - every fifth is not the thing itself
    title = chance.choice(NOISE if noise else SET_TITLES if thing.is_set else TITLES)
    bids = chance.randint(0, 2) * age if "AUCTION" in options else 0
    born = datetime.combine(day, time(), UTC) + timedelta(minutes=chance.randint(0, 1439))
    days = AUCTION_DAYS if "AUCTION" in options else chance.randint(2, LONGEST)
    listing = Listing(
        number=390_000_000_000 + chance.randrange(10**9) * 10 + place,
        title=title.format(number=thing.number, name=thing.name, theme=thing.theme),
        options=options,
        price=price,
        bid=(price / 3 + bids * price / 40).quantize(CENT),
        bids=bids,
        condition=chance.choice((CONDITIONS[0], CONDITIONS[1], *CONDITIONS)),
        shipping=chance.choice((Decimal("0.00"), Decimal("4.99"), Decimal("12.50"), None)),
        born=born,
        ends=born + timedelta(days=days),
        seller=f"seller_{chance.randint(1, 400):04d}",
        pounds=chance.random() < 0.1,  # noqa: PLR2004 - every tenth is asked for in pounds
    )
    # With the first bid what an auction could be bought for at once is gone.
    return replace(listing, options=BID) if options == BOTH and bids else listing


def _worth(number: str) -> Decimal:
    return Decimal(random.Random(number).randint(200, 6000)) / 100  # noqa: S311 - see above


def _money(amount: Decimal, one: Listing) -> dict[str, str]:
    money = {"value": f"{amount:.2f}", "currency": "USD"}
    if one.pounds:
        money |= {"convertedFromValue": f"{amount / POUND:.2f}", "convertedFromCurrency": "GBP"}
    return money


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
