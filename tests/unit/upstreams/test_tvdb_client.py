"""How TheTVDB is asked: logging in, paging, searching, and as few calls as it permits."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shared.errors import MissingSetting, UnreadableAnswer, UpstreamAway, UpstreamGone, UpstreamRefused
from shared.settings import Settings
from shared.upstreams.gateway import Gateway
from shared.upstreams.tvdb import Tvdb, open_tvdb, read_series
from shared.upstreams.tvdb.client import MOST_PAGES
from tests.unit.upstreams.tvdb_answers import episode, hit, movie, person, series

BASE = "https://tvdb.test/v4"


class Server:
    """TheTVDB in miniature: tokens, records by path, and a journal of what was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = answers
        self.valid: set[str] = set()
        self.logins: list[Any] = []
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v4/login":
            self.logins.append(json.loads(request.content))
            token = f"token-{len(self.logins)}"
            self.valid = {token}
            return httpx.Response(200, json={"status": "success", "data": {"token": token}})
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.valid:
            return httpx.Response(401, json={"message": "Unauthorized"})
        path = request.url.raw_path.decode().removeprefix("/v4")
        self.asked.append(path)
        answer = self.answers.get(path)
        if isinstance(answer, httpx.Response):
            return answer
        if answer is None:
            message = "NotFoundException: error fetching series"
            return httpx.Response(404, json={"status": "failure", "message": message, "data": None})
        return httpx.Response(200, json={"status": "success", **answer})

    def client(self, pin: str | None = None) -> Tvdb:
        return Tvdb(gateway(self, BASE + "/"), "key-1", pin)


def gateway(answer: Callable[[httpx.Request], httpx.Response], base: str = BASE) -> Gateway:
    """Return a way out that ends in this process."""
    return Gateway(httpx.Client(transport=httpx.MockTransport(answer)), Settings(tvdb_url=base))


def page(*ids: int, following: str | None = None, **more: Any) -> dict[str, Any]:
    """Return an envelope of a page of episodes, whose link to the next leads to another host as recorded ones do."""
    return {
        "data": {"series": {}, "episodes": [episode(each) for each in ids]},
        "links": {"prev": None, "self": "", "next": following, "page_size": 500},
        **more,
    }


def a_series(**changes: Any) -> dict[str, Any]:
    return {
        "/series/500/extended?meta=translations": {"data": series(**changes)},
        "/series/500/episodes/official?page=0": page(1, 2),
    }


def ids(raw: dict[str, Any]) -> list[int]:
    return [each.tvdb_id for each in read_series(raw).episodes]


# Logging in


def test_it_logs_in_once_for_many_requests() -> None:
    server = Server(**a_series())
    tvdb = server.client()
    tvdb.fetch_series(500)
    tvdb.fetch_series(500)
    assert server.logins == [{"apikey": "key-1"}]


def test_a_pin_is_sent_only_where_there_is_one() -> None:
    server = Server(**a_series())
    server.client(pin="1234").fetch_series(500)
    assert server.logins == [{"apikey": "key-1", "pin": "1234"}]


def test_a_token_that_ran_out_is_renewed_and_the_request_asked_again() -> None:
    server = Server(**a_series())
    tvdb = server.client()
    tvdb.fetch_series(500)
    server.valid.clear()
    assert ids(tvdb.fetch_series(500)) == [1, 2]
    assert len(server.logins) == 2


