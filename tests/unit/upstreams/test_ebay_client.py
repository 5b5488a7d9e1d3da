"""How eBay's search is asked: pages, what it silently ignores, its refusals, and what has ended."""

from __future__ import annotations

from typing import Any

import pytest

from shared.errors import (
    UnreadableAnswer,
    UpstreamAway,
    UpstreamGone,
    UpstreamRefused,
)
from tests.unit.upstreams.ebay_answers import OFFSET, SEARCH, Server, error, ids, item


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
