"""The eBay stand-in answers, and refuses, as the true one does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from deploy.sandbox.options import EBAY_CLIENT_ID, EBAY_CLIENT_SECRET
from shared.errors import LimitReached, RateLimited, UpstreamRefused
from shared.settings import Settings
from shared.upstreams.ebay import Ebay, open_ebay, read_offer
from tests.unit.upstreams.ebay_answers import Unhurried

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

    from tests.unit.sandbox.conftest import Sandbox, Time

TOKEN = "/ebay/identity/v1/oauth2/token"
BROWSE = "/ebay/buy/browse/v1"
SCOPE = "https://api.ebay.com/oauth/api_scope"
ALL = "buyingOptions:{FIXED_PRICE|AUCTION|BEST_OFFER}"
KEYSET = (EBAY_CLIENT_ID, EBAY_CLIENT_SECRET)


def login(sandbox: Sandbox, auth: tuple[str, str] = KEYSET, **form: str) -> httpx.Response:
    asked = {"grant_type": "client_credentials", "scope": SCOPE, **form}
    return sandbox.client.post(TOKEN, data=asked, auth=auth)


def headers(sandbox: Sandbox) -> dict[str, str]:
    return {"Authorization": f"Bearer {login(sandbox).json()['access_token']}"}


def search(sandbox: Sandbox, **params: Any) -> httpx.Response:
    return sandbox.client.get(f"{BROWSE}/item_summary/search", params=params, headers=headers(sandbox))


def found(sandbox: Sandbox, **params: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = search(sandbox, **{"limit": 200, "q": "LEGO", **params}).json()["itemSummaries"]
    return items


def number_of(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["errors"][0]["errorId"]


def client(sandbox: Sandbox) -> Ebay:
    keys = {"ebay_client_id": EBAY_CLIENT_ID, "ebay_client_secret": EBAY_CLIENT_SECRET}
    settings = Settings.model_validate({"ebay_url": "http://sandbox/ebay", **keys})
    return open_ebay(Unhurried(sandbox.client, settings))


# Tokens


def test_a_keyset_gets_a_token_for_two_hours(sandbox: Sandbox) -> None:
    body = login(sandbox).json()
    assert body["access_token"].startswith("v^1.1#")
    assert (body["expires_in"], body["token_type"]) == (7200, "Application Access Token")


@pytest.mark.parametrize(
    ("auth", "form", "status", "error"),
    [
        ((EBAY_CLIENT_ID, "wrong"), {}, 401, "invalid_client"),
        (KEYSET, {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (KEYSET, {"scope": "https://api.ebay.com/oauth/api_scope/sell"}, 400, "invalid_scope"),
    ],
)
def test_a_login_is_refused_with_an_error_and_its_description(
    sandbox: Sandbox, auth: tuple[str, str], form: dict[str, str], status: int, error: str
) -> None:
    answer = login(sandbox, auth, **form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_without_the_header_403_and_with_a_bad_token_401(sandbox: Sandbox) -> None:
    path = f"{BROWSE}/item_summary/search?q=x"
    assert number_of(sandbox.client.get(path)) == (403, 1100)
    assert number_of(sandbox.client.get(path, headers={"Authorization": "Bearer x"})) == (401, 1001)


def test_a_token_runs_out_and_can_be_ended_by_an_operator(start: Callable[..., Sandbox], time: Time) -> None:
    sandbox = start(ebay_token_seconds=60)
    path, good = f"{BROWSE}/item_summary/search?q=LEGO", headers(sandbox)
    time.advance(59)
    assert sandbox.client.get(path, headers=good).status_code == 200
    time.advance(1)
    assert number_of(sandbox.client.get(path, headers=good)) == (401, 1001)
    fresh = headers(sandbox)
    sandbox.client.delete("/control/tokens")
    assert number_of(sandbox.client.get(path, headers=fresh)) == (401, 1001)


# Searching


@pytest.mark.parametrize(
    ("params", "number"),
    [
        ({"q": ""}, 12001),
        ({"q": "x", "offset": "-1"}, 12004),
        ({"q": "x", "offset": "ten"}, 12005),
        ({"q": "x", "limit": "0"}, 12006),
        ({"q": "x", "limit": "201"}, 12006),
        ({"q": "x", "limit": "ten"}, 12007),
        ({"q": "x", "limit": "50", "offset": "10000"}, 12029),
        ({"q": "x", "limit": "200", "offset": "100"}, 12999),
    ],
)
def test_a_search_that_cannot_be_is_400_with_its_number(sandbox: Sandbox, params: dict[str, str], number: int) -> None:
    assert number_of(search(sandbox, **params)) == (400, number)


@pytest.mark.parametrize(
    ("params", "number"),
    [
        ({"filter": "buyingOptions:{RAFFLE}"}, 12002),
        ({"filter": "colour:{RED}"}, 12002),
        ({"filter": "price:[10..50]"}, 12012),
        ({"sort": "cheapest"}, 12008),
        ({"category_ids": "lego"}, 12009),
    ],
)
def test_a_wrong_filter_is_ignored_with_a_warning(sandbox: Sandbox, params: dict[str, str], number: int) -> None:
    answer = search(sandbox, q="LEGO", **params).json()
    assert [each["errorId"] for each in answer["warnings"]] == [number]
    assert answer["total"] == search(sandbox, q="LEGO").json()["total"]


def test_no_match_has_no_list(sandbox: Sandbox) -> None:
    answer = search(sandbox, q="nothing at all").json()
    assert answer["total"] == 0
    assert "itemSummaries" not in answer
    assert "next" not in answer


def test_only_what_can_be_bought_at_once_is_found_unless_auctions_are_asked_for(sandbox: Sandbox) -> None:
    assert all("FIXED_PRICE" in each["buyingOptions"] for each in found(sandbox))
    assert any(each["buyingOptions"] == ["AUCTION"] for each in found(sandbox, filter=ALL))


def test_conditions_and_prices_are_filtered(sandbox: Sandbox) -> None:
    assert {each["conditionId"] for each in found(sandbox, filter="conditions:{USED}")} == {"3000"}
    assert {each["conditionId"] for each in found(sandbox, filter="conditions:{NEW}")} == {"1000", "1500"}
    assert {each["conditionId"] for each in found(sandbox, filter="conditionIds:{1500}")} == {"1500"}
    cheap = found(sandbox, filter="price:[10..20],priceCurrency:USD")
    assert all(10 <= float(each["price"]["value"]) <= 20 for each in cheap)


def test_pages_join_up_without_gap_or_repetition(sandbox: Sandbox) -> None:
    first = search(sandbox, q="LEGO", limit=100, filter=ALL).json()
    ids = [each["itemId"] for each in first["itemSummaries"]]
    answer = first
    while "next" in answer:
        answer = sandbox.client.get(answer["next"], headers=headers(sandbox)).json()
        ids += [each["itemId"] for each in answer["itemSummaries"]]
        sandbox.time.advance(0.1)
    assert len(ids) == len(set(ids)) == first["total"]


def test_sorting_by_price(sandbox: Sandbox) -> None:
    prices = [float(each["price"]["value"]) for each in found(sandbox, sort="price")]
    assert prices == sorted(prices)


# Quotas


def test_too_many_calls_in_a_second_are_429(start: Callable[..., Sandbox], time: Time) -> None:
    sandbox = start(ebay_per_second=3)
    assert [search(sandbox, q="x").status_code for _ in range(4)] == [200, 200, 200, 429]
    time.advance(1)
    assert search(sandbox, q="x").status_code == 200


def test_a_day_of_calls_ends_at_midnight_in_california(start: Callable[..., Sandbox], time: Time) -> None:
    sandbox = start(ebay_calls=2)
    assert [search(sandbox, q="x").status_code for _ in range(3)] == [200, 200, 429]
    rates = sandbox.client.get("/ebay/developer/analytics/v1_beta/rate_limit/", headers=headers(sandbox)).json()
    (rate,) = rates["rateLimits"][0]["resources"][0]["rates"]
    assert (rate["remaining"], rate["reset"]) == (0, "2026-11-02T08:00:00.000Z")
    time.advance(20 * 3600)
    assert search(sandbox, q="x").status_code == 200


# Our own client


def test_our_client_reads_every_offer_of_the_market(sandbox: Sandbox) -> None:
    ebay = client(sandbox)
    raws = ebay.fetch_offers("LEGO", "NEW", 5000)
    offers = [read_offer(each, "NEW") for each in raws]
    assert len(offers) > 500
    assert {each.condition for each in offers} == {"NEW"}
    assert {each.price_kind for each in offers} == {"fixed", "auction"}
    assert {each.currency for each in offers} == {"USD"}
    assert {each.converted_from for each in offers} == {None, "GBP"}


def test_our_client_logs_in_again_when_its_token_was_ended(sandbox: Sandbox) -> None:
    ebay = client(sandbox)
    assert ebay.fetch_offers("LEGO sw0002", "NEW")
    sandbox.client.delete("/control/tokens")
    assert ebay.fetch_offers("LEGO sw0002", "NEW")


def test_our_client_finds_out_what_is_over(sandbox: Sandbox) -> None:
    ebay = client(sandbox)
    (raw, *_) = ebay.fetch_offers("LEGO sw0002", "NEW")
    assert not ebay.is_over(raw["itemId"])
    assert ebay.is_over("v1|1|0")


def test_our_client_refuses_an_answer_to_another_question(sandbox: Sandbox) -> None:
    ebay = client(sandbox)
    sandbox.client.post("/control/faults", json={"path": f"{BROWSE}/*", "thin": True})
    with pytest.raises(UpstreamRefused, match="ignored: 12002"):
        ebay.fetch_offers("LEGO sw0002", "NEW")


def test_our_client_tells_haste_from_a_day_that_is_used_up(start: Callable[..., Sandbox], time: Time) -> None:
    with pytest.raises(RateLimited):
        client(start(ebay_per_second=0)).fetch_offers("LEGO", "NEW")
    ebay = client(start(ebay_calls=0))
    ebay._now = time.now
    with pytest.raises(LimitReached):
        ebay.fetch_offers("LEGO", "NEW")


def test_a_failure_that_is_asked_for_is_in_the_words_of_its_door(sandbox: Sandbox) -> None:
    good = headers(sandbox)
    sandbox.client.post("/control/faults", json={"path": "/ebay/*", "status": 401})
    assert login(sandbox).json()["error"] == "invalid_client"
    assert number_of(sandbox.client.get(f"{BROWSE}/item_summary/search?q=x", headers=good)) == (401, 1001)


# Recordings


def test_recordings_are_sent_byte_for_byte_to_who_asked_that(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    href = "https://api.ebay.com/buy/browse/v1/item_summary/search?q=iphone&limit=100&sort=price&offset=0"
    page = json.dumps({"href": href, "total": 1, "limit": 100, "itemSummaries": [{"itemId": "v1|5|0"}]}, indent=3)
    denied = '{"errors":  [{"errorId": 1001, "recorded": true}]}'
    (tmp_path / "a.json").write_text(page)
    (tmp_path / "item.json").write_text('{"itemId":  "v1|7|0"}')
    (tmp_path / "error_401_invalid_token.json").write_text(denied)
    (tmp_path / "bare_list.json").write_text("[]")
    sandbox = start(recordings={"ebay": tmp_path})
    assert search(sandbox, q="iphone", limit=200, filter=ALL).text == page
    assert "itemSummaries" not in search(sandbox, q="LEGO").json()
    assert "itemSummaries" not in search(sandbox, q="iphone", limit=100, offset=100).json()
    item = sandbox.client.get(f"{BROWSE}/item/v1%7C7%7C0", headers=headers(sandbox))
    assert item.text == '{"itemId":  "v1|7|0"}'
    bad = sandbox.client.get(f"{BROWSE}/item/v1%7C7%7C0", headers={"Authorization": "Bearer x"})
    assert (bad.status_code, bad.text) == (401, denied)
    assert sandbox.client.get("/control/recordings").json()["ebay"]["unread"] == ["bare_list.json"]
