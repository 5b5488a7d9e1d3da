"""The stand-ins of venues' sites behave as the true ones do: firewall, paging, empty exports, versions."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from shared.catalog.venues.records import Broken, Listing, Window
from shared.errors import RateLimited
from shared.settings import Settings
from shared.upstreams.ical import read_calendar as read_feed
from shared.upstreams.jsonld import read_page
from shared.upstreams.mote import open_mote, read_rest
from shared.upstreams.vanwezel import open_vanwezel, read_calendar
from tests.unit.upstreams.own_time import OwnTime, Time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import httpx

    from tests.unit.sandbox import conftest
    from tests.unit.sandbox.conftest import Sandbox

ZONE = "America/New_York"
AJAX = {"X-Requested-With": "XMLHttpRequest"}
BROWSER = {"User-Agent": "Mozilla/5.0"}
EVERY_MONTH = ("?post_type=tribe_events&ical=1&eventDisplay=month&eventDate=2026-11", "events/month/2026-11/?ical=1")


class SandboxTime(Time):
    """The sandbox's own clock, which waiting moves on."""

    def __init__(self, time: conftest.Time) -> None:
        super().__init__()
        self._time = time

    def __call__(self) -> float:
        return self.now + self._time.passed

    def sleep(self, seconds: float) -> None:
        self._time.advance(seconds)


def get(sandbox: Sandbox, path: str, **headers: str) -> httpx.Response:
    return sandbox.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def listings(found: Iterable[Listing | Broken]) -> list[Listing]:
    found = list(found)
    assert [each for each in found if isinstance(each, Broken)] == []
    return [each for each in found if isinstance(each, Listing)]


def window(sandbox: Sandbox) -> Window:
    return Window(sandbox.time.now() - timedelta(days=40), sandbox.time.now() + timedelta(days=365))


def pieces(sandbox: Sandbox) -> list[str]:
    """Return every page of the hall's calendar, asked for slowly enough."""
    pages = [get(sandbox, "/vanwezel/events").text]
    while True:
        sandbox.time.advance(2)
        answer = sandbox.client.get(f"/vanwezel/events/events_ajax/{9 * len(pages)}", headers=AJAX)
        if answer.json() == "":
            return pages
        pages.append(answer.json())


def hall(sandbox: Sandbox) -> list[Listing]:
    at = sandbox.time.now()
    return listings(read_calendar(pieces(sandbox), "http://sandbox/vanwezel/events", ZONE, at))


def feed(sandbox: Sandbox, name: str) -> list[Listing | Broken]:
    return list(read_feed(get(sandbox, f"/feeds/{name}").content, ZONE, window(sandbox)))


def uids(sandbox: Sandbox, path: str) -> list[str]:
    return re.findall(r"^UID:(\S+)", get(sandbox, f"/mote/{path}").text, re.MULTILINE)


def test_the_halls_calendar_comes_nine_cards_at_a_time_and_all_of_it_is_to_come(sandbox: Sandbox) -> None:
    pages = pieces(sandbox)
    assert [page.count('class="eventItem') for page in pages] == [9, 9, 9, 5]
    found = hall(sandbox)
    assert len({each.key for each in found}) == 32
    assert all(each.ends_at is not None and each.ends_at > sandbox.time.now() for each in found)


def test_the_halls_pieces_are_json_texts_with_escaped_slashes_for_scripts_of_its_page_only(sandbox: Sandbox) -> None:
    piece = sandbox.client.get("/vanwezel/events/events_ajax/9", headers=AJAX)
    assert piece.text.startswith('"<div class=')
    assert "<\\/div>" in piece.text
    assert get(sandbox, "/vanwezel/events/events_ajax/9").status_code == 404
    assert sandbox.client.get("/vanwezel/events/events_ajax/900", headers=AJAX).text == '""'


def test_the_halls_cards_have_every_odd_form(sandbox: Sandbox) -> None:
    text = "".join(pieces(sandbox))
    for form in (
        *("& The Night Ferry </a>", "Rock &amp; Reef", 'class="tickets soldout ', 'class="tickets cancelled '),
        *('class="tickets onsalesoon ', 'href="/vanwezel/events/detail/', "Register here!", "m-date__rangeLast"),
        *("Call the box office to purchase!", "presented-by", "&amp;orgid="),
    ):
        assert form in text, form
    alone = re.search(
        r'<div class="date"> <span class="m-date__rangeFirst">(?:<span[^>]*>[^<]*</span>)*</span> </div>', text
    )
    assert alone is not None
    found = hall(sandbox)
    assert {each.status for each in found} == {"scheduled", "cancelled"}
    assert {each.availability for each in found} == {"on_sale", "sold_out", "coming_soon", None}


