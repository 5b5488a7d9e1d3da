"""How Van Wezel's calendar is asked for: page after page, slowly, and never for ever."""

from __future__ import annotations

import json
from itertools import pairwise

import httpx
import pytest

from shared.errors import RateLimited, UnreadableAnswer, UpstreamAway, UpstreamRefused
from shared.upstreams.vanwezel import open_vanwezel
from shared.upstreams.vanwezel.client import LEAST_DELAY, MOST_PAGES
from tests.unit.upstreams.own_time import AskedSite

AJAX = "/events/events_ajax/{}"
BUTTON = '<button id="loadMoreEvents" data-offset="9" data-increment="9"></button>'


def cards(first: int, count: int = 9) -> str:
    return "".join(
        f'<div class="eventItem entry"><h3 class="title"><a href="/events/detail/act-{number}">Act</a></h3></div>'
        for number in range(first, first + count)
    )


def calendar(inner: str, button: str = BUTTON) -> httpx.Response:
    return httpx.Response(200, html=f'<div class="eventList"><div id="list">{inner}</div>{button}</div>')


def piece(html: str) -> httpx.Response:
    """Return HTML as the site sends it: within a JSON text, every slash escaped."""
    return httpx.Response(200, text=json.dumps(html).replace("/", "\\/"))


def fetch(site: AskedSite, delay: float = 0.5, url: str = "https://hall.test/events") -> list[str]:
    return open_vanwezel(site.gateway()).fetch_calendar(url, delay)


def test_pieces_are_fetched_from_where_the_calendar_ends_until_there_is_nothing() -> None:
    site = AskedSite(
        {
            "/events": calendar(cards(0)),
            AJAX.format(9): piece(cards(9)),
            AJAX.format(18): piece(cards(18, 2)),
            AJAX.format(27): piece(""),
        }
    )
    pages = fetch(site)
    assert [page.count("eventItem") for page in pages] == [9, 9, 2]
    assert site.asked[1] == (
        "/events/events_ajax/9?category=0&venue=0&team=0&exclude=&per_page=9&came_from_page=event-list-page"
    )


def test_a_piece_is_asked_for_as_the_pages_own_script_does() -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): piece("")})
    fetch(site)
    assert "X-Requested-With" not in site.headers[0]
    assert site.headers[1]["X-Requested-With"] == "XMLHttpRequest"


def test_a_piece_without_cards_is_the_end() -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): piece("<p>No more events</p>")})
    assert len(fetch(site)) == 1


def test_a_piece_without_a_byte_is_the_end() -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): httpx.Response(200)})
    assert len(fetch(site)) == 1


def test_an_offset_past_the_end_that_repeats_the_last_page_is_the_end() -> None:
    site = AskedSite({"/events": calendar(cards(0)), "/events/events_ajax/9": piece(cards(9, 3))})
    site.answers["/events/events_ajax/18"] = piece(cards(9, 3))
    assert len(fetch(site)) == 2
    assert len(site.asked) == 3


def test_a_calendar_that_never_ends_is_unreadable_in_the_end() -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        return piece(cards(int(request.url.path.rpartition("/")[2])))

    class Endless(dict[str, object]):
        def get(self, path: str, _default: object = None) -> object:
            return calendar(cards(0)) if path == "/events" else endless if "events_ajax" in path else None

    site = AskedSite(Endless())  # type: ignore[arg-type]
    with pytest.raises(UnreadableAnswer, match=f"more than {MOST_PAGES} pages"):
        fetch(site)
    assert len(site.asked) == MOST_PAGES


def test_the_delay_passes_between_two_requests() -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): piece(cards(9)), AJAX.format(18): piece("")})
    fetch(site, delay=30.0)
    assert len(site.at) == 3
    assert all(later - earlier >= 30.0 for earlier, later in pairwise(site.at))


def test_however_short_the_delay_the_firewall_is_not_provoked() -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): piece(cards(9)), AJAX.format(18): piece("")})
    fetch(site, delay=0.0)
    assert all(later - earlier >= LEAST_DELAY for earlier, later in pairwise(site.at))


def test_a_site_whose_robots_txt_asks_for_more_time_gets_it() -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): piece(cards(9)), AJAX.format(18): piece("")})
    site.answers["/robots.txt"] = httpx.Response(200, text="User-agent: *\nCrawl-delay: 45\n")
    fetch(site)
    assert all(later - earlier >= 45.0 for earlier, later in pairwise(site.at))


def test_robots_txt_is_obeyed() -> None:
    site = AskedSite({"/events": calendar(cards(0))})
    site.answers["/robots.txt"] = httpx.Response(200, text="User-agent: *\nDisallow: /events\n")
    with pytest.raises(UpstreamRefused, match=r"robots\.txt"):
        fetch(site)
    assert site.asked == []


@pytest.mark.parametrize("status", [403, 406])
def test_a_firewall_that_has_had_enough_is_asked_again_later(status: int) -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): httpx.Response(status, text="Not Acceptable!")})
    with pytest.raises(RateLimited) as raised:
        fetch(site)
    assert raised.value.retry_after is not None
    assert raised.value.retry_after >= 30


def test_a_429_of_the_site_is_one_too() -> None:
    site = AskedSite({"/events": httpx.Response(429, headers={"Retry-After": "17"})})
    with pytest.raises(RateLimited) as raised:
        fetch(site)
    assert raised.value.retry_after == 17


def test_a_piece_that_fails_fails_the_whole_so_that_no_evening_seems_to_have_vanished() -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): httpx.Response(502)})
    with pytest.raises(UpstreamAway):
        fetch(site)


@pytest.mark.parametrize("body", ["<html>Just a moment...</html>", '{"error": 1}', "[]", "null", '"<div'])
def test_a_piece_that_is_no_text_of_html_is_unreadable(body: str) -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): httpx.Response(200, text=body)})
    with pytest.raises(UnreadableAnswer):
        fetch(site)


def test_a_piece_may_be_html_without_json_around_it() -> None:
    site = AskedSite(
        {
            "/events": calendar(cards(0)),
            AJAX.format(9): httpx.Response(200, html=cards(9, 2)),
            AJAX.format(18): piece(""),
        }
    )
    assert len(fetch(site)) == 2


def test_a_calendar_without_cards_is_asked_for_nothing_more() -> None:
    site = AskedSite({"/events": calendar("")})
    assert len(fetch(site)) == 1
    assert len(site.asked) == 1


def test_without_a_button_the_cards_are_counted() -> None:
    site = AskedSite({"/events": calendar(cards(0, 5), button=""), AJAX.format(5): piece("")})
    fetch(site)
    assert site.asked[1].startswith("/events/events_ajax/5?")


@pytest.mark.parametrize("url", ["https://hall.test", "https://hall.test/", "https://hall.test/events/?x=1#list"])
def test_a_sites_own_address_leads_to_its_calendar(url: str) -> None:
    site = AskedSite({"/events": calendar("")})
    fetch(site, url=url)
    assert site.asked == ["/events"]


def test_pages_of_single_evenings_are_left_alone_since_plain_clients_get_406_there() -> None:
    site = AskedSite({"/events": calendar(cards(0)), AJAX.format(9): piece("")})
    fetch(site)
    assert not [path for path in site.asked if "/detail/" in path]
