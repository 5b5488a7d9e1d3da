"""Reads the items of eBay's search. Pure; `client` does the fetching.

Which price is taken: an item that can be bought at once has `price`, and is "fixed" whatever else it is; an auction
alone has `currentBidPrice`, and is "auction". One that is both is so "fixed": its bid says little until its end, and
its `price` goes with the first bid. Money is text. eBay converts what is asked in another currency, and says so.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from shared.catalog.minifigures.records import Offer, PriceKind
from shared.contracts.minifigures import Condition
from shared.upstreams.ebay.tokens import UPSTREAM
from shared.upstreams.fields import LARGEST_AMOUNT, Audit, Fields

FIXED_PRICE, AUCTION, BEST_OFFER = "FIXED_PRICE", "AUCTION", "BEST_OFFER"
FIXED, CALCULATED = "FIXED", "CALCULATED"  # how shipping is charged; what is calculated is so from the buyer's address
UNUSED: Final = 1000  # the condition of what was never opened
USED: Final = 2000  # conditions from here on have been in somebody's hands; below they are new, if perhaps opened
IGNORED: Final = frozenset(
    {
        "additionalImages",
        "adultOnly",
        "availableCoupons",
        "bidCount",
        "buyerProtection",
        "categories",
        "compatibilityMatch",
        "compatibilityProperties",
        "condition",
        "currentBidPrice",
        "distanceFromPickupLocation",
        "energyEfficiencyClass",
        "epid",
        "itemAffiliateWebUrl",
        "itemCreationDate",
        "itemGroupHref",
        "itemGroupType",
        "itemHref",
        "itemLocation",
        "itemOriginDate",
        "leafCategoryIds",
        "legacyItemId",
        "listingMarketplaceId",
        "marketingPrice",
        "pickupOptions",
        "price",
        "priceDisplayCondition",
        "priorityListing",
        "qualifiedPrograms",
        "shortDescription",
        "topRatedBuyingExperience",
        "tyreLabelImageUrl",
        "unitPrice",
        "unitPricingMeasure",
        "watchCount",
    }
)
IGNORED_SHIPPING: Final = frozenset(
    {"guaranteedDelivery", "maxEstimatedDeliveryDate", "minEstimatedDeliveryDate", "shippingCost"}
)


def read_offer(raw: dict[str, Any], condition: Condition) -> Offer:
    """Read one item of what `Ebay.fetch_offers` fetched for a condition; raises UnreadableAnswer.

    An item may leave its condition out; then it is the one that was asked for.
    """
    audit = Audit(UPSTREAM)
    fields = Fields(raw, "item", audit)
    item_id = fields.text("itemId")
    kind, (price, currency, converted_from) = _price(fields)
    images = [image for image in (fields.child_or_none("image"), *fields.children("thumbnailImages")) if image]
    seller = fields.child_or_none("seller")
    offer = Offer(
        item_id=item_id,
        title=fields.text("title"),
        condition=_condition(fields, condition),
        price=price,
        currency=currency,
        price_kind=kind,
        shipping=_shipping(fields, currency),
        bids=fields.whole_or_none("bidCount") if kind == "auction" else None,
        url=_untracked(fields.text_or_none("itemWebUrl")),
        image=next((address for image in images if (address := image.text_or_none("imageUrl"))), None),
        seller=seller.text_or_none("username") if seller else None,
        # Good 'Til Cancelled has no end.
        ends_at=fields.moment_or_none("itemEndDate"),
        converted_from=converted_from,
    )
    fields.finish(IGNORED)
    audit.report(f"item:{item_id}")
    return offer


def _price(fields: Fields) -> tuple[PriceKind, tuple[Decimal, str, str | None]]:
    options = fields.texts("buyingOptions")
    if FIXED_PRICE in options:
        return "fixed", _money(fields.child("price"))
    if AUCTION in options:
        return "auction", _money(fields.child("currentBidPrice"))
    raise fields.unreadable("buyingOptions", f"are {options}, neither a fixed price nor an auction")


def _money(fields: Fields) -> tuple[Decimal, str, str | None]:
    """Return an amount, its currency, and the one that was converted into it."""
    text = fields.text("value")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise fields.unreadable("value", f"is {text[:100]!r}, not an amount") from None
    if not amount.is_finite() or not 0 <= amount < LARGEST_AMOUNT:
        raise fields.unreadable("value", f"is {text[:100]!r}, not an amount")
    read = amount, fields.text("currency"), fields.text_or_none("convertedFromCurrency")
    fields.finish({"convertedFromValue"})
    return read


def _shipping(fields: Fields, currency: str) -> Decimal | None:
    """Return what the first way of shipping costs; None is unknown, 0 is free."""
    for option in fields.children("shippingOptions"):
        charged = option.text_or_none("shippingCostType")
        cost = option.child_or_none("shippingCost")
        option.finish(IGNORED_SHIPPING)
        if charged not in {FIXED, CALCULATED}:
            option.odd("shippingCostType", charged)
        if charged != FIXED or cost is None:
            return None
        amount, charged_in, _ = _money(cost)
        if charged_in != currency:
            option.odd("shippingCost", charged_in)
            return None
        return amount
    return None


def _condition(fields: Fields, asked: Condition) -> Condition:
    """Return the condition that was asked for unless the item says that it is in another."""
    text = fields.text_or_none("conditionId")
    if text is None:
        return asked
    if not (text.isascii() and text.isdecimal()):
        fields.odd("conditionId", text)
        return asked
    number = int(text)
    if number >= USED:
        return "USED"
    return "SEALED" if asked == "SEALED" and number == UNUSED else "NEW"


def _untracked(address: str | None) -> str | None:
    """Return an item's address without what follows it from search to search."""
    return address.split("?", 1)[0] if address else None
