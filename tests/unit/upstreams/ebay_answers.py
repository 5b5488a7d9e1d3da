"""eBay in miniature: items and refusals in the shapes real ones have; a test takes one and bends it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.settings import Settings
from shared.upstreams.ebay import Ebay
from shared.upstreams.ebay.client import limit_of
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Upstream
from shared.upstreams.pace import Limit

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEARCH = "/buy/browse/v1/item_summary/search"
RATES = "/developer/analytics/v1_beta/rate_limit/"
OFFSET = "The 'offset' value must be either zero or a multiple of the 'limit' value."


def usd(value: Any, **more: Any) -> dict[str, Any]:
    return {"value": value, "currency": "USD", **more}


def item(**changes: Any) -> dict[str, Any]:
    """Return one item of a search, to be bought at once; a change to None leaves the field out."""
    whole: dict[str, Any] = {
        "itemId": "v1|110000000001|0",
        "title": "LEGO Figure aa001 &amp; hat",
        "leafCategoryIds": ["19003"],
        "categories": [{"categoryId": "19003", "categoryName": "LEGO"}],
        "image": {"imageUrl": "https://i.ebayimg.com/images/g/x/s-l225.jpg"},
        "price": usd("12.50"),
        "itemHref": "https://api.ebay.com/buy/browse/v1/item/v1%7C110000000001%7C0",
        "seller": {"username": "seller_1", "feedbackPercentage": "99.0", "feedbackScore": 7},
        "condition": "New",
        "conditionId": "1000",
        "shippingOptions": [{"shippingCostType": "FIXED", "shippingCost": usd("4.99")}],
        "buyingOptions": ["FIXED_PRICE"],
        "itemWebUrl": "https://www.ebay.com/itm/110000000001?hash=item1:g:x",
        "legacyItemId": "110000000001",
        "itemCreationDate": "2026-11-01T10:00:00.000Z",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def auction(**changes: Any) -> dict[str, Any]:
    return item(
        **{
            "buyingOptions": ["AUCTION"],
            "price": None,
            "currentBidPrice": usd("3.00"),
            "bidCount": 0,
            "itemEndDate": "2026-11-08T10:00:00.000Z",
            **changes,
        }
    )


def error(number: int, message: str = "-") -> dict[str, Any]:
    return {"errors": [{"errorId": number, "domain": "API_BROWSE", "category": "REQUEST", "message": message}]}


class Unhurried(Gateway):
    """A way out on which nobody waits for a turn."""

    def upstream(self, name: str, limit: Limit, *, secrets: Iterable[str] = (), site: str = "") -> Upstream:
        assert limit == limit_of(5000)
        assert not site
        return Upstream(name, self.client, secrets=secrets)


class Server:
    """eBay in miniature: tokens, listings, answers by path, and a journal of what was asked."""

    def __init__(self, ids: Iterable[str] = (), lasts: Any = 7200, answers: dict[str, Any] | None = None) -> None:
        self.items = [item(itemId=each) for each in ids]
        self.lasts = lasts
        self.answers = answers or {}
        self.valid: set[str] = set()
        self.logins: list[httpx.Request] = []
        self.asked: list[httpx.Request] = []
        self.ticks = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/identity/v1/oauth2/token":
            self.logins.append(request)
            if "token" in self.answers:
                status, body = self.answers["token"]
                return httpx.Response(status, json=body)
            token = f"v^1.1#{len(self.logins)}"
            self.valid = {token}
            body = {"access_token": token, "expires_in": self.lasts, "token_type": "Application Access Token"}
            return httpx.Response(200, json=body)
        if request.headers["Authorization"].removeprefix("Bearer ") not in self.valid:
            return httpx.Response(401, json=error(1001, "Invalid access token"))
        self.asked.append(request)
        if path in self.answers:
            status, body = self.answers[path]
            return httpx.Response(status, json=body)
        return self.search(request.url.params)

    def search(self, params: httpx.QueryParams) -> httpx.Response:
        limit, offset = int(params["limit"]), int(params["offset"])
        body: dict[str, Any] = {"total": 7_206_380, "limit": limit, "offset": offset}
        if shown := self.items[offset : offset + limit]:
            body["itemSummaries"] = shown
        if offset + limit < len(self.items):
            body["next"] = f"https://elsewhere.test{SEARCH}?offset={offset + limit}"
        return httpx.Response(200, json=body)

    def client(self) -> Ebay:
        client = httpx.Client(transport=httpx.MockTransport(self))
        gateway = Unhurried(client, Settings(ebay_url="https://ebay.test/"))
        return Ebay(gateway, "app-1", "cert-1", ticks=lambda: self.ticks, now=lambda: NOON)


def ids(raws: list[dict[str, Any]]) -> list[str]:
    return [each["itemId"] for each in raws]