def test_the_halls_evenings_are_the_same_from_day_to_day(sandbox: Sandbox) -> None:
    before = {each.key: each for each in hall(sandbox)}
    sandbox.time.advance(24 * 3600)
    after = {each.key: each for each in hall(sandbox)}
    kept = before.keys() & after.keys()
    assert len(kept) >= 30
    assert all(before[key] == after[key] for key in kept)


def test_the_halls_firewall_refuses_whoever_asks_too_fast_for_a_while(sandbox: Sandbox) -> None:
    statuses = [get(sandbox, "/vanwezel/events").status_code for _ in range(10)]
    assert statuses == [200] * 6 + [406] * 4
    sandbox.time.advance(5)
    assert get(sandbox, "/vanwezel/events").status_code == 406
    sandbox.time.advance(6)
    assert get(sandbox, "/vanwezel/events").status_code == 200


def test_the_halls_firewall_bears_a_request_every_other_second(sandbox: Sandbox) -> None:
    for _ in range(50):
        assert get(sandbox, "/vanwezel/events").status_code == 200
        sandbox.time.advance(2)


def test_the_halls_pages_of_single_evenings_are_for_browsers(sandbox: Sandbox) -> None:
    key = hall(sandbox)[0].key
    assert get(sandbox, f"/vanwezel/events/detail/{key}").status_code == 406
    sandbox.time.advance(2)
    page = sandbox.client.get(f"/vanwezel/events/detail/{key}", headers=BROWSER)
    assert page.status_code == 200
    assert "m-showings" in page.text
    sandbox.time.advance(2)
    assert sandbox.client.get("/vanwezel/events/detail/none", headers=BROWSER).status_code == 404


@pytest.mark.parametrize("path", ["/robots.txt", "/vanwezel/robots.txt", "/mote/robots.txt", "/feeds/robots.txt"])
def test_robots_may_read_the_sites(sandbox: Sandbox, path: str) -> None:
    answer = get(sandbox, path)
    assert (answer.status_code, answer.headers["content-type"][:10]) == (200, "text/plain")
    assert answer.text.startswith("User-agent: *")


def test_an_evening_can_be_put_off_renamed_taken_off_and_restored(sandbox: Sandbox) -> None:
    first, second, *_ = sandbox.client.get("/control/programmes/vanwezel").json()
    control = "/control/programmes/vanwezel"
    sandbox.client.put(f"{control}/{first['key']}", params={"days": 30, "title": "Put off"})
    sandbox.client.delete(f"{control}/{second['key']}")
    found = {each.key: each for each in hall(sandbox)}
    assert second["key"] not in found
    assert found[first["key"]].title == "Put off"
    put_off = datetime.fromisoformat(first["starts"]).date() + timedelta(days=30)
    assert (found[first["key"]].starts_at - timedelta(hours=5)).date() == put_off
    sandbox.client.delete(control)
    assert {first["key"], second["key"]} <= {each.key for each in hall(sandbox)}
    assert sandbox.client.get("/control/programmes/nowhere").status_code == 404


def test_the_plugins_first_export_is_200_and_empty(sandbox: Sandbox) -> None:
    answer = get(sandbox, "/mote/events/?ical=1")
    assert (answer.status_code, answer.content) == (200, b"")


def test_the_plugins_list_has_thirty_entries_a_page(sandbox: Sandbox) -> None:
    query = uids(sandbox, "?post_type=tribe_events&ical=1&eventDisplay=list")
    pages = [uids(sandbox, f"events/list/page/{page}/?ical=1") for page in (1, 2, 3, 4)]
    assert query == pages[0] == uids(sandbox, "events/list/?ical=1")
    assert [len(page) for page in pages] == [30, 30, 15, 0]
    assert len({uid for page in pages for uid in page}) == 75


@pytest.mark.parametrize("path", EVERY_MONTH)
def test_the_plugins_month_has_what_is_on_in_it_and_nothing_else(sandbox: Sandbox, path: str) -> None:
    found = listings(read_feed(get(sandbox, f"/mote/{path}").content, ZONE, window(sandbox)))
    assert found
    for each in found:
        assert each.starts_at < datetime(2026, 12, 1, 5, tzinfo=UTC)
        assert (each.ends_at or each.starts_at) > datetime(2026, 11, 1, 4, tzinfo=UTC)


