"""What a schema.org Event says, in each of the forms real pages write it in."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.upstreams.pages import EVENT, event, page, read


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("2026-03-02T20:00:00-05:00", "03-03 01:00"),
        ("2026-03-02T20:00:00-0500", "03-03 01:00"),
        ("2026-03-02T20:00:00.000Z", "03-02 20:00"),
        ("2026-03-02T20:00", "03-03 01:00"),
        ("2026-03-02 20:00:00", "03-03 01:00"),
        (["2026-03-02T20:00"], "03-03 01:00"),
        ({"@type": "DateTime", "@value": "2026-03-02T20:00"}, "03-03 01:00"),
    ],
)
def test_a_start_has_an_offset_or_is_in_the_venues_zone(start: Any, expected: str) -> None:
    found = event(startDate=start)
    assert (f"{found.starts_at:%m-%d %H:%M}", found.all_day, found.ends_at) == (expected, False, None)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-02", None, "03 05"),
        ("2026-03-02", "2026-03-02", "03 05"),
        ("2026-03-02", "2026-03-04", "05 05"),  # schema.org's endDate is the last day
        ("2026-03-02", "2026-03-01", "03 05"),
        ("2026-03-02", "2026-03-03T22:00", "04 05"),
        ("2026-03-02T00:00:00-05:00", "2026-03-03T23:59:59-05:00", "04 05"),  # The Events Calendar's whole days
    ],
)
def test_an_event_of_days_ends_with_its_last_day(start: str, end: str | None, expected: str) -> None:
    found = event(startDate=start, endDate=end)
    assert found.all_day
    assert (f"{found.starts_at:%d %H}", f"{found.ends_at:%d %H}") == ("02 05", expected)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2026-03-02T22:00:00-05:00", "03 03"),
        ("2026-03-02T22:00", "03 03"),
        ("2026-03-02T19:00:00-05:00", None),
        ("2026-03-02", None),
        ("2026-03-03", None),  # the next day, of an evening
        ("2026-03-20", "21 04"),
        ("later", None),
        ("", None),
    ],
)
def test_an_end_that_says_nothing_is_none(end: str, expected: str | None) -> None:
    ends_at = event(endDate=end).ends_at
    assert (f"{ends_at:%d %H}" if ends_at else None) == expected


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("https://schema.org/EventScheduled", "scheduled"),
        ("EventCancelled", "cancelled"),
        ("http://schema.org/EventCanceled", "cancelled"),
        (["https://schema.org/EventPostponed"], "postponed"),
        ("EventRescheduled", "scheduled"),
        ("https://schema.org/EventMovedOnline", "scheduled"),
        (None, "scheduled"),
        (7, "scheduled"),
    ],
)
def test_a_status_is_an_address_or_a_bare_word(said: Any, status: str) -> None:
    assert event(eventStatus=said, previousStartDate="2026-02-01").status == status


def test_a_title_may_say_cancelled_where_the_status_says_scheduled() -> None:
    assert event(name="CANCELLED: Jazz", eventStatus="EventScheduled").status == "cancelled"


ADDRESS = {
    "@type": "PostalAddress",
    "streetAddress": "1 Main St",
    "addressLocality": "Sarasota",
    "addressRegion": "FL",
    "postalCode": "34236",
    "addressCountry": {"@type": "Country", "name": "US"},
}


@pytest.mark.parametrize(
    ("location", "venue", "where"),
    [
        (None, None, None),
        ("Great Hall", "Great Hall", None),
        ({"@type": "Place", "name": "Great Hall", "address": "1 Main St"}, "Great Hall", "1 Main St"),
        ({"name": "Great &amp; Small", "address": ADDRESS}, "Great & Small", "1 Main St, Sarasota, FL, 34236, US"),
        ({"@type": "Place", "address": [ADDRESS]}, None, "1 Main St, Sarasota, FL, 34236, US"),
        ([{"@type": "VirtualLocation", "url": "https://x.example"}, {"name": "Great Hall"}], "Great Hall", None),
        ({"@type": "VirtualLocation", "url": "https://x.example"}, "Online", None),
        ([], None, None),
        ({"@type": "Place", "name": "", "address": {"@type": "PostalAddress"}}, None, None),
    ],
)
def test_a_place_is_a_text_an_object_or_a_list(location: Any, venue: str | None, where: str | None) -> None:
    found = event(location=location)
    assert (found.venue, found.address) == (venue, where)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("https://venue.example/a.jpg", "https://venue.example/a.jpg"),
        (["/a.jpg", "/b.jpg"], "https://venue.example/a.jpg"),
        ({"@type": "ImageObject", "url": "../a.jpg"}, "https://venue.example/a.jpg"),
        ([{"@type": "ImageObject", "contentUrl": "//cdn.example/a.jpg"}], "https://cdn.example/a.jpg"),
        (False, None),
        ("", None),
        ("data:image/png;base64,AAAA", None),
        ("http://[broken", None),
    ],
)
def test_a_picture_is_a_text_an_object_or_a_list(image: Any, expected: str | None) -> None:
    assert event(image=image).image == expected


@pytest.mark.parametrize(
    ("offers", "low", "high", "text"),
    [
        ({"price": "42.24", "priceCurrency": "CAD"}, "42.24", "42.24", None),
        ({"price": 15}, "15", "15", None),
        ([{"price": "25"}, {"price": "10.50"}], "10.50", "25", None),
        ({"@type": "AggregateOffer", "lowPrice": "10", "highPrice": 40.5}, "10", "40.5", None),
        ({"@type": "AggregateOffer", "offers": [{"price": 5}, {"price": 8}]}, "5", "8", None),
        ({"priceSpecification": {"minPrice": 5, "maxPrice": 8}}, "5", "8", None),
        ({"price": "53.84 - $61.05"}, "53.84", "61.05", "53.84 - $61.05"),
        ({"price": "35-$45"}, "35", "45", "35-$45"),
        ({"price": "$1,234.50"}, "1234.50", "1234.50", "$1,234.50"),
        ({"price": "12,50 €"}, "12.50", "12.50", "12,50 €"),
        ({"price": "PWYC"}, None, None, "PWYC"),
        ({"price": True}, None, None, None),
        ({"price": ""}, None, None, None),
        ("free for all", None, None, None),
        (None, None, None, None),
    ],
)
def test_a_price_is_a_text_or_a_number_of_one_offer_or_many(
    offers: Any, low: str | None, high: str | None, text: str | None
) -> None:
    found = event(offers=offers)
    assert found.price_low == (None if low is None else Decimal(low))
    assert found.price_high == (None if high is None else Decimal(high))
    assert found.price_text == text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"offers": {"price": "0", "availability": "https://schema.org/InStock"}}, "free"),
        ({"offers": {"price": 0}}, "free"),
        ({"offers": {"price": "Free"}}, "free"),
        ({"isAccessibleForFree": True}, "free"),
        ({"isAccessibleForFree": "true"}, "free"),
        ({"isAccessibleForFree": {}}, None),
        ({"offers": {"price": 0, "availability": "SoldOut"}}, "sold_out"),
        ({"offers": {"price": 9, "availability": "InStock"}}, "on_sale"),
        ({"offers": {"availability": "http://schema.org/PreOrder"}}, "coming_soon"),
        ({"offers": [{"availability": "SoldOut"}, {"availability": "LimitedAvailability"}]}, "on_sale"),
        ({"offers": {"availability": "https://schema.org/SomethingNew"}}, None),
        ({"offers": [{"price": 0}, {"price": 9}]}, None),
    ],
)
def test_tickets_are_available_as_an_address_or_a_bare_word_says(fields: Any, expected: str | None) -> None:
    assert event(**fields).availability == expected


def test_tickets_have_an_address_and_a_currency() -> None:
    found = event(offers=[{"url": "/tickets/1", "priceCurrency": "usd"}, {"url": "/tickets/2"}])
    assert (found.ticket_url, found.currency) == ("https://venue.example/tickets/1", "USD")
    assert event(offers={"priceCurrency": "$"}).currency is None


@pytest.mark.parametrize(
    ("organizer", "expected"),
    [
        ("Great Hall", "Great Hall"),
        ({"@type": "Organization", "name": "Great &amp; Small"}, "Great & Small"),
        ([{"name": "One"}, "Two", {"name": "One"}], "One, Two"),
        ("Organization", None),  # The Events Calendar's word for nobody
        (None, None),
    ],
)
def test_an_organizer_is_a_text_an_object_or_a_list(organizer: Any, expected: str | None) -> None:
    assert event(organizer=organizer, performer="Organization").organizer == expected


def test_texts_escaped_twice_are_read_once() -> None:
    found = event(
        name="Jim&#8217;s &amp; Jo&#039;s",
        description="&lt;p&gt;Soup &amp;amp; bread&lt;/p&gt;\\n\\nWe\\'re open [&hellip;]",
    )
    assert found.title == "Jim\u2019s & Jo's"
    assert found.description == "Soup & bread\n\nWe're open [\u2026]"


def test_keywords_are_categories() -> None:
    assert event(keywords="Jazz, Blues ,,Jazz", genre=["Soul"]).categories == ("Jazz", "Blues", "Soul")


def test_the_same_event_on_list_and_detail_page_has_one_key() -> None:
    listed = {**EVENT, "url": "https://Venue.example/e/1?utm_source=list#more"}
    assert event().key == "https://venue.example/e/1"
    assert [one.key for one in read(page([EVENT], listed))] == ["https://venue.example/e/1"]


def test_a_moved_event_keeps_its_key() -> None:
    assert event(startDate="2026-04-01").key == event().key


def test_an_event_without_address_is_known_by_its_id_and_else_by_what_it_is() -> None:
    assert event(url=None, **{"@id": "/e/1#event"}).key == "https://venue.example/e/1#event"
    assert event(url=None, location="Hall").key == "Jazz 20260303T0100Z Hall"
    assert event(url=None, **{"@id": "_:b0"}).key == "Jazz 20260303T0100Z"


def test_evenings_that_share_an_address_are_told_apart_by_day_or_time() -> None:
    starts = ("2026-03-02T15:00", "2026-03-02T20:00", "2026-03-04T20:00")
    assert [one.key for one in read(page([{**EVENT, "startDate": start} for start in starts]))] == [
        "https://venue.example/e/1#20260302T150000",
        "https://venue.example/e/1#20260302T200000",
        "https://venue.example/e/1#20260304",
    ]


def test_lone_surrogates_and_zero_bytes_do_not_get_through() -> None:
    found = event(name="Ja\ud800zz\x00", description="a\udfff", url="https://venue.example/\ud800")
    for text in (found.title, found.description or "", found.url or "", found.key):
        assert "\x00" not in text.encode("utf-8").decode()
