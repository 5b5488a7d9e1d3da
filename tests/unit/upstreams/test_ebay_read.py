"""What an item of eBay's search is read as."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.catalog.minifigures.records import Offer
from shared.contracts.minifigures import Condition
from shared.errors import UnreadableAnswer
from shared.upstreams.ebay import read_offer
from tests.unit.upstreams.ebay_answers import auction, item, usd


def test_an_item_to_be_bought_at_once_is_a_fixed_offer() -> None:
    assert read_offer(item(), "NEW") == Offer(
        item_id="v1|110000000001|0",
        title="LEGO Figure aa001 & hat",
        condition="NEW",
        price=Decimal("12.50"),
        currency="USD",
        price_kind="fixed",
        shipping=Decimal("4.99"),
        url="https://www.ebay.com/itm/110000000001",
        image="https://i.ebayimg.com/images/g/x/s-l225.jpg",
        seller="seller_1",
    )


def test_an_auction_has_no_price_but_a_current_bid_and_an_end() -> None:
    offer = read_offer(auction(bidCount=4), "USED")
    assert (offer.price, offer.price_kind, offer.bids) == (Decimal("3.00"), "auction", 4)
    assert offer.ends_at == datetime(2026, 11, 8, 10, tzinfo=UTC)


def test_an_auction_may_have_0_bids() -> None:
    assert read_offer(auction(), "USED").bids == 0


def test_an_auction_open_to_best_offers_is_an_auction() -> None:
    assert read_offer(auction(buyingOptions=["AUCTION", "BEST_OFFER"]), "NEW").price_kind == "auction"


def test_a_hybrid_carries_both_prices_and_is_fixed_at_the_one_it_can_be_bought_for() -> None:
    offer = read_offer(auction(buyingOptions=["FIXED_PRICE", "AUCTION"], price=usd("30.00")), "NEW")
    assert (offer.price, offer.price_kind, offer.bids) == (Decimal("30.00"), "fixed", None)
    assert offer.ends_at is not None


def test_good_til_cancelled_has_no_end() -> None:
    assert read_offer(item(), "NEW").ends_at is None


@pytest.mark.parametrize(
    ("options", "shipping"),
    [
        (None, None),
        ([], None),
        ([{"shippingCostType": "CALCULATED"}], None),
        ([{"shippingCostType": "FIXED"}], None),
        ([{"shippingCostType": "FIXED", "shippingCost": usd("0.00")}], Decimal("0.00")),
        ([{"shippingCostType": "FIXED", "shippingCost": {"value": "3.00", "currency": "GBP"}}], None),
        ([{"shippingCostType": "FIXED", "shippingCost": usd("2.00")}, {"shippingCostType": "CALCULATED"}], Decimal(2)),
    ],
)
def test_calculated_or_absent_shipping_is_unknown_and_0_is_free(options: Any, shipping: Decimal | None) -> None:
    assert read_offer(item(shippingOptions=options), "NEW").shipping == shipping


@pytest.mark.parametrize(
    ("asked", "number", "condition"),
    [
        ("NEW", None, "NEW"),
        ("USED", None, "USED"),
        ("SEALED", None, "SEALED"),
        ("NEW", "1000", "NEW"),
        ("SEALED", "1000", "SEALED"),
        ("SEALED", "1500", "NEW"),
        ("NEW", "2750", "USED"),
        ("NEW", "3000", "USED"),
        ("USED", "1000", "NEW"),
        ("USED", "odd", "USED"),
    ],
)
def test_a_missing_condition_is_the_one_asked_for_and_another_is_kept(
    asked: Condition, number: str | None, condition: Condition
) -> None:
    assert read_offer(item(condition=None, conditionId=number), asked).condition == condition


def test_money_is_text_and_every_cent_of_it_is_kept() -> None:
    assert str(read_offer(item(price=usd("1234567.10")), "NEW").price) == "1234567.10"


def test_a_price_converted_from_another_currency_says_so() -> None:
    converted = usd("13.10", convertedFromValue="10.00", convertedFromCurrency="GBP")
    offer = read_offer(item(price=converted), "NEW")
    assert (offer.price, offer.currency, offer.converted_from) == (Decimal("13.10"), "USD", "GBP")


def test_a_picture_may_be_a_thumbnail_only_or_missing() -> None:
    thumbnails = [{"imageUrl": "https://i.ebayimg.com/t.jpg"}]
    assert read_offer(item(image=None, thumbnailImages=thumbnails), "NEW").image == "https://i.ebayimg.com/t.jpg"
    assert read_offer(item(image=None), "NEW").image is None


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"itemId": None}, "itemId is missing"),
        ({"title": ""}, "title is empty"),
        ({"price": None}, "price is missing"),
        ({"price": usd("12,50")}, "not an amount"),
        ({"price": usd("NaN")}, "not an amount"),
        ({"price": usd("-1")}, "not an amount"),
        ({"price": usd(12.5)}, "is a number, not a text"),
        ({"price": {"value": "1.00"}}, "currency is missing"),
        ({"buyingOptions": ["CLASSIFIED_AD"]}, "neither a fixed price nor an auction"),
        ({"buyingOptions": ["AUCTION"]}, "currentBidPrice is missing"),
    ],
)
def test_an_item_without_what_an_offer_needs_is_unreadable(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(UnreadableAnswer, match=problem):
        read_offer(item(**changes), "NEW")


def test_fields_outside_the_definition_are_reported_except_the_one_that_is_known() -> None:
    with capture_logs() as logs:
        read_offer(item(itemOriginDate="2026-10-01T10:00:00.000Z", adultOnly=False), "NEW")
        assert logs == []
        read_offer(item(luckyNumber=7), "NEW")
    assert logs[0]["unknown"] == ["item.luckyNumber"]
