"""Every recorded eBay answer at hand is read; runs where such recordings are (MILLRACE_SAMPLES, or a sibling)."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shared.catalog.minifigures.records import Offer
from shared.errors import UpstreamRefused
from shared.settings import Settings
from shared.upstreams.ebay import Ebay, read_offer
from shared.upstreams.gateway import Gateway

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
SAMPLES = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING) / "ebay"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded answers here; MILLRACE_SAMPLES says where")


def names() -> list[str]:
    return sorted(path.name for path in SAMPLES.glob("*.json")) if SAMPLES.is_dir() else []


def body(name: str) -> Any:
    return json.loads((SAMPLES / name).read_bytes())


def items(name: str) -> Iterator[dict[str, Any]]:
    """Yield the items of a search, of a bare list, or the one that the file is; none of an error or an old API."""
    whole = body(name)
    if isinstance(whole, dict):
        whole = whole.get("itemSummaries", [whole] if "itemId" in whole and "buyingOptions" in whole else [])
    yield from whole


def holding() -> list[str]:
    return [name for name in names() if any(items(name))]


def answering(name: str, status: int = 200, asked: list[str] | None = None) -> Ebay:
    """Return eBay as a server that answers every search with a recording; `asked` is told the paths."""

    def answer(request: httpx.Request) -> httpx.Response:
        (asked if asked is not None else []).append(request.url.path.rpartition("/")[2])
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json={"access_token": "a-token-of-ours", "expires_in": 7200})
        return httpx.Response(status, content=(SAMPLES / name).read_bytes())

    client = httpx.Client(transport=httpx.MockTransport(answer))
    return Ebay(Gateway(client, Settings(ebay_url="https://ebay.test")), "app", "cert")


@pytest.mark.parametrize("name", holding())
def test_every_item_is_read_and_nothing_in_it_is_new_to_us(name: str) -> None:
    with capture_logs() as logs:
        offers = [read_offer(each, "USED") for each in items(name)]
    assert logs == []
    for raw, offer in zip(items(name), offers, strict=True):
        assert offer.item_id == raw["itemId"]
        assert str(offer.price) == (raw["price"] if offer.price_kind == "fixed" else raw["currentBidPrice"])["value"]
        assert (offer.price_kind == "fixed") == ("FIXED_PRICE" in raw["buyingOptions"])
        assert (offer.ends_at is None) == ("itemEndDate" not in raw)
        cost = raw.get("shippingOptions", [{}])[0].get("shippingCost")
        assert offer.shipping == (Decimal(cost["value"]) if cost else None)
        assert offer.condition == ("NEW" if raw.get("conditionId", "") in {"1000", "1500", "1750"} else "USED")


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("browse_search")])
def test_a_whole_search_is_fetched_each_listing_once(name: str) -> None:
    ids = [each["itemId"] for each in items(name)]
    raws = answering(name).fetch_offers("x", "NEW", len(ids))
    assert [each["itemId"] for each in raws] == list(dict.fromkeys(ids))


def test_the_known_search_has_these_offers() -> None:
    offers = [read_offer(each, "NEW") for each in items("browse_search_iphone_price_asc_100.json")]
    assert Counter((each.price_kind, each.condition, each.currency, each.converted_from) for each in offers) == {
        ("fixed", "NEW", "USD", "CAD"): 99,
        ("fixed", "USED", "USD", "CAD"): 1,
    }
    assert sum(1 for each in items("browse_search_iphone_price_asc_100.json") if "conditionId" not in each) == 3
    assert len({each.item_id for each in offers}) == 100
    assert Counter(each.shipping for each in offers) == {Decimal("0.00"): 99, Decimal("0.01"): 1}


def test_auctions_and_a_hybrid_are_told_apart() -> None:
    offers = [read_offer(each, "USED") for each in items("browse_auction_items_a.json")]
    assert Counter((each.price_kind, each.bids) for each in offers) == {("auction", 0): 4, ("fixed", None): 1}
    assert {each.shipping for each in offers} == {None}


def test_the_lego_hybrid_is_read() -> None:
    (offer,) = (read_offer(each, "USED") for each in items("browse_item_lego_hybrid.json"))
    assert offer == Offer(
        item_id="v1|398238964712|0",
        title=offer.title,
        condition="USED",
        price=Decimal("129.99"),
        currency="USD",
        price_kind="fixed",
        shipping=Decimal("14.99"),
        url="https://www.ebay.com/itm/398238964712",
        image=offer.image,
        seller="seller_lego1",
        ends_at=offer.ends_at,
    )
    assert offer.ends_at is not None
    assert offer.ends_at.isoformat() == "2026-08-08T18:24:36+00:00"


def test_a_search_without_a_match_is_an_empty_answer() -> None:
    assert answering("search_no_match.json").fetch_offers("x", "NEW") == []


@pytest.mark.parametrize("name", [name for name in names() if name.startswith("error_401")])
def test_a_token_that_is_refused_is_renewed_once_and_then_told_in_ebays_words(name: str) -> None:
    asked: list[str] = []
    with pytest.raises(UpstreamRefused, match="Invalid access token"):
        answering(name, 401, asked).fetch_offers("x", "NEW")
    assert asked == ["token", "search", "token", "search"]
