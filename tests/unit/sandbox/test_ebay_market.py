"""What is for sale at the eBay stand-in: the shapes of its listings, and how they come and go."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.unit.sandbox.test_ebay_standin import ALL, BROWSE, headers, number_of, search

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.sandbox.conftest import Sandbox, Time


def everything(sandbox: Sandbox) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for offset in range(0, 10_000, 200):
        answer = search(sandbox, q="LEGO", limit=200, offset=offset, filter=ALL).json()
        items += answer.get("itemSummaries", [])
        sandbox.time.advance(0.1)
        if "next" not in answer:
            break
    return items


def test_the_market_has_every_shape_that_an_offer_comes_in(sandbox: Sandbox) -> None:
    items = everything(sandbox)
    options = Counter("+".join(each["buyingOptions"]) for each in items)
    assert options.keys() == {"FIXED_PRICE", "FIXED_PRICE+BEST_OFFER", "FIXED_PRICE+AUCTION", "AUCTION"}
    auctions = [each for each in items if each["buyingOptions"] == ["AUCTION"]]
    assert all("price" not in each and each["itemEndDate"] and "bidCount" in each for each in auctions)
    hybrids = [each for each in items if len(each["buyingOptions"]) == 2 and "AUCTION" in each["buyingOptions"]]
    assert all("price" in each and "currentBidPrice" in each for each in hybrids)
    # With the first bid what an auction can be bought for at once is gone.
    assert {each["bidCount"] for each in hybrids} == {0}
    assert any(each["bidCount"] > 0 for each in auctions)
    assert all("itemEndDate" not in each for each in items if "AUCTION" not in each["buyingOptions"])
    assert any("condition" not in each for each in items)
    assert {each["shippingOptions"][0]["shippingCostType"] for each in items} == {"FIXED", "CALCULATED"}
    assert any(each.get("price", {}).get("convertedFromCurrency") == "GBP" for each in items)
    titles = " ".join(each["title"] for each in items)
    assert all(word in titles for word in ("LOT of 5", "CUSTOM", "keychain", "instructions only", "SEALED"))


def test_the_market_is_the_same_for_everybody_on_the_same_day_and_moves_on(
    sandbox: Sandbox, start: Callable[..., Sandbox], time: Time
) -> None:
    today = {each["itemId"]: each for each in everything(sandbox)}
    assert {each["itemId"] for each in everything(start())} == today.keys()
    time.advance(2 * 24 * 3600)
    later = {each["itemId"]: each for each in everything(sandbox)}
    assert later.keys() - today.keys()
    assert today.keys() - later.keys()
    stayed = later.keys() & today.keys()
    assert all(later[each]["title"] == today[each]["title"] for each in stayed)
    bids = [(today[each]["bidCount"], later[each]["bidCount"]) for each in stayed if "bidCount" in today[each]]
    assert all(before <= after for before, after in bids)
    assert any(before < after for before, after in bids)


def test_a_listing_is_found_by_its_id_until_it_has_ended(sandbox: Sandbox, time: Time) -> None:
    auction = next(each for each in everything(sandbox) if each["buyingOptions"] == ["AUCTION"])
    path = f"{BROWSE}/item/{auction['itemId'].replace('|', '%7C')}"
    assert sandbox.client.get(path, headers=headers(sandbox)).json()["title"] == auction["title"]
    time.advance(8 * 24 * 3600)
    assert number_of(sandbox.client.get(path, headers=headers(sandbox))) == (404, 11001)
