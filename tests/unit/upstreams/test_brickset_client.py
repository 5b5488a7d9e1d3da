"""How Brickset is asked: keys, pages, the day's calls, and what stands before its catalogue."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shared.catalog.minifigures.records import Item
from shared.errors import LimitReached, MissingSetting, UnreadableAnswer, UpstreamAway, UpstreamRefused
from shared.settings import Settings
from shared.upstreams.brickset import Brickset, open_brickset, read_minifigs, read_sets
from shared.upstreams.brickset.envelope import until_midnight
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Upstream
from shared.upstreams.pace import Limit
from tests.unit.upstreams.test_brickset_read import card, listing, record

BASE = "https://brickset.test"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHALLENGE = '<html><head><title>Just a moment...</title></head><body><script src="/cdn-cgi/challenge-platform/x">'


class Unhurried(Gateway):
    """A way out on which nobody waits for a turn."""

    def upstream(self, name: str, limit: Limit, *, secrets: Iterable[str] = (), site: str = "") -> Upstream:
        assert (limit.most, bool(site)) == (1, name == "site")
        return Upstream(name, self.client, secrets=secrets)


class Server:
    """Brickset in miniature: so many sets, pages by path, and a journal of what was asked."""

    def __init__(self, sets: int = 0, pages: dict[str, Any] | None = None, robots: str = "") -> None:
        self.sets = [record(number=str(1000 + place)) for place in range(sets)]
        self.pages = pages or {}
        self.robots = robots
        self.params: list[dict[str, Any]] = []
        self.asked: list[httpx.URL] = []
        self.body: Any = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/robots.txt":
            return httpx.Response(200, text=self.robots)
        self.asked.append(request.url)
        if path in self.pages:
            page = self.pages[path]
            return page if isinstance(page, httpx.Response) else httpx.Response(200, html=page)
        if path != "/api/v3.asmx/getSets":
            return httpx.Response(404)
        asked = json.loads(request.url.params["params"])
        self.params.append(asked)
        start = (asked["pageNumber"] - 1) * asked["pageSize"]
        shown = self.sets[start : start + asked["pageSize"]]
        body = {"status": "success", "matches": len(self.sets), "sets": shown} if self.body is None else self.body
        return httpx.Response(200, text=json.dumps(body), headers={"Content-Type": "text/plain; charset=utf-8"})

    def client(self) -> Brickset:
        return Brickset(self.gateway(Unhurried), "key-1", lambda: NOON)

    def gateway(self, kind: type[Gateway] = Gateway) -> Gateway:
        client = httpx.Client(transport=httpx.MockTransport(self))
        return kind(client, Settings(brickset_url=BASE + "/"))


def numbers(pages: list[str]) -> list[str]:
    return [each.set_number for each in read_minifigs(pages) if isinstance(each, Item)]


# Sets


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


# Catalogue pages


@pytest.mark.parametrize(
    ("theme", "year", "path"),
    [
        ("Star Wars", None, "/minifigs/category-Star-Wars"),
        (None, 2023, "/minifigs/year-2023"),
        ("Star Wars", 2020, "/minifigs/category-Star-Wars/year-2020"),
        ("Pokémon", None, "/minifigs/category-Pokemon"),
        ("Pirates of the Caribbean", None, "/minifigs/category-Pirates-of-the-Caribbean"),
        ("Collectable Minifigures", None, "/minifigs/category-Collectible-Minifigures"),
        ("../sets", None, "/minifigs/category-sets"),
    ],
)
def test_a_theme_a_year_or_both_have_a_page(theme: str | None, year: int | None, path: str) -> None:
    server = Server(pages={path: listing(card("sw0001a"))})
    assert numbers(server.client().fetch_minifigs(theme, year)) == ["sw0001a"]


def test_figures_of_neither_theme_nor_year_are_refused_unasked() -> None:
    server = Server()
    with pytest.raises(UpstreamRefused, match="by theme or by year"):
        server.client().fetch_minifigs()
    assert server.asked == []


def test_pages_are_followed_while_they_link_to_the_next() -> None:
    path = "/minifigs/year-2023"
    pages = {
        path: listing(card("aa001"), next_page=f"{path}/page-2"),
        f"{path}/page-2": listing(card("aa002"), next_page=f"https://brickset.com{path}/page-3"),
        f"{path}/page-3": listing(card("aa003")),
    }
    server = Server(pages=pages)
    assert numbers(server.client().fetch_minifigs(year=2023)) == ["aa001", "aa002", "aa003"]
    assert [each.path for each in server.asked] == list(pages)


def test_pages_end_at_the_limit_and_at_one_that_brings_nothing_new() -> None:
    path = "/minifigs/year-2023"
    again = listing(card("aa001"), next_page=f"{path}/page-3")
    pages = {path: listing(card("aa001"), next_page=f"{path}/page-2"), f"{path}/page-2": again}
    server = Server(pages=pages)
    assert len(server.client().fetch_minifigs(year=2023, limit=1)) == 1
    assert len(server.client().fetch_minifigs(year=2023)) == 1
    assert len(server.asked) == 3


def test_a_category_that_is_not_there_is_refused_and_a_page_that_went_away_is_the_end() -> None:
    path = "/minifigs/year-2023"
    server = Server(pages={path: listing(card("aa001"), next_page=f"{path}/page-2")})
    assert numbers(server.client().fetch_minifigs(year=2023)) == ["aa001"]
    with pytest.raises(UpstreamRefused, match="there is no /minifigs/category-Nothing"):
        server.client().fetch_minifigs("Nothing")


@pytest.mark.parametrize("status", [200, 403])
def test_a_challenge_with_200_or_403_is_a_refusal_that_names_the_other_way(status: int) -> None:
    server = Server(pages={"/minifigs/year-2023": httpx.Response(status, html=CHALLENGE)})
    with pytest.raises(UpstreamRefused, match="behind a challenge; `millrace minifigures import FILE`") as caught:
        server.client().fetch_minifigs(year=2023)
    assert caught.value.status == status


def test_a_challenge_with_503_is_an_absence_that_names_the_other_way() -> None:
    server = Server(pages={"/minifigs/year-2023": httpx.Response(503, html=CHALLENGE)})
    with pytest.raises(UpstreamAway, match="millrace minifigures import FILE"):
        server.client().fetch_minifigs(year=2023)


def test_a_503_without_a_challenge_is_only_an_absence() -> None:
    server = Server(pages={"/minifigs/year-2023": httpx.Response(503, html="<h1>down</h1>")})
    with pytest.raises(UpstreamAway) as caught:
        server.client().fetch_minifigs(year=2023)
    assert "import" not in str(caught.value)


def test_an_attention_required_page_is_a_challenge_too() -> None:
    page = "<html><title>Attention Required! | Cloudflare</title><h1>Sorry, you have been blocked</h1></html>"
    with pytest.raises(UpstreamRefused, match="behind a challenge"):
        Server(pages={"/minifigs/year-2023": page}).client().fetch_minifigs(year=2023)


def test_a_good_page_that_carries_cloudflares_script_is_no_challenge() -> None:
    page = listing(card("aa001")) + '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
    assert numbers(Server(pages={"/minifigs/year-2023": page}).client().fetch_minifigs(year=2023)) == ["aa001"]


def test_a_page_that_is_no_list_is_unreadable_and_an_empty_list_is_one() -> None:
    with pytest.raises(UnreadableAnswer, match="no page of the catalogue"):
        Server(pages={"/minifigs/year-1900": "<h1>Maintenance</h1>"}).client().fetch_minifigs(year=1900)
    assert numbers(Server(pages={"/minifigs/year-1900": listing()}).client().fetch_minifigs(year=1900)) == []


def test_robots_txt_is_obeyed() -> None:
    server = Server(pages={"/minifigs/year-2023": listing(card("aa001"))}, robots="User-agent: *\nDisallow: /minifigs")
    with pytest.raises(UpstreamRefused, match=r"robots\.txt"):
        server.client().fetch_minifigs(year=2023)
    assert server.asked == []
