"""Whom eBay lets in, and how often: tokens and quotas."""

from __future__ import annotations

import base64
import threading
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
    UpstreamRefused,
)
from shared.settings import Settings
from shared.upstreams.ebay import open_ebay
from shared.upstreams.ebay.client import limit_of
from shared.upstreams.gateway import Gateway
from shared.upstreams.pace import State, take
from tests.unit.upstreams.ebay_answers import RATES, SEARCH, Server, error, ids

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
