"""Which of a site's addresses are calendars, month by month, and how few of them are asked for."""

from __future__ import annotations

from datetime import date

import httpx
import pytest

from shared.errors import RateLimited, UnreadableAnswer, UpstreamAway, UpstreamGone, UpstreamRefused
from shared.upstreams.mote import Feed, open_mote
from shared.upstreams.mote.client import MOST_PAGES, root_of
from tests.unit.upstreams.own_time import AskedSite

TODAY = date(2026, 11, 22)
LIST = "/?post_type=tribe_events&ical=1&eventDisplay=list&tribe-bar-date={}-01"
QUERY = "/?post_type=tribe_events&ical=1&eventDisplay=month&eventDate={}"
MONTH = "/events/month/{}/?ical=1"
FURTHER = "/events/list/page/{}/?ical=1&tribe-bar-date={}-01"
REST = "/wp-json/tribe/events/v1/events"
PAST_THE_END = {"code": "event-archive-page-not-found", "message": "-", "data": {"status": 404}}


def calendar(*posts: int, month: str = "202611", name: str = "Bay &amp; Reef") -> httpx.Response:
    """Return an export of the plugin; the times of an entry are part of its UID."""
    entries = "".join(
        f"BEGIN:VEVENT\r\nDTSTART;TZID=America/New_York:{month}{post % 28 + 1:02}T190000\r\n"
        f"UID:{post}-1771074000-1771081200@reef.test\r\nSUMMARY:{post}\r\nEND:VEVENT\r\n"
        for post in posts
    )
    head = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:{name}\r\n"
    return httpx.Response(200, text=f"{head}{entries}END:VCALENDAR\r\n")


def find(site: AskedSite, ahead: int = 2, url: str = "https://reef.test/events/") -> list[Feed]:
    return open_mote(site.gateway()).find_feeds(url, ahead, TODAY)


def paths(feeds: list[Feed]) -> list[str]:
    return [feed.url.removeprefix("https://reef.test") for feed in feeds]


def test_there_is_a_feed_for_this_month_and_for_each_that_follows() -> None:
    months = ("2026-11", "2026-12", "2027-01")
    site = AskedSite({MONTH.format(month): calendar(number) for number, month in enumerate(months, 1)})
    feeds = find(site)
    assert paths(feeds) == [MONTH.format(month) for month in months]
    assert [feed.name for feed in feeds] == [
        *("Bay & Reef, November 2026", "Bay & Reef, December 2026", "Bay & Reef, January 2027"),
    ]
    assert len(site.asked) == 3


def test_an_export_that_is_200_and_empty_is_no_feed_and_another_address_is_tried() -> None:
    site = AskedSite({MONTH.format("2026-11"): httpx.Response(200), QUERY.format("2026-11"): calendar(1)})
    assert paths(find(site, ahead=0)) == [QUERY.format("2026-11")]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404),
        httpx.Response(403, text="Just a moment..."),
        httpx.Response(200, text="<html>A page</html>"),
        httpx.Response(200, json={"message": "Group not found"}),
    ],
)
def test_what_is_no_calendar_is_no_feed(answer: httpx.Response) -> None:
    site = AskedSite({MONTH.format("2026-11"): answer, LIST.format("2026-11"): calendar(1)})
    assert paths(find(site, ahead=0)) == [LIST.format("2026-11")]


def test_the_address_that_answers_for_one_month_is_the_first_to_be_tried_for_the_next() -> None:
    site = AskedSite({QUERY.format(month): calendar(post) for post, month in ((1, "2026-11"), (2, "2026-12"))})
    assert len(find(site, ahead=1)) == 2
    assert site.asked == [MONTH.format("2026-11"), QUERY.format("2026-11"), QUERY.format("2026-12")]


def test_a_site_that_answers_every_address_with_the_same_list_has_one_feed() -> None:
    site = AskedSite({"/": calendar(1, 2), "/events/month/2026-11/": calendar(1, 2)})
    assert paths(find(site)) == [MONTH.format("2026-11")]


def test_a_moved_evening_is_known_again_although_its_uid_has_changed() -> None:
    moved = calendar(1).text.replace("-1771074000-", "-1771160400-")
    site = AskedSite({MONTH.format("2026-11"): calendar(1), MONTH.format("2026-12"): httpx.Response(200, text=moved)})
    assert len(find(site, ahead=1)) == 1


def test_of_a_month_with_more_than_thirty_entries_the_rest_is_found_on_the_lists_further_pages() -> None:
    site = AskedSite(
        {
            MONTH.format("2026-11"): calendar(*range(30)),
            FURTHER.format(2, "2026-11"): calendar(*range(30, 60)),
            FURTHER.format(3, "2026-11"): calendar(*range(60, 65)),
        }
    )
    feeds = find(site, ahead=0)
    assert paths(feeds) == [MONTH.format("2026-11"), FURTHER.format(2, "2026-11"), FURTHER.format(3, "2026-11")]
    assert feeds[1].name == "Bay & Reef, November 2026, page 2"


