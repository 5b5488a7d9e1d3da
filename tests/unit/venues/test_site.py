"""The polite fetcher of pages and feeds: what it asks, how often, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from shared.errors import UnreadableAnswer, UpstreamAway, UpstreamGone, UpstreamRefused
from shared.settings import Settings
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Upstream, open_client
from shared.upstreams.pace import Limit
from shared.upstreams.site import LONGEST_DELAY, ROBOTS_AGE, USER_AGENT, Site, web_address

FEED = "https://hall.example/calendar.ics"
ROBOTS = "https://hall.example/robots.txt"
BODY = httpx.Response(200, content=b"BEGIN:VCALENDAR")


@dataclass(frozen=True, slots=True)
class Unpaced(Gateway):
    """A gateway whose turns are all at once; `limits` has those it was asked for, by site."""

    limits: dict[str, Limit] = field(default_factory=dict)

    def upstream(self, name: str, limit: Limit, *, secrets: Iterable[str] = (), site: str = "") -> Upstream:
        self.limits[site] = limit
        return Upstream(name, self.client, secrets=secrets)


class Web:
    """A web of a few addresses, what it was asked, and a clock."""

    def __init__(self, answers: Mapping[str, httpx.Response | Exception]) -> None:
        self.answers = dict(answers)
        self.asked: list[httpx.Request] = []
        self.now = 0.0
        settings = Settings(contact="https://millrace.example/about")
        with open_client(settings) as real:
            headers = real.headers
        client = httpx.Client(transport=httpx.MockTransport(self._answer), headers=headers)
        self.gateway = Unpaced(client, settings)
        self.site = Site(self.gateway, clock=lambda: self.now)

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.get(str(request.url), httpx.Response(404))
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


def robots(text: str) -> httpx.Response:
    return httpx.Response(200, text=text)


def test_a_page_is_fetched_under_our_own_name() -> None:
    web = Web({FEED: BODY})

    answer = web.site.fetch(FEED)

    assert answer is not None
    assert answer.body == b"BEGIN:VCALENDAR"
    for request in web.asked:
        assert request.headers["User-Agent"].startswith(f"{USER_AGENT}/")
        assert "https://millrace.example/about" in request.headers["User-Agent"]
    assert "If-None-Match" not in web.asked[-1].headers


def test_robots_txt_is_read_first_and_once_a_day() -> None:
    web = Web({FEED: BODY, ROBOTS: robots("User-agent: *\nDisallow: /private")})

    web.site.fetch(FEED)
    web.now = ROBOTS_AGE - 1
    web.site.fetch(FEED)
    assert web.paths() == ["/robots.txt", "/calendar.ics", "/calendar.ics"]

    web.now = ROBOTS_AGE
    web.site.fetch(FEED)
    assert web.paths().count("/robots.txt") == 2


@pytest.mark.parametrize(
    "rules",
    [
        "User-agent: *\nDisallow: /",
        "User-agent: Millrace\nDisallow: /calendar.ics",
        "User-agent: millrace\nDisallow: /\n\nUser-agent: *\nAllow: /",
        "\ufeffUser-agent: *\r\nDisallow: /*.ics$",
    ],
)
def test_what_robots_txt_forbids_is_not_asked_for(rules: str) -> None:
    web = Web({FEED: BODY, ROBOTS: robots(rules)})

    with pytest.raises(UpstreamRefused, match=r"ask the site, or, where .* --robots ignore") as caught:
        web.site.fetch(FEED)

    assert caught.value.status is None
    assert web.paths() == ["/robots.txt"]


def test_rules_for_others_do_not_bind_us() -> None:
    web = Web({FEED: BODY, ROBOTS: robots("User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nDisallow: /admin")})

    assert web.site.fetch(FEED) is not None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_site_without_robots_txt_may_be_read(status: int) -> None:
    web = Web({FEED: BODY, ROBOTS: httpx.Response(status)})

    assert web.site.fetch(FEED) is not None


def test_a_page_in_place_of_robots_txt_forbids_nothing() -> None:
    web = Web({FEED: BODY, ROBOTS: httpx.Response(200, html="<html><body>Not found</body></html>")})

    assert web.site.fetch(FEED) is not None


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(503), httpx.ConnectError("refused")], ids=str)
def test_a_site_whose_robots_txt_cannot_be_had_is_away(answer: httpx.Response | Exception) -> None:
    web = Web({FEED: BODY, ROBOTS: answer})

    with pytest.raises(UpstreamAway):
        web.site.fetch(FEED)

    assert web.paths() == ["/robots.txt"]
    web.answers[ROBOTS] = robots("")
    assert web.site.fetch(FEED) is not None, "that is not remembered for a day"


def test_robots_txt_is_not_read_where_an_operator_has_decided() -> None:
    web = Web({FEED: BODY, ROBOTS: robots("User-agent: *\nDisallow: /")})

    assert web.site.fetch(FEED, robots="ignore") is not None
    assert web.paths() == ["/calendar.ics"]


@pytest.mark.parametrize(
    ("rules", "seconds"),
    [
        ("", 1.0),
        ("User-agent: *\nCrawl-delay: 0.2", 0.2),
        ("User-agent: *\nCrawl-delay: 7", 7.0),
        ("User-agent: *\nCrawl-delay: 86400", LONGEST_DELAY),
    ],
)
def test_a_host_has_turns_of_its_own_as_far_apart_as_it_asks(rules: str, seconds: float) -> None:
    other = "https://other.example:8443/feed"
    web = Web({FEED: BODY, ROBOTS: robots(rules), other: BODY})

    web.site.fetch(FEED)
    web.site.fetch(other)

    assert web.gateway.limits["hall.example"].per == seconds
    assert web.gateway.limits["hall.example"].burst == 1
    assert web.gateway.limits["other.example:8443"].per == 1.0


def test_the_version_we_have_is_told_and_no_change_is_none() -> None:
    web = Web({FEED: httpx.Response(304)})

    assert web.site.fetch(FEED, etag='W/"7"', last_modified="Mon, 16 Nov 2026 11:00:00 GMT") is None

    asked = web.asked[-1].headers
    assert asked["If-None-Match"] == 'W/"7"'
    assert asked["If-Modified-Since"] == "Mon, 16 Nov 2026 11:00:00 GMT"


def test_a_304_that_nobody_asked_for_is_refused() -> None:
    with pytest.raises(UpstreamRefused):
        Web({FEED: httpx.Response(304)}).site.fetch(FEED)


def test_a_page_that_is_gone_is_gone() -> None:
    with pytest.raises(UpstreamGone):
        Web({}).site.fetch(FEED)


def test_an_endless_redirect_of_robots_txt_forbids_nothing() -> None:
    web = Web({FEED: BODY, ROBOTS: httpx.Response(302, headers={"Location": ROBOTS})})

    assert web.site.fetch(FEED) is not None
    with pytest.raises(UnreadableAnswer):
        Web({FEED: httpx.Response(302, headers={"Location": FEED})}).site.fetch(FEED)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("webcal://Hall.Example/calendar.ics", FEED),
        ("WEBCALS://hall.example:443/calendar.ics#top", FEED),
        (" https://hall.example/calendar.ics ", FEED),
        ("http://hall.example", "http://hall.example/"),
        ("http://hall.example:8080/?a=b&c", "http://hall.example:8080/?a=b&c"),
        ("https://höhle.example/x", "https://xn--hhle-5qa.example/x"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
    ],
)
def test_spellings_of_an_address_are_one(given: str, meant: str) -> None:
    assert web_address(given) == meant


@pytest.mark.parametrize(
    "given",
    ["ftp://hall.example/x", "file:///etc/passwd", "calendar.ics", "", "https://", "https://[::1", "http://a:b@c.d/e"],
)
def test_what_is_no_public_address_of_the_web_is_refused(given: str) -> None:
    with pytest.raises(UpstreamRefused):
        web_address(given)