def test_threads_whose_token_ran_out_share_one_new_login() -> None:
    server = Server(**a_series())
    tvdb = server.client()
    tvdb.fetch_series(500)
    together = threading.Barrier(8)
    refused = threading.Barrier(8)
    answer = server.__call__

    def refusing_all_at_once(request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") == "Bearer token-1":
            refused.wait(timeout=10)
            return httpx.Response(401, json={"message": "Unauthorized"})
        return answer(request)

    tvdb._upstream._client = httpx.Client(transport=httpx.MockTransport(refusing_all_at_once))

    def fetch() -> dict[str, Any]:
        together.wait(timeout=10)
        return tvdb.fetch_person(300)

    server.answers["/people/300/extended?meta=translations"] = {"data": person()}
    with ThreadPoolExecutor(8) as threads:
        found = [threads.submit(fetch) for _ in range(8)]
        assert [each.result()["data"]["id"] for each in found] == [300] * 8
    assert len(server.logins) == 2


def test_a_fresh_token_that_is_refused_too_is_our_mistake() -> None:
    server = Server(**{"/people/300/extended?meta=translations": httpx.Response(401, json={"message": "Unauthorized"})})
    with pytest.raises(UpstreamRefused) as caught:
        server.client().fetch_person(300)
    assert caught.value.status == 401
    assert len(server.logins) == 2


@pytest.mark.parametrize("body", [{"data": None}, {"data": {"token": 5}}, {"data": {"token": ""}}, [1]])
def test_a_login_without_a_token_is_unreadable_and_keeps_no_body(body: object) -> None:
    tvdb = Tvdb(gateway(lambda _: httpx.Response(200, json=body)), "k", None)
    with pytest.raises(UnreadableAnswer, match=r"login has no data\.token") as caught:
        tvdb.fetch_person(300)
    assert caught.value.body == b""


def test_a_wrong_key_is_refused_without_showing_it() -> None:
    body = {"status": "failure", "message": "InvalidAPIKey: apikey key-1 invalid", "data": None}
    tvdb = Tvdb(gateway(lambda _: httpx.Response(401, json=body)), "key-1", "1234")
    with pytest.raises(UpstreamRefused, match="InvalidAPIKey") as caught:
        tvdb.fetch_person(300)
    assert "key-1" not in str(caught.value)


def test_a_wrong_address_is_not_taken_for_a_series_that_is_gone() -> None:
    tvdb = Tvdb(gateway(lambda _: httpx.Response(404)), "key-1", None)
    with pytest.raises(UpstreamRefused, match="is TVDB_URL right"):
        tvdb.fetch_series(500)


def test_a_missing_key_is_named_before_anything_is_asked() -> None:
    with httpx.Client() as client, pytest.raises(MissingSetting, match="TVDB_API_KEY"):
        open_tvdb(Gateway(client, Settings(tvdb_api_key=None)))


# Series


def test_a_series_takes_one_call_and_one_for_each_page_of_episodes() -> None:
    server = Server(**a_series())
    assert ids(server.client().fetch_series(500)) == [1, 2]
    assert server.asked == ["/series/500/extended?meta=translations", "/series/500/episodes/official?page=0"]


def test_pages_are_followed_to_the_last_without_leaving_for_another_host() -> None:
    elsewhere = "https://api4.thetvdb.com/v4/series/500/episodes/official?page=1"
    server = Server(**a_series())
    server.answers["/series/500/episodes/official?page=0"] = page(1, 2, following=elsewhere)
    server.answers["/series/500/episodes/official?page=1"] = page(3)
    assert ids(server.client().fetch_series(500)) == [1, 2, 3]


def test_a_page_without_links_is_the_last_unless_it_is_full() -> None:
    server = Server(**a_series())
    full = page(*range(1, 501))
    short = page(501)
    del full["links"], short["links"]
    server.answers["/series/500/episodes/official?page=0"] = full
    server.answers["/series/500/episodes/official?page=1"] = short
    assert len(ids(server.client().fetch_series(500))) == 501


def test_an_empty_page_is_the_last_whatever_it_links_to() -> None:
    server = Server(**a_series())
    server.answers["/series/500/episodes/official?page=0"] = page(following="https://tvdb.test/more")
    assert ids(server.client().fetch_series(500)) == []


def test_pages_without_end_are_unreadable() -> None:
    server = Server(**a_series())
    for number in range(MOST_PAGES):
        server.answers[f"/series/500/episodes/official?page={number}"] = page(number + 1, following="more")
    with pytest.raises(UnreadableAnswer, match="more than"):
        server.client().fetch_series(500)


def test_fewer_episodes_than_announced_are_reported() -> None:
    server = Server(**a_series())
    server.answers["/series/500/episodes/official?page=0"]["links"]["total_items"] = 469
    with capture_logs() as logs:
        server.client().fetch_series(500)
    assert [(each["event"], each["announced"], each["received"]) for each in logs] == [
        ("tvdb_episodes_missing", 469, 2)
    ]


def test_english_is_fetched_by_itself_only_where_the_record_says_it_is_and_did_not_bring_it() -> None:
    server = Server(**a_series(translations=None))
    server.answers["/series/500/translations/eng"] = {"data": {"name": "By Itself", "language": "eng"}}
    assert read_series(server.client().fetch_series(500)).name == "By Itself"

    none_there = Server(**a_series(translations=None, nameTranslations=["jpn"], overviewTranslations=None))
    assert none_there.client().fetch_series(500)["english"] is None
    assert "/series/500/translations/eng" not in none_there.asked


def test_an_english_translation_that_is_not_there_after_all_costs_nothing() -> None:
    server = Server(**a_series(translations=None))
    assert read_series(server.client().fetch_series(500)).name == "原題"


def test_a_series_that_is_not_there_is_gone() -> None:
    with pytest.raises(UpstreamGone, match="series 7 is not there"):
        Server().client().fetch_series(7)


def test_an_error_status_counts_however_good_its_body_looks() -> None:
    server = Server(**a_series())
    server.answers["/series/500/extended?meta=translations"] = httpx.Response(500, json={"data": series()})
    with pytest.raises(UpstreamAway):
        server.client().fetch_series(500)


@pytest.mark.parametrize("envelope", [{"data": None}, {}, {"data": [1]}, {"data": "text"}])
def test_an_answer_without_a_record_is_unreadable(envelope: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswer):
        Server(**{"/series/500/extended?meta=translations": envelope}).client().fetch_series(500)


# Movies, people, search


def test_movies_and_people_take_one_call() -> None:
    server = Server(
        **{
            "/movies/600/extended?meta=translations": {"data": movie()},
            "/people/300/extended?meta=translations": {"data": person()},
        }
    )
    tvdb = server.client()
    assert tvdb.fetch_movie(600)["data"]["id"] == 600
    assert tvdb.fetch_person(300)["data"]["id"] == 300
    assert len(server.asked) == 2


def test_a_search_asks_for_one_kind_or_for_all() -> None:
    found = {"data": [hit()], "links": None}
    server = Server(
        **{
            "/search?query=a+b%26c&offset=0&limit=10&type=series": found,
            "/search?query=x&offset=50&limit=50": {"data": []},
        }
    )
    tvdb = server.client()
    assert [each.tvdb_id for each in tvdb.search("a b&c", "series", limit=10)] == [500]
    assert tvdb.search("x", offset=50) == []


def test_a_search_never_asks_beyond_what_can_be_reached() -> None:
    server = Server(**{"/search?query=x&offset=4990&limit=10": {"data": []}})
    tvdb = server.client()
    assert tvdb.search("x", offset=4990, limit=50) == []
    assert tvdb.search("x", offset=5000) == []
    assert len(server.asked) == 1