def test_further_pages_end_where_the_next_month_begins() -> None:
    site = AskedSite(
        {
            MONTH.format("2026-11"): calendar(*range(30)),
            FURTHER.format(2, "2026-11"): calendar(*range(30, 60), month="202612"),
            FURTHER.format(3, "2026-11"): calendar(*range(60, 90), month="202612"),
        }
    )
    assert len(find(site, ahead=0)) == 2


def test_pages_that_repeat_themselves_are_not_followed_for_ever() -> None:
    site = AskedSite({MONTH.format("2026-11"): calendar(*range(30))})
    site.answers["/events/list/page/2/"] = site.answers["/events/list/page/3/"] = calendar(*range(30, 60))
    assert len(find(site, ahead=0)) == 2
    assert len(site.asked) == 3
    assert len(site.asked) < MOST_PAGES


def test_a_month_without_entries_is_a_feed_for_there_may_be_some_tomorrow() -> None:
    site = AskedSite({MONTH.format(month): calendar() for month in ("2026-11", "2026-12")})
    assert len(find(site, ahead=1)) == 2


def test_a_calendar_without_a_name_is_called_by_its_host() -> None:
    site = AskedSite({MONTH.format("2026-11"): calendar(1, name="")})
    assert [feed.name for feed in find(site, ahead=0)] == ["reef.test, November 2026"]


def test_a_site_without_any_feed_has_none() -> None:
    assert find(AskedSite({})) == []


def test_a_site_that_refuses_everything_has_not_none_but_refuses() -> None:
    site = AskedSite({"/": httpx.Response(403), "/events/month/2026-11/": httpx.Response(403)})
    with pytest.raises(UpstreamRefused):
        find(site)


def test_robots_txt_is_obeyed() -> None:
    site = AskedSite({"/robots.txt": httpx.Response(200, text="User-agent: *\nDisallow: /*?*ical=1\n")})
    with pytest.raises(UpstreamRefused, match=r"robots\.txt"):
        find(site)
    assert site.asked == []


@pytest.mark.parametrize(("status", "error"), [(503, UpstreamAway), (429, RateLimited)])
def test_a_site_that_is_away_is_asked_again_another_time(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        find(AskedSite({"/events/month/2026-11/": httpx.Response(status)}))


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("https://reef.test", "https://reef.test"),
        ("https://reef.test/", "https://reef.test"),
        ("https://reef.test/events/", "https://reef.test"),
        ("https://reef.test/events/month/?x=1", "https://reef.test"),
        ("http://127.0.0.1:8099/mote/", "http://127.0.0.1:8099/mote"),
    ],
)
def test_a_sites_root_is_found_from_its_calendars_address(url: str, root: str) -> None:
    assert root_of(url) == root


def rest(*ids: int, pages: int | None = None, following: str | None = None) -> httpx.Response:
    page = {"events": [{"id": number} for number in ids], "total": len(ids), "next_rest_url": following}
    return httpx.Response(200, json=page if pages is None else {**page, "total_pages": pages})


def fetch_rest(site: AskedSite) -> list[int]:
    pages = open_mote(site.gateway()).fetch_rest("https://reef.test", TODAY, date(2026, 12, 31))
    return [record["id"] for page in pages for record in page["events"]]


def by_page(pages: dict[str, httpx.Response]) -> AskedSite:
    return AskedSite({REST: lambda request: pages.get(request.url.params["page"], httpx.Response(404))})


def test_rest_pages_are_counted_and_end_at_their_total() -> None:
    site = by_page({"1": rest(1, 2, pages=2, following="https://elsewhere.test/"), "2": rest(3, pages=2)})
    assert fetch_rest(site) == [1, 2, 3]
    assert "start_date=2026-11-22+00%3A00%3A00&end_date=2026-12-31+23%3A59%3A59" in site.asked[0]
    assert len(site.asked) == 2


def test_a_page_past_the_end_which_is_404_is_the_end() -> None:
    site = by_page({"1": rest(1, pages=3), "2": httpx.Response(404, json=PAST_THE_END)})
    assert fetch_rest(site) == [1]


def test_an_empty_calendar_is_404_in_old_versions_and_an_empty_page_in_new_ones() -> None:
    assert fetch_rest(by_page({"1": httpx.Response(404, json=PAST_THE_END)})) == []
    assert fetch_rest(by_page({"1": rest(pages=0)})) == []


def test_a_site_that_has_switched_its_rest_interface_off_says_so() -> None:
    with pytest.raises(UpstreamGone):
        fetch_rest(by_page({}))


@pytest.mark.parametrize("body", [[], {"code": "x"}, {"events": None}])
def test_an_answer_without_events_is_unreadable(body: object) -> None:
    with pytest.raises(UnreadableAnswer):
        fetch_rest(by_page({"1": httpx.Response(200, json=body)}))


def test_rest_pages_that_never_end_are_unreadable_in_the_end() -> None:
    site = AskedSite({REST: lambda _: rest(1, pages=10**6)})
    with pytest.raises(UnreadableAnswer, match="more than"):
        fetch_rest(site)
