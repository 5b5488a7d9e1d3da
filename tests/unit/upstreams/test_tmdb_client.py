"""How TMDb is asked: keys, what is gone and what is only a wrong address, and the address of pictures."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shared.errors import (
    MissingSetting,
    RateLimited,
    UnreadableAnswer,
    UpstreamAway,
    UpstreamGone,
    UpstreamRefused,
)
from shared.settings import Settings
from shared.upstreams.gateway import Gateway
from shared.upstreams.tmdb import Tmdb, open_tmdb
from shared.upstreams.tmdb.records import IMAGES

KEY = "0123456789abcdef0123456789abcdef"
CONFIGURATION = {
    "images": {"secure_base_url": "https://pictures.test/t/p/", "poster_sizes": ["w92", "w500", "original"]}
}


class Server:
    """TMDb in miniature: bodies or whole responses by path and query, and a journal of what was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.get(request.url.raw_path.decode().removeprefix("/3"))
        if isinstance(answer, httpx.Response):
            return answer
        return failure(404, 34) if answer is None else httpx.Response(200, json=answer)

    def client(self, **settings: Any) -> Tmdb:
        told = Settings(tmdb_url="https://tmdb.test/3/", **(settings or {"tmdb_token": "a-token"}))
        return open_tmdb(Gateway(httpx.Client(transport=httpx.MockTransport(self)), told))


def failure(status: int, code: int, message: str = "The resource you requested could not be found.") -> httpx.Response:
    return httpx.Response(status, json={"success": False, "status_code": code, "status_message": message})


# Keys


def test_a_token_is_a_bearer_and_stands_in_no_address() -> None:
    server = Server(**{"/movie/550?language=en-US": {"id": 550}})
    assert server.client(tmdb_token="a-token", tmdb_api_key=KEY).fetch_movie(550) == {"id": 550}
    (request,) = server.requests
    assert request.headers["Authorization"] == "Bearer a-token"
    assert "api_key" not in str(request.url)


def test_a_key_is_a_parameter_where_there_is_no_token() -> None:
    server = Server(**{f"/movie/550?language=en-US&api_key={KEY}": {"id": 550}})
    assert server.client(tmdb_api_key=KEY).fetch_movie(550) == {"id": 550}
    assert "Authorization" not in server.requests[0].headers


def test_without_either_both_are_named_before_anything_is_asked() -> None:
    with httpx.Client() as client, pytest.raises(MissingSetting) as caught:
        open_tmdb(Gateway(client, Settings(tmdb_token=None, tmdb_api_key=None)))
    assert "TMDB_TOKEN" in str(caught.value)
    assert "TMDB_API_KEY" in str(caught.value)


@pytest.mark.parametrize("settings", [{"tmdb_token": "a-token"}, {"tmdb_api_key": KEY}])
def test_a_wrong_key_is_refused_without_showing_it(settings: dict[str, str]) -> None:
    (secret,) = settings.values()
    wrong = failure(401, 7, f"Invalid API key: {secret} must be granted.")
    server = Server()
    server.answers = dict.fromkeys(("/movie/550?language=en-US", f"/movie/550?language=en-US&api_key={KEY}"), wrong)
    with pytest.raises(UpstreamRefused, match="Invalid API key") as caught:
        server.client(**settings).fetch_movie(550)
    assert caught.value.status == 401
    assert secret not in str(caught.value)


# Titles


def test_a_title_takes_one_call_in_english_and_appends_nothing() -> None:
    server = Server(**{"/movie/550?language=en-US": {"id": 550}, "/tv/1399?language=en-US": {"id": 1399}})
    tmdb = server.client()
    assert (tmdb.fetch_movie(550), tmdb.fetch_tv(1399)) == ({"id": 550}, {"id": 1399})
    assert len(server.requests) == 2


def test_a_title_is_found_by_the_id_imdb_has_for_it() -> None:
    server = Server(**{"/find/tt0903747?external_source=imdb_id": {"movie_results": []}})
    assert server.client().find("tt0903747") == {"movie_results": []}


@pytest.mark.parametrize("code", [34, 6])
def test_a_title_that_is_not_there_is_gone(code: int) -> None:
    server = Server(**{"/tv/7?language=en-US": failure(404, code)})
    with pytest.raises(UpstreamGone, match="series 7 is not there"):
        server.client().fetch_tv(7)


@pytest.mark.parametrize("body", ["", "<html>404 Not Found</html>", '{"detail": "Not Found"}', "[34]"])
def test_a_404_that_is_not_in_tmdbs_own_words_is_a_wrong_address(body: str) -> None:
    server = Server(**{"/tv/7?language=en-US": httpx.Response(404, text=body)})
    with pytest.raises(UpstreamRefused, match="is TMDB_URL right"):
        server.client().fetch_tv(7)


def test_a_429_says_not_for_how_long() -> None:
    server = Server(
        **{"/tv/7?language=en-US": failure(429, 25, "Your request count (41) is over the allowed limit of 40.")}
    )
    with pytest.raises(RateLimited) as caught:
        server.client().fetch_tv(7)
    assert caught.value.retry_after is None


@pytest.mark.parametrize(("status", "code"), [(500, 11), (503, 9), (503, 46), (504, 24)])
def test_a_failure_of_theirs_is_tried_again_later(status: int, code: int) -> None:
    with pytest.raises(UpstreamAway):
        Server(**{"/tv/7?language=en-US": failure(status, code)}).client().fetch_tv(7)


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "<html>"])
def test_an_answer_that_is_no_object_is_unreadable(body: str) -> None:
    with pytest.raises(UnreadableAnswer):
        Server(**{"/tv/7?language=en-US": httpx.Response(200, text=body)}).client().fetch_tv(7)


# Pictures


def test_the_address_of_pictures_is_asked_for_once() -> None:
    server = Server(**{"/configuration": CONFIGURATION})
    tmdb = server.client()
    assert [tmdb.fetch_configuration() for _ in range(3)] == ["https://pictures.test/t/p/w500"] * 3
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer", [failure(503, 9), httpx.Response(200, text="<html>"), {"images": {}}, None, {"images": {"base_url": 5}}]
)
def test_while_it_is_not_to_be_had_the_known_address_does_and_it_is_asked_for_again(answer: Any) -> None:
    server = Server(**{"/configuration": answer})
    tmdb = server.client()
    with capture_logs() as logs:
        assert tmdb.fetch_configuration() == IMAGES == "https://image.tmdb.org/t/p/w500"
    assert [each["event"] for each in logs] == ["tmdb_configuration_unknown"]
    server.answers["/configuration"] = CONFIGURATION
    assert tmdb.fetch_configuration() == "https://pictures.test/t/p/w500"


def test_a_wrong_key_is_not_hidden_by_the_known_address() -> None:
    with pytest.raises(UpstreamRefused):
        Server(**{"/configuration": failure(401, 7)}).client().fetch_configuration()
