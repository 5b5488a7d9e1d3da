"""How Brickset's API is asked: keys, pages of sets, and the day's calls."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shared.errors import LimitReached, MissingSetting, UnreadableAnswer, UpstreamRefused
from shared.settings import Settings
from shared.upstreams.brickset import Brickset, open_brickset, read_sets
from shared.upstreams.brickset.envelope import until_midnight
from shared.upstreams.gateway import Gateway
from tests.unit.upstreams.brickset_answers import NOON, Server, record


def test_json_that_says_it_is_plain_text_is_read() -> None:
    assert [each.set_number for each in read_sets(Server(sets=2).client().fetch_sets(year=2020))] == [
        "1000-1",
        "1001-1",
    ]


def test_json_wrapped_as_text_within_d_is_read() -> None:
    server = Server()
    server.body = {"d": json.dumps({"status": "success", "matches": 1, "sets": [record()]})}
    assert len(server.client().fetch_sets(year=2020)) == 1


def test_the_key_and_an_empty_user_hash_are_sent_with_every_call() -> None:
    server = Server(sets=1)
    server.client().fetch_sets(theme="Star Wars", year=2020, updated_since=date(2026, 11, 1))
    assert (server.asked[0].params["apiKey"], server.asked[0].params["userHash"]) == ("key-1", "")
    assert server.params == [
        {
            "orderBy": "Number",
            "pageSize": 500,
            "theme": "Star Wars",
            "year": "2020",
            "updatedSince": "2026-11-01",
            "pageNumber": 1,
        }
    ]


def test_pages_of_500_are_counted_from_1_up_to_all_matches() -> None:
    server = Server(sets=1200)
    assert len(server.client().fetch_sets(year=2020, limit=5000)) == 1200
    assert [(each["pageNumber"], each["pageSize"]) for each in server.params] == [(1, 500), (2, 500), (3, 500)]


def test_matches_is_of_all_pages_and_no_page_is_asked_for_beyond_the_limit() -> None:
    server = Server(sets=1200)
    assert len(server.client().fetch_sets(year=2020, limit=600)) == 600
    assert len(server.params) == 2
    assert len(server.client().fetch_sets(year=2020, limit=30)) == 30
    assert server.params[-1]["pageSize"] == 30


def test_nothing_is_asked_for_nothing() -> None:
    server = Server(sets=1)
    assert server.client().fetch_sets(year=2020, limit=0) == []
    assert server.asked == []


def test_an_empty_page_before_all_matches_ends_the_paging_and_is_reported() -> None:
    server = Server()
    server.body = {"status": "success", "matches": 700, "sets": []}
    with capture_logs() as logs:
        assert server.client().fetch_sets(year=2020, limit=1000) == []
    assert [(each["event"], each["announced"]) for each in logs] == [("brickset_sets_missing", 700)]
    assert len(server.params) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"status": "error", "message": "Invalid API key"},
        {"status": "error", "message": "Parameter error: pageSize"},
        {"status": "failed", "error": "No valid parameters"},
    ],
)
def test_a_failure_with_http_200_is_a_refusal(body: dict[str, str]) -> None:
    server = Server()
    server.body = body
    with pytest.raises(UpstreamRefused, match=f"200, sets, page 1: {body.get('message') or body.get('error')}"):
        server.client().fetch_sets(year=2020)


def test_a_status_other_than_success_is_never_taken_for_sets() -> None:
    server = Server()
    server.body = {"status": "odd", "matches": 1, "sets": [record()]}
    with pytest.raises(UnreadableAnswer, match="neither a success nor says why"):
        server.client().fetch_sets(year=2020)


@pytest.mark.parametrize("message", ["API limit exceeded", "api LIMIT Exceeded."])
def test_the_days_calls_used_up_are_told_whatever_the_case_and_waited_for_until_midnight_utc(message: str) -> None:
    server = Server()
    server.body = {"status": "error", "message": message}
    with pytest.raises(LimitReached) as caught:
        server.client().fetch_sets(year=2020)
    assert caught.value.retry_after == 12 * 3600


def test_once_the_days_calls_are_used_up_nobody_asks_again() -> None:
    server = Server()
    server.body = {"status": "error", "message": "API limit exceeded"}
    brickset = Brickset(server.gateway(), "key-1", lambda: NOON)
    for _ in range(2):
        with pytest.raises(LimitReached):
            brickset.fetch_sets(year=2020)
    assert len(server.asked) == 1


def test_a_day_of_calls_ends_at_midnight_utc() -> None:
    assert until_midnight(datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC)) == 30


@pytest.mark.parametrize("body", [[], {"d": "{"}, {"d": [1]}, {"status": "success"}, {"status": "success", "sets": []}])
def test_an_answer_without_a_count_of_sets_is_unreadable(body: Any) -> None:
    server = Server()
    server.body = body
    with pytest.raises(UnreadableAnswer):
        server.client().fetch_sets(year=2020)


def test_the_key_is_shown_in_no_error() -> None:
    server = Server(pages={"/api/v3.asmx/getSets": httpx.Response(403, text="no key-1 here")})
    with pytest.raises(UpstreamRefused) as caught:
        server.client().fetch_sets(year=2020)
    assert "key-1" not in str(caught.value)


def test_a_missing_key_is_named_before_anything_is_asked() -> None:
    with httpx.Client() as client, pytest.raises(MissingSetting, match="BRICKSET_API_KEY"):
        open_brickset(Gateway(client, Settings(brickset_api_key=None)))
