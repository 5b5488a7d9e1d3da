"""The words of prices that others observe, and of stock near its expiry and what it is discounted to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.kind import Kind, Payload
from shared.contracts.minifigures import Condition, SetNumber

Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]
"""An amount with at most two decimals; text ("12.50") is safer than a number, which JSON may round."""

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
"""ISO 4217, such as USD."""

Sku = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!-~]+$")]
"""What an inventory calls a product, or a lot of it: printable ASCII without spaces."""


class Observation(Payload):
    """One offer of a marketplace as somebody saw it; the same offer seen twice in a day is one observation.

    `price` is without shipping; leave `shipping` out when it is unknown, which is not zero. `source` names the
    marketplace, `item_id` the offer there. Without `observed_at` it counts as seen when it is stored.
    """

    set_number: SetNumber
    condition: Condition
    source: Annotated[str, Field(min_length=1, max_length=40, pattern="^[a-z0-9_.-]+$")]
    item_id: Annotated[str, Field(min_length=1, max_length=100)]
    price: Money
    currency: Currency
    price_kind: Literal["fixed", "auction"] = "fixed"
    shipping: Money | None = None
    title: Annotated[str, Field(max_length=500)] | None = None
    url: Annotated[str, Field(max_length=2000)] | None = None
    observed_at: AwareDatetime | None = None


class PricesObserved(Payload):
    """Offers that another service has seen."""

    observations: Annotated[list[Observation], Field(min_length=1, max_length=500)]


class BatchReceived(Payload):
    """A lot of a product is in stock: how many, at which price, until when.

    The same `sku` and `lot` again replaces what was said before. `expires_on` is the last day on which it may be sold.
    """

    sku: Sku
    lot: Sku
    expires_on: date
    quantity: Annotated[int, Field(ge=0, le=2_147_483_647)]
    base_price: Money
    currency: Currency
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = None


class RecomputeDiscounts(Payload):
    """Set the discount of every batch that expires within so many days, by the table of tiers."""

    days_threshold: Annotated[int, Field(ge=0, le=3650)] = 30


class DiscountChanged(Payload):
    """A batch has another discount: `percent` off `base_price` makes `price`; 0 means none any more."""

    sku: Sku
    lot: Sku
    percent: Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2)]
    base_price: Money
    price: Money
    currency: Currency
    expires_on: date


PRICES_OBSERVED = Kind(
    "price.observed",
    PricesObserved,
    "Store offers that another service has seen.",
    example={
        "observations": [
            {
                "set_number": "sw0001a",
                "condition": "USED",
                "source": "bricklink",
                "item_id": "4711",
                "price": "12.50",
                "currency": "USD",
            }
        ]
    },
)

BATCH_RECEIVED = Kind(
    "price.batch.received",
    BatchReceived,
    "Take a lot of a product into stock.",
    example={
        "sku": "YOG-150",
        "lot": "L2411",
        "expires_on": "2026-12-04",
        "quantity": 48,
        "base_price": "1.29",
        "currency": "EUR",
    },
    entity="batch:{sku}/{lot}",
)

RECOMPUTE_DISCOUNTS = Kind(
    "price.discounts.recompute",
    RecomputeDiscounts,
    "Set the discount of every batch that expires soon.",
    example={"days_threshold": 30},
)

DISCOUNT_CHANGED = Kind(
    "facts.discount.changed",
    DiscountChanged,
    "A batch has another discount.",
    example={
        "sku": "YOG-150",
        "lot": "L2411",
        "percent": "30.00",
        "base_price": "1.29",
        "price": "0.90",
        "currency": "EUR",
        "expires_on": "2026-12-04",
    },
    entity="batch:{sku}/{lot}",
)

KINDS = (PRICES_OBSERVED, BATCH_RECEIVED, RECOMPUTE_DISCOUNTS, DISCOUNT_CHANGED)
