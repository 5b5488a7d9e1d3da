"""How eBay is asked: tokens, the search's pages, what it silently ignores, and its refusals."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from shared.errors import (
    LimitReached,
    MissingSetting,
    RateLimited,
    UnreadableAnswer,
    UpstreamAway,
    UpstreamGone,
    UpstreamRefused,
)
from shared.settings import Settings
from shared.upstreams.ebay import Ebay, open_ebay
from shared.upstreams.ebay.client import limit_of
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Upstream
from shared.upstreams.pace import Limit, State, take
from tests.unit.upstreams.test_ebay_read import item

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SEARCH = "/buy/browse/v1/item_summary/search"
RATES = "/developer/analytics/v1_beta/rate_limit/"
OFFSET = "The 'offset' value must be either zero or a multiple of the 'limit' value."


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


# Tokens


def test_a_token_is_asked_for_with_the_keyset_and_used_again() -> None:
    server = Server(["a"])
    ebay = server.client()
    ebay.fetch_offers("LEGO aa001", "NEW")
    ebay.fetch_offers("LEGO aa002", "NEW")
    (login,) = server.logins
    assert login.headers["Authorization"] == f"Basic {base64.b64encode(b'app-1:cert-1').decode()}"
    assert parse_qs(login.content.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["https://api.ebay.com/oauth/api_scope"],
    }


def test_a_token_is_renewed_shortly_before_its_end() -> None:
    server = Server(["a"])
    ebay = server.client()
    for seconds, logins in ((0, 1), (6899, 1), (6900, 2), (13799, 2), (13800, 3)):
        server.ticks = seconds
        ebay.fetch_offers("x", "NEW")
        assert len(server.logins) == logins


def test_of_a_short_token_half_its_time_is_used() -> None:
    server = Server(["a"], lasts=60)
    ebay = server.client()
    for seconds, logins in ((0, 1), (29, 1), (30, 2)):
        server.ticks = seconds
        ebay.fetch_offers("x", "NEW")
        assert len(server.logins) == logins


def test_a_token_that_is_refused_is_renewed_once_and_the_request_asked_again() -> None:
    server = Server(["a"])
    ebay = server.client()
    ebay.fetch_offers("x", "NEW")
    server.valid.clear()
    assert ids(ebay.fetch_offers("x", "NEW")) == ["a"]
    assert len(server.logins) == 2


def test_a_fresh_token_that_is_refused_too_is_our_mistake() -> None:
    server = Server(answers={SEARCH: (401, error(1001, "Invalid access token"))})
    with pytest.raises(UpstreamRefused, match="1001"):
        server.client().fetch_offers("x", "NEW")
    assert len(server.logins) == 2


def test_threads_that_need_a_token_share_one() -> None:
    server = Server(["a"])
    ebay = server.client()
    together = threading.Barrier(8)

    def fetch() -> list[str]:
        together.wait(timeout=10)
        return ids(ebay.fetch_offers("x", "NEW"))

    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(fetch) for _ in range(8)]
        assert [each.result() for each in found] == [["a"]] * 8
    assert len(server.logins) == 1


@pytest.mark.parametrize("status", [400, 401])
def test_a_wrong_keyset_is_refused_with_400_or_401_and_not_shown(status: int) -> None:
    keys = base64.b64encode(b"app-1:cert-1").decode()
    body = {"error": "invalid_client", "error_description": f"client authentication failed {keys} cert-1"}
    with pytest.raises(UpstreamRefused, match=r"EBAY_CLIENT_ID and EBAY_CLIENT_SECRET.*invalid_client") as caught:
        Server(answers={"token": (status, body)}).client().fetch_offers("x", "NEW")
    assert "cert-1" not in str(caught.value)
    assert keys not in str(caught.value)


def test_a_wrong_address_is_not_taken_for_a_listing_that_ended() -> None:
    with pytest.raises(UpstreamRefused, match="is EBAY_URL right"):
        Server(answers={"token": (404, {})}).client().is_over("v1|1|0")


@pytest.mark.parametrize("body", [{}, [1], {"access_token": "", "expires_in": 1}, {"access_token": "secret-token"}])
def test_an_answer_without_a_token_or_its_end_is_unreadable_and_keeps_no_body(body: Any) -> None:
    with pytest.raises(UnreadableAnswer, match="no access_token or no expires_in") as caught:
        Server(answers={"token": (200, body)}).client().fetch_offers("x", "NEW")
    assert caught.value.body == b""


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        (Settings(ebay_client_id=None), "EBAY_CLIENT_ID"),
        (Settings(ebay_client_id="app-1", ebay_client_secret=None), "EBAY_CLIENT_SECRET"),
    ],
)
def test_a_missing_key_is_named_before_anything_is_asked(settings: Settings, variable: str) -> None:
    with httpx.Client() as client, pytest.raises(MissingSetting, match=variable):
        open_ebay(Gateway(client, settings))


# Searching


@pytest.mark.parametrize(("condition", "word"), [("NEW", "NEW"), ("USED", "USED"), ("SEALED", "NEW")])
def test_auctions_and_best_offers_are_asked_for_since_fixed_prices_only_is_the_default(
    condition: Any, word: str
) -> None:
    server = Server(["a"])
    server.client().fetch_offers("LEGO aa001", condition, 50)
    asked = server.asked[0]
    assert dict(asked.url.params) == {
        "q": "LEGO aa001",
        "filter": f"buyingOptions:{{FIXED_PRICE|AUCTION|BEST_OFFER}},conditions:{{{word}}}",
        "limit": "50",
        "offset": "0",
    }
    assert asked.headers["X-EBAY-C-MARKETPLACE-ID"] == "EBAY_US"


def test_no_match_is_an_answer_without_a_list() -> None:
    assert Server().client().fetch_offers("nothing", "NEW") == []


def test_pages_of_200_are_followed_by_offsets_that_are_multiples_of_the_limit() -> None:
    server = Server([str(place) for place in range(450)])
    assert ids(server.client().fetch_offers("x", "NEW", 1000)) == [str(place) for place in range(450)]
    assert [(each.url.params["offset"], each.url.params["limit"]) for each in server.asked] == [
        ("0", "200"),
        ("200", "200"),
        ("400", "200"),
    ]


def test_the_total_is_an_estimate_and_a_page_without_next_is_the_last() -> None:
    server = Server(["a", "b"])
    assert len(server.client().fetch_offers("x", "NEW", 1000)) == 2
    assert len(server.asked) == 1


def test_next_is_never_followed_to_another_host() -> None:
    server = Server([str(place) for place in range(300)])
    server.client().fetch_offers("x", "NEW", 1000)
    assert {each.url.host for each in server.asked} == {"ebay.test"}


def test_a_listing_that_shifts_between_pages_counts_once() -> None:
    shifting = [str(place) for place in range(200)] + ["199", "198"] + ["new"]
    found = ids(Server(shifting).client().fetch_offers("x", "NEW", 1000))
    assert found == [str(place) for place in range(200)] + ["new"]


def test_no_more_than_asked_for_and_never_beyond_10000_items() -> None:
    server = Server([str(place) for place in range(10_400)])
    ebay = server.client()
    assert len(ebay.fetch_offers("x", "NEW", 250)) == 250
    assert ebay.fetch_offers("x", "NEW", 0) == []
    server.asked.clear()
    assert len(ebay.fetch_offers("x", "NEW", 20_000)) == 10_000
    assert max(int(each.url.params["offset"]) for each in server.asked) == 9800


def test_warnings_in_a_good_answer_mean_that_our_filter_was_ignored() -> None:
    warning = {"errorId": 12002, "message": "The filter value is invalid."}
    body = {"total": 1, "itemSummaries": [item()], "warnings": [warning]}
    with pytest.raises(UpstreamRefused, match=r"ignored: 12002 The filter value is invalid"):
        Server(answers={SEARCH: (200, body)}).client().fetch_offers("x", "NEW")


def test_a_right_offset_that_is_called_wrong_may_be_right_a_moment_later() -> None:
    with pytest.raises(UpstreamAway, match="calls an offset wrong that is not"):
        Server(answers={SEARCH: (400, error(12999, OFFSET))}).client().fetch_offers("x", "NEW")


@pytest.mark.parametrize("number", [12001, 12004, 12005, 12006, 12007, 12023, 12029])
def test_any_other_400_is_a_refusal_with_its_number(number: int) -> None:
    with pytest.raises(UpstreamRefused, match=str(number)):
        Server(answers={SEARCH: (400, error(number))}).client().fetch_offers("x", "NEW")


@pytest.mark.parametrize("status", [403, 409])
def test_403_without_permission_and_409_are_refusals(status: int) -> None:
    with pytest.raises(UpstreamRefused, match=f"{status}"):
        Server(answers={SEARCH: (status, error(1100))}).client().fetch_offers("x", "NEW")


def test_500_is_an_absence() -> None:
    with pytest.raises(UpstreamAway):
        Server(answers={SEARCH: (500, error(12000))}).client().fetch_offers("x", "NEW")


@pytest.mark.parametrize(
    "body",
    [[], {"itemSummaries": {}}, {"itemSummaries": [1]}, {"itemSummaries": [{"title": "x"}]}],
)
def test_a_search_that_is_none_is_unreadable(body: Any) -> None:
    with pytest.raises(UnreadableAnswer):
        Server(answers={SEARCH: (200, body)}).client().fetch_offers("x", "NEW")


# Quotas


def rates(remaining: int, reset: str = "2026-11-23T08:00:00.000Z") -> dict[str, Any]:
    rate = {"count": 5000 - remaining, "limit": 5000, "remaining": remaining, "reset": reset, "timeWindow": 86400}
    resources = [{"name": "buy.browse.image", "rates": []}, {"name": "buy.browse", "rates": [rate]}]
    return {"rateLimits": [{"apiContext": "buy", "apiName": "browse", "apiVersion": "v1", "resources": resources}]}


def test_a_429_of_a_day_that_is_used_up_is_waited_for_until_it_is_reset() -> None:
    server = Server(answers={SEARCH: (429, error(2001)), RATES: (200, rates(0))})
    with pytest.raises(LimitReached) as caught:
        server.client().fetch_offers("x", "NEW")
    assert caught.value.retry_after == 20 * 3600


@pytest.mark.parametrize(
    "told", [(200, rates(17)), (200, rates(0, "2026-11-22T08:00:00.000Z")), (403, error(1100)), (200, [])]
)
def test_any_other_429_is_only_haste(told: tuple[int, Any]) -> None:
    with pytest.raises(RateLimited):
        Server(answers={SEARCH: (429, error(2001)), RATES: told}).client().fetch_offers("x", "NEW")


def test_a_day_of_calls_ends_at_midnight_in_california() -> None:
    before, after = (datetime(2026, 11, 23, hour, 59, tzinfo=UTC).timestamp() for hour in (7, 8))
    used_up = State(day="2026-11-22", used=5000)
    with pytest.raises(LimitReached) as caught:
        take("ebay", limit_of(5000), used_up, before)
    assert caught.value.retry_after == 60
    state, _ = take("ebay", limit_of(5000), used_up, after)
    assert (state.day, state.used) == ("2026-11-23", 1)


# What has ended


def test_a_listing_that_is_not_found_by_its_number_is_over() -> None:
    path = "/buy/browse/v1/item/v1|1|0"
    server = Server(answers={path: (404, error(11001, "The specified item Id was not found."))})
    assert server.client().is_over("v1|1|0")
    assert server.asked[0].url.raw_path == b"/buy/browse/v1/item/v1%7C1%7C0"


def test_another_404_says_nothing_about_the_listing() -> None:
    with pytest.raises(UpstreamGone):
        Server(answers={"/buy/browse/v1/item/v1|1|0": (404, error(11002))}).client().is_over("v1|1|0")


@pytest.mark.parametrize(
    ("end", "over"), [(None, False), ("2026-11-22T12:00:00.000Z", True), ("2026-11-22T12:00:01.000Z", False)]
)
def test_a_listing_that_is_found_is_over_when_its_end_has_passed(end: str | None, over: bool) -> None:
    server = Server(answers={"/buy/browse/v1/item/v1|1|0": (200, item(itemEndDate=end))})
    assert server.client().is_over("v1|1|0") is over
