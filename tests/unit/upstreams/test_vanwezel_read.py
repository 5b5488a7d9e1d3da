"""What is read from the cards of Van Wezel's calendar, whatever they look like."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from shared.catalog.venues.records import Broken, Listing
from shared.errors import UnreadableAnswer
from shared.upstreams.vanwezel import read_calendar
from shared.upstreams.vanwezel.dates import NotADay, clock_time, days

SITE = "https://hall.test/events"
AT = datetime(2026, 9, 1, 12, tzinfo=UTC)
TODAY = date(2026, 9, 1)


def single(month: str = "Oct ", day: str = " 8", year: str = ", 2026", weekday: str = "Thu. ") -> str:
    spans = (("weekday", weekday), ("month", month), ("day", day), ("year", year))
    inner = "".join(f'<span class="m-date__{name}">{text}</span>' for name, text in spans if text)
    return f'<span class="m-date__singleDate">{inner}</span>'


def part(name: str, text: str) -> str:
    return f'<span class="m-date__{name}">{text}</span>'


def card(
    slug: str = "brass",
    title: str = "Brass Night",
    dates: str | None = None,
    *,
    href: str | None = None,
    tickets: str = '<a href="https://tickets.test/?a=1&amp;b=2" class="tickets onsalenow ">Buy Tickets</a>',
    classes: str = "",
    image: str = "https://hall.test/assets/brass.jpg",
    more: str = "",
) -> str:
    href = f"https://hall.test/events/detail/{slug}" if href is None else href
    return (
        f'<div class="eventItem entry {classes} clearfix"><div class="thumb"><a href="{href}"><img src="{image}"/></a>'
        f'</div><div class="info"><div class="date">{dates if dates is not None else single()}</div>'
        f'<h3 class="title "> <a href="{href}" title="More Info">{title}</a> </h3>{more}</div>'
        f'<div class="buttons">{tickets}<a href="{href}" class="more">More Info</a></div></div>'
    )


def page(*cards: str, filters: str = "") -> str:
    return f'<html><body>{filters}<div class="eventList"><div id="list">{"".join(cards)}</div></div></body></html>'


def read(*pages: str, site: str = SITE) -> list[Listing | Broken]:
    return list(read_calendar(pages, site, "America/New_York", AT))


def one(*cards: str) -> Listing:
    (found,) = read(page(*cards))
    assert isinstance(found, Listing), found
    return found


def test_an_evening_with_a_day_and_no_time_lasts_from_midnight_to_midnight_at_the_venue() -> None:
    listing = one(card())
    assert (listing.starts_at, listing.ends_at) == (
        datetime(2026, 10, 8, 4, tzinfo=UTC),
        datetime(2026, 10, 9, 4, tzinfo=UTC),
    )
    assert (listing.all_day, listing.time_zone) == (True, "America/New_York")


def test_the_key_is_the_slug_even_where_the_title_says_something_else() -> None:
    listing = one(card("boz-ska", "Boz Skaggs Rhythm Review 2026 "))
    assert (listing.key, listing.title) == ("boz-ska", "Boz Skaggs Rhythm Review 2026")
    assert listing.url == "https://hall.test/events/detail/boz-ska"


def test_each_date_of_a_series_has_a_slug_and_so_a_listing_of_its_own() -> None:
    cards = [card(f"golden-{number}", "Golden") for number in (23, 24, 25)]
    assert [each.key for each in read(page(*cards)) if isinstance(each, Listing)] == [
        *("golden-23", "golden-24", "golden-25"),
    ]


@pytest.mark.parametrize("written", ["Rock & Reef", "Rock &amp; Reef", "Rock &amp;amp; Reef", " Rock  &#038;\n Reef "])
def test_a_raw_ampersand_and_one_written_as_entity_are_the_same_title(written: str) -> None:
    assert one(card(title=written)).title == "Rock & Reef"


def test_an_ampersand_in_an_address_may_be_raw_too() -> None:
    tickets = '<a class="tickets" href="https://tickets.test/?a=1&orgid=42&copy=3">Buy</a>'
    assert one(card(tickets=tickets)).ticket_url == "https://tickets.test/?a=1&orgid=42&copy=3"


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("https://tickets.test/?a=1&amp;b=2", "https://tickets.test/?a=1&b=2"),
        ("/events/detail/brass", "https://hall.test/events/detail/brass"),
        ("https://forms.test/respond?id=7", "https://forms.test/respond?id=7"),
        ("tel:9415550100", None),
        ("javascript:void(0)", None),
        ("", None),
        ("http://[", None),
    ],
)
def test_a_ticket_link_is_absolute_or_relative_or_a_form_or_none(href: str, expected: str | None) -> None:
    assert one(card(tickets=f'<a href="{href}" class="tickets onsalenow">Buy</a>')).ticket_url == expected


@pytest.mark.parametrize(
    ("words", "status", "availability"),
    [
        ("onsalenow", "scheduled", "on_sale"),
        ("soldout", "scheduled", "sold_out"),
        ("onsalesoon", "scheduled", "coming_soon"),
        ("cancelled", "cancelled", None),
        ("unheard-of", "scheduled", None),
    ],
)
def test_the_class_of_the_ticket_link_is_the_state_of_sales(words: str, status: str, availability: str | None) -> None:
    listing = one(card(tickets=f'<a href="/t" class="tickets {words} ">Call the box office to purchase!</a>'))
    assert (listing.status, listing.availability) == (status, availability)


def test_a_card_without_ticket_link_has_no_state_of_sales() -> None:
    listing = one(card(tickets=""))
    assert (listing.status, listing.availability, listing.ticket_url) == ("scheduled", None, None)


@pytest.mark.parametrize(
    ("title", "status"), [("CANCELLED: Brass", "cancelled"), ("Brass - POSTPONED", "postponed"), ("Brass", "scheduled")]
)
def test_a_title_may_say_that_an_evening_is_off(title: str, status: str) -> None:
    assert one(card(title=title)).status == status


@pytest.mark.parametrize(
    ("parts", "first", "last"),
    [
        (["Thu. Oct  8, 2026"], date(2026, 10, 8), date(2026, 10, 8)),
        (["31 July  2024 "], date(2024, 7, 31), date(2024, 7, 31)),
        (["Jan 30", "31, 2026"], date(2026, 1, 30), date(2026, 1, 31)),
        (["Jan 30 - 31, 2026"], date(2026, 1, 30), date(2026, 1, 31)),
        (["Jan 30, 2026", "Feb 1, 2026"], date(2026, 1, 30), date(2026, 2, 1)),
        (["Jan 30, 2026 \u2013 Feb 1, 2026"], date(2026, 1, 30), date(2026, 2, 1)),
        (["30", "31 July 2024"], date(2024, 7, 30), date(2024, 7, 31)),
        (["Dec 30", "Jan 2, 2027"], date(2026, 12, 30), date(2027, 1, 2)),
        (["Dec 30, 2026", "Jan 2"], date(2026, 12, 30), date(2027, 1, 2)),
        (["Sept. 4th, 2026"], date(2026, 9, 4), date(2026, 9, 4)),
        # Neither names a year: the next such day, and a little while back.
        (["Oct 8"], date(2026, 10, 8), date(2026, 10, 8)),
        (["Feb 8"], date(2027, 2, 8), date(2027, 2, 8)),
        (["Aug 20", "Aug 22"], date(2026, 8, 20), date(2026, 8, 22)),
        (["Dec 31", "Jan 1"], date(2026, 12, 31), date(2027, 1, 1)),
        (["Feb 29"], date(2028, 2, 29), date(2028, 2, 29)),
    ],
)
def test_days_are_read_in_every_form_the_sites_write_them(parts: list[str], first: date, last: date) -> None:
    today = date(2027, 9, 1) if parts == ["Feb 29"] else TODAY
    assert days(parts, today) == (first, last)


@pytest.mark.parametrize(
    "parts", [["TBA"], [""], ["Feb 30, 2026"], ["Oct 9, 2026", "Oct 8, 2026"], ["8, 2026"], ["Oct 8, 0000"], ["2026"]]
)
def test_a_text_that_names_no_day_is_refused(parts: list[str]) -> None:
    with pytest.raises(NotADay):
        days(parts, TODAY)


def test_an_evening_of_several_days_is_one_listing_to_the_midnight_after_the_last() -> None:
    listing = one(card(dates=part("rangeFirst", "Jan 30") + " - " + part("rangeLast", "31, 2027")))
    assert (listing.starts_at, listing.ends_at, listing.all_day) == (
        *(datetime(2027, 1, 30, 5, tzinfo=UTC), datetime(2027, 2, 1, 5, tzinfo=UTC)),
        True,
    )


def test_a_range_across_the_change_of_the_clock_ends_at_its_own_midnight() -> None:
    listing = one(card(dates=part("rangeFirst", "Oct 31, 2026") + part("rangeLast", "Nov 1, 2026")))
    assert listing.ends_at == datetime(2026, 11, 2, 5, tzinfo=UTC)
    assert listing.starts_at == datetime(2026, 10, 31, 4, tzinfo=UTC)


def test_the_first_of_a_range_may_stand_alone() -> None:
    listing = one(card(dates=part("rangeFirst", "Sun. Oct 11, 2026")))
    assert listing.starts_at == datetime(2026, 10, 11, 4, tzinfo=UTC)
    assert listing.ends_at == datetime(2026, 10, 12, 4, tzinfo=UTC)


def test_a_date_without_spans_is_read_from_its_text() -> None:
    assert one(card(dates="Sun. Oct 11, 2026")).starts_at == datetime(2026, 10, 11, 4, tzinfo=UTC)


def test_a_sister_site_orders_the_spans_otherwise_and_names_the_time() -> None:
    dates = '<span class="m-date__singleDate"><span class="m-date__day">31</span><span class="m-date__month"> July '
    dates += '</span><span class="m-date__year"> 2024 </span></span>'
    meta = '<div class="meta"><h5 class="time"><span class="startlang">Event Starts</span> '
    listing = one(card(dates=dates, more=f'{meta}<span class="start"> 8:00 PM</span></h5></div>'))
    assert (listing.starts_at, listing.ends_at, listing.all_day) == (datetime(2024, 8, 1, tzinfo=UTC), None, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" 8:00 PM", time(20)),
        ("12:30 am", time(0, 30)),
        ("12 p.m.", time(12)),
        ("7pm", time(19)),
        ("TBA", None),
        ("13:00 PM", None),
        ("8:75 PM", None),
    ],
)
def test_a_time_of_day_is_read_where_there_is_one(text: str, expected: time | None) -> None:
    assert clock_time(text) == expected


def test_categories_are_the_classes_that_the_page_offers_as_filters() -> None:
    offered = '<span class="event_filter_item" data-category="0">Category</span>'
    offered += '<span class="event_filter_item" data-category="7">Family Fun</span>'
    (listing,) = read(page(card(classes="alt featured family_fun golden"), filters=offered))
    assert isinstance(listing, Listing)
    assert listing.categories == ("Family Fun",)


def test_a_relative_picture_is_made_absolute() -> None:
    assert one(card(image="/assets/a.jpg")).image == "https://hall.test/assets/a.jpg"


def test_a_picture_that_is_loaded_late_is_found() -> None:
    late = card().replace("src=", 'src="data:image/gif;base64,R0" data-src=')
    assert one(late).image == "https://hall.test/assets/brass.jpg"


def test_who_presents_and_what_the_tagline_says_are_kept() -> None:
    listing = one(card(more='<div class="presented-by">A &amp; B</div><h4 class="tagline"> Stand-up </h4>'))
    assert (listing.organizer, listing.description) == ("A & B", "Stand-up")


def test_one_unreadable_card_does_not_lose_the_others() -> None:
    found = read(page(card("a"), card("b", dates="soon"), card(href="/elsewhere", title="Lost"), card("c")))
    assert [each.key for each in found if isinstance(each, Listing)] == ["a", "c"]
    assert [each.entry for each in found if isinstance(each, Broken)] == ["b", "Lost"]


def test_a_card_without_title_is_broken() -> None:
    (found,) = read(page(card("brass", title=" ")))
    assert isinstance(found, Broken)
    assert found.entry == "brass"


def test_a_card_that_comes_again_on_the_next_page_is_one_listing() -> None:
    assert len(read(page(card("a"), card("b")), card("b") + card("c"))) == 3


def test_two_evenings_under_one_slug_are_not_mixed_up() -> None:
    found = read(page(card("a"), card("a", dates=single(day="9"))))
    assert [type(each) for each in found] == [Listing, Broken]


@pytest.mark.parametrize("empty", ['<div class="eventList"></div>', page(), '<div id="list"> </div>'])
def test_a_calendar_that_says_it_has_no_evenings_is_empty_and_valid(empty: str) -> None:
    assert read(empty) == []


@pytest.mark.parametrize(
    "body", ["", "<html><title>Just a moment...</title></html>", "<h1>Not Acceptable!</h1>", '{"error": 1}']
)
def test_a_page_that_is_no_calendar_is_unreadable(body: str) -> None:
    with pytest.raises(UnreadableAnswer, match="no calendar"):
        read(body)


def test_the_organization_in_the_pages_json_ld_is_no_evening() -> None:
    script = '<script type="application/ld+json">{"@type": "Organization", "name": "Hall"}</script>'
    assert len(read(page(card(), filters=script))) == 1


def test_an_evening_is_always_at_the_hall_and_has_no_price() -> None:
    listing = one(card())
    assert (listing.venue, listing.address) == (
        "Van Wezel Performing Arts Hall",
        "777 N Tamiami Trail, Sarasota, FL",
    )
    assert (listing.price_text, listing.price_low, listing.currency) == (None, None, None)
