"""What the discounts domain decides: the discount of a batch, from its days to expiry, its stock and its base price.

`recompute` does the same in SQL, for all batches at once; a property test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
"""What prices and percentages are rounded to, in whatever currency."""


@dataclass(frozen=True, slots=True)
class Tier:
    """So many percent off for what has `days_left` or fewer to its last day, and `min_quantity` or more in stock."""

    days_left: int
    percent: Decimal
    min_quantity: int = 0


@dataclass(frozen=True, slots=True)
class Floor:
    """No discount goes below so much percent of the base price, nor below a price in the batch's own currency."""

    percent: Decimal = Decimal(0)
    price: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Discount:
    """So many percent off the base price make a price that is less than it."""

    percent: Decimal
    price: Decimal


def discount_of(
    base_price: Decimal, quantity: int, days_left: int, tiers: Iterable[Tier], floor: Floor
) -> Discount | None:
    """Return the discount of a batch, or None when it has none.

    `days_left` is 0 on the last day on which it may be sold. What is expired or sold out has no discount. Of the tiers
    that count the largest percentage is given, so that fewer days or more stock never make a smaller discount. The
    price is rounded half up to cents; the floor is rounded up, so that no rounding goes below it, and never exceeds the
    base price. Where the floor is what decides, `percent` is what it comes to, rounded half up.
    """
    if quantity <= 0 or days_left < 0:
        return None
    counting = (tier.percent for tier in tiers if days_left <= tier.days_left and quantity >= tier.min_quantity)
    percent = max(counting, default=Decimal(0))
    wanted = (base_price * (100 - percent) * CENT).quantize(CENT, ROUND_HALF_UP)
    least = max(base_price * floor.percent * CENT, floor.price).quantize(CENT, ROUND_CEILING)
    price = min(base_price, max(wanted, least))
    if price == base_price:
        return None
    if price != wanted:
        percent = _part(base_price - price, base_price)
    return Discount(percent, price) if percent > 0 else None


def _part(amount: Decimal, whole: Decimal) -> Decimal:
    """Return how many percent of a whole an amount is, rounded half up to two digits, by whole numbers alone."""
    return (20_000 * amount + whole) // (2 * whole) * CENT