def test_the_plugins_exports_have_its_quirks(sandbox: Sandbox) -> None:
    text = get(sandbox, "/mote/events/list/?ical=1").text
    assert re.search(r"^DTSTAMP:\d{8}T\d{6}\r$", text, re.MULTILINE)
    assert re.search(r"^UID:\d+-\d{10}-\d{10}@\S+\r$", text, re.MULTILINE)
    assert re.search(r"^DTSTART;VALUE=DATE:\d{8}\r$", text, re.MULTILINE)
    assert "BEGIN:STANDARD\r\nTZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nTZNAME:EST\r\nDTSTART:20261103T060000" in text
    assert "PRODID:-//Bay &amp; Reef" in text
    assert "SUMMARY:Turtle Walk &#8211; Sunrise" in text
    assert max(len(line) for line in text.split("\r\n")) > 75
    assert "SEQUENCE" not in text
    assert "\r\nSTATUS" not in text


def test_an_evening_of_the_plugin_that_is_moved_has_another_uid_but_the_same_key(sandbox: Sandbox) -> None:
    key = sandbox.client.get("/control/programmes/mote").json()[2]["key"]
    path = "/mote/events/list/?ical=1"

    def found() -> Any:
        text = get(sandbox, path).text
        entry = next(each for each in text.split("BEGIN:VEVENT") if f"/event/{key}/" in each)
        uid = re.search(r"^UID:(\S+)", entry, re.MULTILINE)
        (listing,) = [
            each for each in listings(read_feed(text.encode(), ZONE, window(sandbox))) if key in str(each.url)
        ]
        return uid and uid[1], listing.key, listing.starts_at

    before = found()
    sandbox.client.put(f"/control/programmes/mote/{key}", params={"days": 3})
    after = found()
    assert before[0] != after[0]
    assert before[1] == after[1]
    assert after[2] - before[2] == timedelta(days=3)


def test_the_plugins_rest_archive_ends_with_404_and_agrees_with_its_exports(sandbox: Sandbox) -> None:
    path = "/mote/wp-json/tribe/events/v1/events?per_page=50&page={}"
    pages = [get(sandbox, path.format(page)).json() for page in (1, 2)]
    assert [(len(page["events"]), page["total"], page["total_pages"]) for page in pages] == [(50, 75, 2), (25, 75, 2)]
    assert "next_rest_url" in pages[0]
    assert "next_rest_url" not in pages[1]
    past = get(sandbox, path.format(3))
    assert (past.status_code, past.json()["code"]) == (404, "event-archive-page-not-found")
    records = pages[0]["events"]
    assert any(record["image"] is False for record in records)
    assert any(record["venue"] == [] for record in records)
    exported = listings(read_feed(get(sandbox, "/mote/events/list/?ical=1").content, ZONE, window(sandbox)))
    archived = {each.key: each for each in listings(read_rest(pages, ZONE))}
    for each in exported:
        twin = archived[each.key]
        assert (each.title, each.starts_at, each.ends_at, each.all_day) == (
            *(twin.title, twin.starts_at, twin.ends_at),
            twin.all_day,
        )


def gateway(sandbox: Sandbox) -> OwnTime:
    """Return a way out to the sandbox, on whose clock the waiting is done."""
    return OwnTime(sandbox.client, Settings(), None, SandboxTime(sandbox.time))


def test_whoever_reads_the_halls_calendar_twice_does_not_provoke_its_firewall(sandbox: Sandbox) -> None:
    polite = gateway(sandbox)
    for _ in range(2):
        pages = open_vanwezel(polite).fetch_calendar("http://sandbox/vanwezel", delay=0.0)
        found = listings(read_calendar(pages, "http://sandbox/vanwezel", ZONE, sandbox.time.now()))
        planned = sandbox.client.get("/control/programmes/vanwezel").json()
        assert [each.key for each in found] == [each["key"] for each in planned]


def test_whoever_reads_it_twice_without_waiting_is_refused(sandbox: Sandbox) -> None:
    hasty = OwnTime(sandbox.client, Settings())  # whose waiting moves no clock but its own
    open_vanwezel(hasty).fetch_calendar("http://sandbox/vanwezel", delay=60.0)
    with pytest.raises(RateLimited):
        open_vanwezel(hasty).fetch_calendar("http://sandbox/vanwezel", delay=60.0)


def test_whoever_looks_for_the_plugins_feeds_finds_a_month_each(sandbox: Sandbox) -> None:
    feeds = open_mote(gateway(sandbox)).find_feeds("http://sandbox/mote/", 2, sandbox.time.now().date())
    assert [each.url.removeprefix("http://sandbox/mote") for each in feeds] == [
        f"/events/month/{month}/?ical=1" for month in ("2026-11", "2026-12", "2027-01")
    ]
    asked = sandbox.requests(path="/mote/*")["requests"]
    assert len(asked) == 3


