"""Which bodies are pages, which of their blocks can be read, and where the events are in them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.catalog.venues.records import Broken, Listing
from shared.errors import UnreadableAnswer
from shared.upstreams.jsonld import find_feeds, read_page
from shared.upstreams.sniff import sniff
from tests.unit.upstreams.calendars import HOME, WINDOW, calendar
from tests.unit.upstreams.pages import BASE, EVENT, block, broken, only, page, read


@pytest.mark.parametrize(
    "body", [b"", b"  \n", b'{"message":"no"}', b"BEGIN:VCALENDAR\nEND:VCALENDAR\n", b"<?xml version='1.0'?><rss/>"]
)
def test_a_body_that_is_no_html_is_refused_before_anything_is_yielded(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer, match="no HTML"):
        read_page(body, BASE, HOME, WINDOW)


@pytest.mark.parametrize(
    "title", ["Just a moment...", "Attention Required! | Cloudflare", "403 Forbidden", "Access Denied"]
)
def test_a_page_that_keeps_visitors_off_is_refused(title: str) -> None:
    with pytest.raises(UnreadableAnswer, match="keeps visitors off"):
        read_page(f"<html><head><title>{title}</title></head></html>".encode(), BASE, HOME, WINDOW)


def test_a_page_with_events_may_have_any_title() -> None:
    body = b"<html><title>Attention required: a play</title>" + block(json.dumps(EVENT)).encode()
    assert len(list(read_page(body, BASE, HOME, WINDOW))) == 1


def test_a_page_without_events_is_empty() -> None:
    assert read(b"<html><body><p>Soup</p></body></html>") == []
    assert read(page({"@type": "Organization", "name": "Hall"}, None, [], 3, "text")) == []


@pytest.mark.parametrize(
    "holder",
    [
        EVENT,
        [EVENT],
        [[EVENT], None],
        {"@context": "https://schema.org", "@graph": [{"@type": "WebSite"}, EVENT]},
        {"@type": "Place", "name": "Hall", "event": [EVENT]},
        {"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "position": 1, "item": EVENT}]},
        {**EVENT, "@type": ["Thing", "MusicEvent"]},
        {**EVENT, "@type": "http://schema.org/TheaterEvent"},
        {**EVENT, "@type": "schema:EducationEvent"},
        {**EVENT, "@type": "Festival"},
    ],
)
def test_an_event_is_found_wherever_it_stands_and_whatever_its_type_is_called(holder: Any) -> None:
    assert only(page(holder)).title == "Jazz"


@pytest.mark.parametrize("name", ["BroadcastEvent", "PublicationEvent", "Organization", "EventVenue", None, 3])
def test_what_one_cannot_go_to_is_no_event(name: Any) -> None:
    assert read(page({**EVENT, "@type": name})) == []


def test_a_series_is_its_evenings_and_an_evenings_series_is_not_one_more() -> None:
    evening = {**EVENT, "superEvent": {"@type": "EventSeries", "name": "Season", "startDate": "2026-01-01"}}
    assert (
        len(read(page({"@type": "EventSeries", "name": "Season", "startDate": "2026-01-01", "subEvent": [evening]})))
        == 1
    )


def test_a_mere_mention_of_an_event_is_neither_read_nor_broken() -> None:
    assert read(page({"@type": "Event", "@id": "https://venue.example/e/1", "name": "Jazz"})) == []


def test_references_are_followed() -> None:
    hall = {"@type": "Place", "@id": "#hall", "name": "Great Hall"}
    picture = {"@type": "ImageObject", "@id": "#pic", "url": "/pic.jpg"}
    found = only(page({"@graph": [{**EVENT, "location": {"@id": "#hall"}, "image": {"@id": "#pic"}}, hall, picture]}))
    assert (found.venue, found.image) == ("Great Hall", "https://venue.example/pic.jpg")


def test_line_ends_and_control_characters_within_texts_are_read() -> None:
    written = json.dumps(EVENT).replace("Jazz", "Ja\tzz\nand\x0b more")
    assert only(block(written).encode()).title == "Ja zz and more"


def test_wrappings_of_old_times_are_taken_off() -> None:
    for before, after in (("<!--", "-->"), ("//<![CDATA[\n", "\n//]]>"), ("<![CDATA[", "]]>")):
        assert only(block(f"{before}{json.dumps(EVENT)}{after}").encode()).title == "Jazz"


STRAY = """{"@type": "Event", "name": "Jazz", "startDate": "2026-03-02T20:00:00-05:00", "offers": {
  "@type": "Offer", "price": "42.24","
  "priceCurrency": "CAD",
  "url": "https://tickets.example/1"
}}"""


def test_a_stray_quote_after_the_price_costs_neither_the_event_nor_its_tickets() -> None:
    found = only(block(STRAY).encode())
    assert (found.title, str(found.price_low), found.currency) == ("Jazz", "42.24", "CAD")
    assert found.ticket_url == "https://tickets.example/1"


def test_trailing_commas_and_comments_are_mended() -> None:
    written = json.dumps(EVENT, indent=1).replace('"Jazz",', '"Jazz", // tonight').replace("\n}", ",\n}")
    assert only(block(written).encode()).title == "Jazz"


def test_a_text_nobody_closed_is_mended_where_all_that_was_written_is_still_there() -> None:
    found = only(block('{"@type": "Event", "name": "Jazz, "startDate": "2026-03-02", "url": "/e/1"}').encode())
    assert (found.title, found.all_day, found.url) == ("Jazz", True, "https://venue.example/e/1")


@pytest.mark.parametrize(
    "written",
    [
        '{"@type": "Event", "name": "Jazz", "startDate": 2026-03-02T20:00, "endDate',
        '"@type": "Event", "name" "Jazz"',
        '{"@type": "Event", "name": "' + '{"a":' * 20_000,
    ],
)
def test_a_block_whose_sense_would_have_to_be_guessed_is_broken_and_the_others_are_read(written: str) -> None:
    good = {**EVENT, "name": "Blues"}
    found = list(read_page((block(written) + block(json.dumps(good))).encode(), BASE, HOME, WINDOW))
    assert isinstance(found[0], Broken)
    assert [one.title for one in found if isinstance(one, Listing)] == ["Blues"]


def test_a_broken_block_about_something_else_is_nobodys_entry() -> None:
    assert broken(block('{"@type": "NewsArticle", "headline" "Soup"').encode()) == []


def test_one_event_that_cannot_be_read_does_not_cost_the_others() -> None:
    nameless = {"@type": "Event", "startDate": "2026-03-02", "url": "https://venue.example/2"}
    timeless = {"@type": "Event", "name": "Blues", "description": "x"}
    body = page([nameless, timeless, {**EVENT, "startDate": "soon"}, {**EVENT, "name": "Good"}])
    assert [(one.entry, one.problem) for one in broken(body)] == [
        ("https://venue.example/2", "it has no name"),
        ("Blues", "it has no startDate"),
        ("https://venue.example/e/1", "'soon' is no date or time"),
    ]
    assert [one.title for one in list(read_page(body, BASE, HOME, WINDOW)) if isinstance(one, Listing)] == ["Good"]


def test_a_page_in_an_old_encoding_is_read() -> None:
    written = json.dumps({**EVENT, "name": "Café"}, ensure_ascii=False)
    assert only(block(written).encode("cp1252")).title == "Café"


def test_feeds_are_found_the_declared_ones_first() -> None:
    body = b"""<html><head>
    <link rel="alternate" type="text/calendar" href="/events/?ical=1&amp;x=2">
    <link rel="stylesheet" href="/style.css"></head><body>
    <a href="webcal://venue.example/?post_type=tribe_events&amp;ical=1&amp;eventDisplay=list">Subscribe</a>
    <a href="WEBCAL:venue.example/b.ics#top">b</a> <a href="calendar.ICS">c</a> <a href="/events/?ical=10">no</a>
    <a href="mailto:box@venue.example">no</a> <a href="http://[broken">no</a>
    <a href="/events/?ical=1&amp;x=2">again</a> <a>no</a></body></html>"""
    assert find_feeds(body, "https://venue.example/events/list/") == [
        "https://venue.example/events/?ical=1&x=2",
        "https://venue.example/?post_type=tribe_events&ical=1&eventDisplay=list",
        "https://venue.example/b.ics",
        "https://venue.example/events/list/calendar.ICS",
    ]
    assert find_feeds(b"", BASE) == []


def test_a_webcal_address_is_asked_as_its_page_is() -> None:
    body = b'<html><a href="webcal://hall.example:8080/a.ics">Subscribe</a></html>'
    assert find_feeds(body, "http://hall.example:8080/") == ["http://hall.example:8080/a.ics"]


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (calendar(), "text/plain", "ical"),
        (b"\xef\xbb\xbf" + calendar(), None, "ical"),
        (page(EVENT), "text/calendar", "jsonld"),
        (b"<html><pre>\nBEGIN:VCALENDAR\nEND:VCALENDAR\n</pre></html>", "text/html; charset=utf-8", None),
        (b"<html></html>", "text/html", None),
        (b"", "text/calendar", None),
        (b'{"a":1}', "application/ld+json", None),
        (b"<html><title>Just a moment...</title></html>", "text/html", None),
    ],
)
def test_the_body_tells_which_reader_can_read_it(body: bytes, content_type: str | None, expected: str | None) -> None:
    assert sniff(body, content_type) == expected


WELL = page([EVENT, {**EVENT, "startDate": "2026-03-04", "offers": {"price": "1,234.50", "priceCurrency": "USD"}}])
CUTS = st.lists(st.tuples(st.integers(0, len(WELL)), st.integers(0, 30), st.binary(max_size=6)), max_size=5)


@settings(max_examples=200, deadline=None)
@given(CUTS)
def test_a_mutilated_page_is_refused_or_read_but_never_gets_past_its_reader(cuts: list[tuple[int, int, bytes]]) -> None:
    body = WELL
    for at, length, piece in cuts:
        body = body[:at] + piece + body[at + length :]
    find_feeds(body, BASE)
    try:
        found = list(read_page(body, BASE, HOME, WINDOW))
    except UnreadableAnswer:
        return
    repr(found).encode("utf-8")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["2026-03-02", "Event"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["@id", "@type", "name", "url", "price"]), inner)
    ),
    max_leaves=8,
)
FIELDS = ("location", "offers", "image", "organizer", "keywords", "eventStatus", "endDate", "url", "@id", "description")


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_a_field_of_any_type_is_read_or_passed_over(fields: dict[str, Any]) -> None:
    found = list(read_page(page({**EVENT, **fields}), BASE, HOME, WINDOW))
    assert any(isinstance(one, Listing) and one.title == "Jazz" for one in found)
    assert all(
        one.starts_at == datetime(2026, 3, 3, 1, tzinfo=UTC)
        for one in found
        if isinstance(one, Listing) and one.title == "Jazz"
    )
