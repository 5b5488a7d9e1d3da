"""What the border to upstreams makes of answers, statuses, exceptions and secrets."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator

import httpx
import pytest
from prometheus_client import REGISTRY

from shared.errors import (
    LimitReached,
    MillraceError,
    RateLimited,
    UnreadableAnswer,
    UpstreamAway,
    UpstreamGone,
    UpstreamRefused,
)
from shared.settings import Settings
from shared.upstreams.http import ANSWER_SECONDS, Upstream, open_client, translated
from shared.upstreams.limit import Turns
from shared.upstreams.pace import Limit
from shared.version import VERSION

Handler = Callable[[httpx.Request], httpx.Response]
URL = "https://upstream.test/things/1"


def upstream(handler: Handler, name: str = "test", **options: object) -> Upstream:
    client = httpx.Client(transport=httpx.MockTransport(handler), max_redirects=3)
    return Upstream(name, client, **options)  # type: ignore[arg-type]


def answering(*args: object, **kwargs: object) -> Handler:
    return lambda _: httpx.Response(*args, **kwargs)  # type: ignore[arg-type]


def raising(error: Exception) -> Handler:
    def handler(_: httpx.Request) -> httpx.Response:
        raise error

    return handler


class Pieces(httpx.SyncByteStream):
    """A body that comes in pieces, and may break off."""

    def __init__(self, *pieces: bytes | Exception) -> None:
        self.pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece


def count(name: str, status: str) -> float:
    return REGISTRY.get_sample_value("millrace_upstream_requests_total", {"upstream": name, "status": status}) or 0.0


# Every exception of httpx that sending a request can end in, and what it means to us.
FATES: dict[type[Exception], type[MillraceError]] = {
    httpx.HTTPError: UpstreamAway,
    httpx.RequestError: UpstreamAway,
    httpx.TransportError: UpstreamAway,
    httpx.TimeoutException: UpstreamAway,
    httpx.ConnectTimeout: UpstreamAway,
    httpx.ReadTimeout: UpstreamAway,
    httpx.WriteTimeout: UpstreamAway,
    httpx.PoolTimeout: UpstreamAway,
    httpx.NetworkError: UpstreamAway,
    httpx.ConnectError: UpstreamAway,
    httpx.ReadError: UpstreamAway,
    httpx.WriteError: UpstreamAway,
    httpx.CloseError: UpstreamAway,
    httpx.ProxyError: UpstreamAway,
    httpx.ProtocolError: UpstreamAway,
    httpx.RemoteProtocolError: UpstreamAway,
    httpx.HTTPStatusError: UpstreamAway,
    httpx.DecodingError: UnreadableAnswer,
    httpx.TooManyRedirects: UnreadableAnswer,
    httpx.CookieConflict: UnreadableAnswer,
    httpx.LocalProtocolError: UpstreamRefused,
    httpx.UnsupportedProtocol: UpstreamRefused,
    httpx.InvalidURL: UpstreamRefused,
}
# Raised for misuse of a response by ourselves: a bug, which must show as one.
OUR_BUGS = {
    httpx.StreamError,
    httpx.StreamConsumed,
    httpx.StreamClosed,
    httpx.ResponseNotRead,
    httpx.RequestNotRead,
}


def test_every_exception_that_httpx_exports_has_a_fate() -> None:
    exported = {each for each in vars(httpx).values() if isinstance(each, type) and issubclass(each, Exception)}
    assert exported == set(FATES) | OUR_BUGS


@pytest.mark.parametrize("kind", FATES, ids=lambda kind: kind.__name__)
def test_each_exception_of_httpx_becomes_one_of_ours(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    ours, label = translated("test", "thing 1", error)
    assert type(ours) is FATES[kind]
    assert label in {"timeout", "network", "unreadable", "refused"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, UpstreamRefused),
        (304, UpstreamRefused),
        (400, UpstreamRefused),
        (401, UpstreamRefused),
        (403, UpstreamRefused),
        (404, UpstreamGone),
        (408, UpstreamAway),
        (410, UpstreamGone),
        (418, UpstreamRefused),
        (425, UpstreamAway),
        (429, RateLimited),
        (500, UpstreamAway),
        (502, UpstreamAway),
        (503, UpstreamAway),
        (599, UpstreamAway),
    ],
)
def test_each_status_that_is_no_success_is_an_error(status: int, kind: type[MillraceError]) -> None:
    with pytest.raises(kind) as caught:
        upstream(answering(status, json={"data": "looks valid"})).get(URL, "thing 1")
    assert type(caught.value) is kind


def test_a_success_brings_its_body() -> None:
    answer = upstream(answering(200, json={"a": 1})).get(URL, "thing 1")
    assert answer.json() == {"a": 1}


def test_json_is_read_whatever_the_content_type_says() -> None:
    answer = upstream(answering(200, content=b'{"a": 1}', headers={"Content-Type": "text/plain"})).get(URL, "thing 1")
    assert answer.json() == {"a": 1}


@pytest.mark.parametrize(
    "body",
    [b"", b'{"data": [1, 2', b"<html>try later</html>", b'{"a": NaN}', b'"\xff"', b"[" * 200_000],
    ids=["empty", "cut short", "a page", "not a number", "not UTF-8", "nested too deeply"],
)
def test_a_body_that_is_not_json_is_unreadable_and_kept(body: bytes) -> None:
    answer = upstream(answering(200, content=body)).get(URL, "thing 1")
    with pytest.raises(UnreadableAnswer, match="thing 1 is not JSON") as caught:
        answer.json()
    assert caught.value.body == body[: UnreadableAnswer.KEPT]


def test_a_body_over_the_limit_is_unreadable_and_its_rest_is_not_read() -> None:
    stream = Pieces(b"x" * 600, b"x" * 600, AssertionError("read on"))
    with pytest.raises(UnreadableAnswer, match="larger than 1000 bytes"):
        upstream(answering(200, stream=stream), largest=1000).get(URL, "thing 1")


def test_the_size_limit_counts_bytes_after_decompression() -> None:
    bomb = gzip.compress(b"0" * 100_000)
    assert len(bomb) < 1000
    with pytest.raises(UnreadableAnswer, match="larger than"):
        upstream(answering(200, content=bomb, headers={"Content-Encoding": "gzip"}), largest=1000).get(URL, "thing 1")


def test_a_refusal_with_a_huge_page_is_still_that_refusal() -> None:
    with pytest.raises(UpstreamGone):
        upstream(answering(404, content=b"x" * 5000), largest=1000).get(URL, "thing 1")


def test_an_answer_cut_short_on_the_way_means_the_upstream_is_away() -> None:
    broken = httpx.RemoteProtocolError("peer closed connection without sending complete message body")
    with pytest.raises(UpstreamAway) as caught:
        upstream(answering(200, stream=Pieces(b'{"data":', broken))).get(URL, "thing 1")
    assert caught.value.__cause__ is broken


def test_an_answer_that_drips_for_ever_means_the_upstream_is_away() -> None:
    times = iter([0.0, 1.0, ANSWER_SECONDS + 1.0, ANSWER_SECONDS + 1.0])
    with pytest.raises(UpstreamAway, match="no whole answer within"):
        upstream(answering(200, stream=Pieces(b"a", b"b", AssertionError("read on"))), clock=lambda: next(times)).get(
            URL, "thing 1"
        )


def test_a_broken_compression_is_unreadable() -> None:
    with pytest.raises(UnreadableAnswer):
        upstream(answering(200, content=b"not gzip", headers={"Content-Encoding": "gzip"})).get(URL, "thing 1")


def test_a_429_says_for_how_long_and_holds_the_next_request_back() -> None:
    asked = upstream(answering(429, headers={"Retry-After": "30"}), turns=Turns("test", Limit(1000, burst=1000)))
    with pytest.raises(RateLimited) as caught:
        asked.get(URL, "thing 1")
    assert caught.value.retry_after == 30
    with pytest.raises(LimitReached) as held:
        asked.get(URL, "thing 2")
    assert held.value.retry_after == pytest.approx(30, abs=1)


def test_a_503_with_retry_after_carries_it() -> None:
    with pytest.raises(UpstreamAway) as caught:
        upstream(answering(503, headers={"Retry-After": "120"})).get(URL, "thing 1")
    assert caught.value.retry_after == 120


def test_a_get_follows_redirects_without_taking_the_key_to_another_host() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.host == "upstream.test":
            return httpx.Response(302, headers={"Location": "https://elsewhere.test/"})
        return httpx.Response(200, json={"key": request.headers.get("Authorization")})

    answer = upstream(handler).get(URL, "thing 1", headers={"Authorization": "Bearer hush"})
    assert answer.json() == {"key": None}


def test_redirects_in_a_circle_are_unreadable() -> None:
    with pytest.raises(UnreadableAnswer, match="TooManyRedirects"):
        upstream(answering(302, headers={"Location": URL})).get(URL, "thing 1")


def test_a_post_follows_no_redirect_because_its_body_may_hold_a_key() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://elsewhere.test/"})

    with pytest.raises(UpstreamRefused):
        upstream(handler).post(URL, "login", json={"apikey": "hush"})
    assert asked == ["upstream.test"]


def test_no_secret_is_shown_by_a_refusal_that_quotes_it() -> None:
    refusing = answering(403, text="key hush-1 is not known, nor is Bearer hush-2, nor ?api_key=hush-3")
    with pytest.raises(UpstreamRefused) as caught:
        upstream(refusing, secrets=["hush-1"]).get(f"{URL}?apikey=hush-4&page=2", "thing 1")
    assert "hush" not in str(caught.value)
    assert "page=2" in str(caught.value)


def test_no_secret_is_shown_by_a_header_that_cannot_be_sent() -> None:
    error = httpx.LocalProtocolError("Illegal header value b'Bearer hush\\n'")
    with pytest.raises(UpstreamRefused) as caught:
        upstream(raising(error), secrets=["hush"]).get(URL, "thing 1")
    assert "hush" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_an_address_that_is_none_was_never_sent() -> None:
    with pytest.raises(UpstreamRefused, match="not sent") as caught:
        upstream(answering(200)).get("https://upstream.test:port/", "thing 1")
    assert caught.value.status is None


def test_requests_are_counted_by_status_and_by_the_way_they_failed() -> None:
    upstream(answering(200), name="counted").get(URL, "thing 1")
    with pytest.raises(UpstreamGone):
        upstream(answering(404), name="counted").get(URL, "thing 1")
    with pytest.raises(UpstreamAway):
        upstream(raising(httpx.ReadTimeout("late")), name="counted").get(URL, "thing 1")
    with pytest.raises(UnreadableAnswer):
        upstream(answering(200, content=b"xx"), name="counted", largest=1).get(URL, "thing 1")
    assert [count("counted", status) for status in ("200", "404", "timeout", "unreadable")] == [1, 1, 1, 1]
    assert REGISTRY.get_sample_value("millrace_upstream_seconds_count", {"upstream": "counted"}) == 4


def test_the_client_says_who_asks_and_where_to_complain() -> None:
    settings = Settings(contact="https://example.org/contact")
    with open_client(settings) as client:
        assert client.headers["User-Agent"] == f"Millrace/{VERSION} (+https://example.org/contact)"
        assert not client.follow_redirects
        assert all(client.timeout.as_dict().values())


def test_an_upstream_that_counts_how_long_it_works_is_left_alone_for_as_long_afterwards() -> None:
    seconds = iter([0.0, 10.0])
    waited: list[float] = []
    turns = Turns("resting", Limit(100, burst=50, patience=60, rest=1.0), sleep=waited.append, wall=lambda: 1000.0)
    resting = upstream(answering(200), "resting", turns=turns, clock=lambda: next(seconds, 10.0))
    resting.get(URL, "thing 1")
    resting.get(URL, "thing 1")
    assert waited == [10.0]