def test_feeds_are_sent_once_for_each_version(sandbox: Sandbox) -> None:
    first = get(sandbox, "/feeds/cinema.ics")
    tag, modified = first.headers["etag"], first.headers["last-modified"]
    for headers in ({"If_None_Match": tag}, {"If_None_Match": f'"x", W/{tag}'}, {"If_Modified_Since": modified}):
        again = get(sandbox, "/feeds/cinema.ics", **headers)
        assert (again.status_code, again.content) == (304, b"")
    sandbox.time.advance(60)
    key = sandbox.client.get("/control/programmes/feeds").json()[0]["key"]
    sandbox.client.put(f"/control/programmes/feeds/{key}", params={"title": "Another film"})
    for headers in ({"If_None_Match": tag}, {"If_Modified_Since": modified}, {"If_None_Match": '"x"'}):
        assert get(sandbox, "/feeds/cinema.ics", **headers).status_code == 200


def test_feeds_can_be_read_as_far_as_they_are_meant_to(sandbox: Sandbox) -> None:
    assert len(listings(feed(sandbox, "cinema.ics"))) == 30
    assert {each.time_zone for each in listings(feed(sandbox, "floating.ics"))} == {"America/Chicago"}
    assert [each.all_day for each in listings(feed(sandbox, "all-day.ics"))] == [True, True]
    assert [type(each) for each in feed(sandbox, "broken.ics")] == [Listing, Broken, Listing, Broken, Listing]
    assert feed(sandbox, "empty.ics") == []
    assert get(sandbox, "/feeds/nothing.ics").content == b""
    assert get(sandbox, "/feeds/challenge.ics").headers["content-type"].startswith("text/html")
    assert get(sandbox, "/feeds/elsewhere.ics").status_code == 404


def test_a_series_has_one_date_left_out_and_one_moved(sandbox: Sandbox) -> None:
    found = [each for each in listings(feed(sandbox, "recurring.ics")) if each.starts_at.year == 2026]
    titles = {each.starts_at.date().isoformat(): each.title for each in found}
    assert "Tango Friday, two hours later" in titles.values()
    fridays = sorted(each.starts_at for each in found)
    assert any(later - earlier >= timedelta(days=13) for earlier, later in pairwise(fridays))


def test_of_a_page_with_json_ld_one_block_is_broken(sandbox: Sandbox) -> None:
    page = get(sandbox, "/feeds/venue.html").content
    found = list(read_page(page, "http://sandbox/feeds/venue.html", ZONE, window(sandbox)))
    assert sum(isinstance(each, Listing) for each in found) >= 4
    assert list(read_page(get(sandbox, "/feeds/none.html").content, "http://sandbox/", ZONE, window(sandbox))) == []


def test_a_calendar_of_any_length_is_generated(sandbox: Sandbox) -> None:
    found = listings(feed(sandbox, "synthetic-1234.ics"))
    assert len({each.key for each in found}) == 1234
    answer = get(sandbox, "/feeds/synthetic-0.ics")
    assert answer.text.count("BEGIN:VEVENT") == 0
    tag = answer.headers["etag"]
    assert get(sandbox, "/feeds/synthetic-0.ics", If_None_Match=tag).status_code == 304


def test_a_test_can_put_a_feed_of_its_own_there(sandbox: Sandbox) -> None:
    assert sandbox.client.put("/feeds/mine.ics", content=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n").status_code == 204
    answer = get(sandbox, "/feeds/mine.ics")
    assert (answer.content[:15], answer.headers["content-type"][:13]) == (b"BEGIN:VCALENDAR", "text/calendar")
    assert sandbox.client.delete("/feeds/mine.ics").status_code == 204
    assert get(sandbox, "/feeds/mine.ics").status_code == 404
    assert sandbox.client.delete("/feeds/mine.ics").status_code == 404


def test_recorded_pages_are_sent_in_place_of_invented_ones(start: Callable[..., Sandbox], tmp_path: Path) -> None:
    (tmp_path / "events_page.html").write_text("<div id='list'></div>")
    (tmp_path / "events_ajax_9.json").write_text('"recorded"')
    (tmp_path / "notes.md").write_text("-")
    sandbox = start(recordings={"vanwezel": tmp_path})
    assert get(sandbox, "/vanwezel/events").text == "<div id='list'></div>"
    assert get(sandbox, "/vanwezel/events/events_ajax/9?category=0").json() == "recorded"
    assert get(sandbox, "/vanwezel/events/events_ajax/18").status_code == 404
    assert sandbox.client.get("/control/recordings").json()["vanwezel"]["unread"] == ["notes.md"]


def test_a_fault_can_make_an_export_empty_and_a_feed_break_off(sandbox: Sandbox) -> None:
    for path in ("/mote/events/list/", "/feeds/cinema.ics"):
        sandbox.client.post("/control/faults", json={"path": path, "thin": True})
    assert get(sandbox, "/mote/events/list/?ical=1").content == b""
    assert isinstance(feed(sandbox, "cinema.ics")[-1], Broken)
