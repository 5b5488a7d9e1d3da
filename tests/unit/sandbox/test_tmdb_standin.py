"""The stand-in of TMDb: what it answers our own client, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deploy.sandbox.app import create_app
from deploy.sandbox.in_process import InProcess
from deploy.sandbox.options import TMDB_API_KEY, TMDB_TOKEN, Options
from deploy.sandbox.wikidata import catalogue
from shared.errors import RateLimited, UpstreamAway, UpstreamGone, UpstreamRefused
from shared.settings import Settings
from shared.upstreams.tmdb import Tmdb, open_tmdb, read_find, read_movie, read_tv
from tests.unit.upstreams.at_once import AtOnce

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.sandbox.conftest import Time

PREFIX = "/tmdb/3"
HEADERS = {"Authorization": f"Bearer {TMDB_TOKEN}"}


class Service:
    """The stand-in, somebody who is let in, and our client of it."""

    def __init__(self, options: Options, time: Time) -> None:
        self.time = time
        app = create_app(options, clock=time.now, ticks=time.ticks, pause=time.pause)
        self.http = httpx.Client(transport=InProcess(app), base_url="http://sandbox")
        self.client = self.client_with(tmdb_token=TMDB_TOKEN)

    def client_with(self, **settings: Any) -> Tmdb:
        return open_tmdb(AtOnce(self.http, Settings(tmdb_url=f"http://sandbox{PREFIX}", **settings)))

    def get(self, path: str, headers: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        return self.http.get(PREFIX + path, params=params, headers=HEADERS if headers is None else headers)

    def arm(self, path: str, **fault: Any) -> None:
        assert self.http.post("/control/faults", json={"path": PREFIX + path, **fault}).status_code == 201


@pytest.fixture(name="begin")
def beginning(time: Time) -> Iterator[Callable[..., Service]]:
    started: list[Service] = []

    def begin(**options: Any) -> Service:
        started.append(Service(Options(**options), time))
        return started[-1]

    yield begin
    for one in started:
        one.http.close()


@pytest.fixture
def service(begin: Callable[..., Service]) -> Service:
    return begin()


# What it knows


def test_our_client_reads_every_title_that_wikidata_has_an_id_of(service: Service) -> None:
    images = service.client.fetch_configuration()
    assert images == "https://image.tmdb.org/t/p/w500"
    rows = [row for row in catalogue.load().screen if "movie" in row or "tv" in row]
    assert len(rows) > 50
    for row in rows:
        service.time.advance(1.0)
        if "movie" in row:
            details = read_movie(service.client.fetch_movie(row["movie"]), images)
        else:
            details = read_tv(service.client.fetch_tv(row["tv"]), images)
        assert details.year is not None
        assert abs(details.year - int((row.get("start") or row["dates"][0])[:4])) <= 1
        assert (details.poster is None) == (row.get("poster") is False)
        assert (details.summary is None) == (row.get("overview") is False)


def test_our_client_finds_titles_by_imdbs_ids(service: Service) -> None:
    assert read_find(service.client.find("tt0137523")) == ("movie", 550)
    assert read_find(service.client.find("tt0944947")) == ("tv", 1399)
    assert read_find(service.client.find("tt9999999")) is None


def test_our_client_may_come_with_a_key_as_well(service: Service) -> None:
    assert service.client_with(tmdb_api_key=TMDB_API_KEY).fetch_movie(550)["title"] == "Fight Club"


def test_an_animated_film_is_told_by_its_genre(service: Service) -> None:
    assert read_movie(service.client.fetch_movie(4935), "").screen_type == "animated_movie"
    assert read_tv(service.client.fetch_tv(37854), "").screen_type == "animated_series"


# The shape of its answers


def test_a_search_has_numbers_of_genres_and_pages(service: Service) -> None:
    answer = service.get("/search/movie", query="the hobbit").json()
    assert (answer["page"], answer["total_pages"], answer["total_results"]) == (1, 1, 4)
    assert all(isinstance(genre, int) for hit in answer["results"] for genre in hit["genre_ids"])
    assert [hit["id"] for hit in service.get("/search/movie", query="dune", year="2021").json()["results"]] == [438631]


def test_a_search_that_finds_nothing_is_no_failure(service: Service) -> None:
    answer = service.get("/search/tv", query="nothing of that name")
    assert (answer.status_code, answer.json()) == (
        200,
        {"page": 1, "results": [], "total_pages": 1, "total_results": 0},
    )


def test_details_name_their_genres_and_can_bring_ids_along(service: Service) -> None:
    series = service.get("/tv/1399", append_to_response="external_ids").json()
    assert series["genres"] == [{"id": 18, "name": "Drama"}]
    assert series["external_ids"] == {"imdb_id": "tt0944947", "tvdb_id": 121361}
    assert service.get("/tv/1399/external_ids").json()["tvdb_id"] == 121361


def test_an_answer_that_has_not_changed_is_not_sent_again(service: Service) -> None:
    first = service.get("/movie/550")
    assert first.headers["cache-control"].startswith("public, max-age=")
    again = service.get("/movie/550", headers={**HEADERS, "If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert service.get("/movie/551").headers.get("etag") is None
    assert service.get("/movie/120").headers["etag"] != first.headers["etag"]


# What it refuses


@pytest.mark.parametrize(
    ("headers", "params"),
    [({}, {}), ({"Authorization": "Bearer wrong"}, {}), ({}, {"api_key": "wrong"}), ({"Authorization": "Basic x"}, {})],
)
def test_without_a_good_key_the_answer_is_7(service: Service, headers: dict[str, str], params: dict[str, str]) -> None:
    answer = service.get("/movie/550", headers=headers, **params)
    assert answer.status_code == 401
    assert answer.json() == {
        "success": False,
        "status_code": 7,
        "status_message": "Invalid API key: You must be granted a valid key.",
    }


def test_our_client_is_refused_with_a_wrong_key(service: Service) -> None:
    with pytest.raises(UpstreamRefused, match="Invalid API key"):
        service.client_with(tmdb_token="wrong").fetch_movie(550)


@pytest.mark.parametrize(
    ("path", "params", "status", "code"),
    [
        ("/movie/999", {}, 404, 34),
        ("/tv/550", {}, 404, 34),
        ("/movie/fight-club", {}, 404, 6),
        ("/nowhere", {}, 404, 34),
        ("/find/tt0137523", {}, 422, 5),
        ("/search/movie", {"query": "x", "page": 0}, 400, 22),
        ("/search/movie", {"query": "x", "page": 501}, 400, 22),
    ],
)
def test_a_failure_has_tmdbs_own_number(
    service: Service, path: str, params: dict[str, Any], status: int, code: int
) -> None:
    answer = service.get(path, **params)
    assert (answer.status_code, answer.json()["success"], answer.json()["status_code"]) == (status, False, code)


def test_a_title_that_is_not_there_is_gone_for_our_client(service: Service) -> None:
    with pytest.raises(UpstreamGone):
        service.client.fetch_tv(550)


def test_more_than_forty_requests_of_one_second_are_too_many(service: Service) -> None:
    statuses = [service.get("/movie/550").status_code for _ in range(41)]
    assert statuses == [200] * 40 + [429]
    answer = service.get("/movie/550")
    assert "retry-after" not in answer.headers
    assert answer.json()["status_code"] == 25
    with pytest.raises(RateLimited):
        service.client.fetch_movie(550)
    service.time.advance(1.0)
    assert service.get("/movie/550").status_code == 200


# Its failures


@pytest.mark.parametrize(
    ("status", "expected"), [(401, UpstreamRefused), (404, UpstreamGone), (429, RateLimited), (503, UpstreamAway)]
)
def test_a_failure_that_is_asked_for_is_one_to_our_client(
    service: Service, status: int, expected: type[Exception]
) -> None:
    service.arm("/movie/*", status=status)
    with pytest.raises(expected):
        service.client.fetch_movie(550)


def test_a_title_that_nobody_filled_in_has_empty_texts(service: Service) -> None:
    service.arm("/movie/*", thin=True)
    raw = service.client.fetch_movie(550)
    assert (raw["overview"], raw["release_date"], raw["poster_path"]) == ("", "", None)
    found = read_movie(raw, "https://pictures.test")
    assert (found.summary, found.year, found.poster) == (None, None, None)


# Recordings


def test_recorded_titles_and_exchanges_are_served_with_a_key_only(
    begin: Callable[..., Service], tmp_path: Path
) -> None:
    title = {"id": 5, "title": "Recorded", "genres": [], "release_date": ""}
    exchange = {
        "request": {"method": "GET", "uri": "https://api.themoviedb.org/3/search/movie?api_key=x&query=a+b&page=1"},
        "response": {"status": 200, "headers": {}, "body": '{"page":1,"results":[]}'},
    }
    (tmp_path / "any.json").write_text(json.dumps(title))
    (tmp_path / "exchange.json").write_text(json.dumps([exchange]))
    (tmp_path / "other.json").write_text('{"keywords": []}')
    service = begin(recordings={"tmdb": tmp_path})
    assert service.client.fetch_movie(5) == title
    assert service.get("/search/movie", query="A B", page="1").json() == {"page": 1, "results": []}
    assert service.get("/movie/5", headers={}).status_code == 401
    assert service.get("/movie/550").json()["status_code"] == 34
    assert service.http.get("/control/recordings").json()["tmdb"]["unread"] == ["other.json"]
    also = begin(recordings={"tmdb": tmp_path}, also_catalogue=True)
    assert also.client.fetch_movie(550)["title"] == "Fight Club"
