"""What is read from the REST records of The Events Calendar, with all their ways to say nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.catalog.venues.records import Broken, Listing
from shared.upstreams.ical.index import identity_of
from shared.upstreams.mote import read_rest


def record(**changes: Any) -> dict[str, Any]:
    return {
        "id": 10000066,
        "url": "https://www.reef.test/event/sharks/2026-12-03/",
        "title": "Sharks &#8211; After Dark &amp; Late",
        "description": "<p>One.</p>\n<p>Two &amp; three.</p>",
        "image": {"url": "https://www.reef.test/sharks.jpg", "id": 1, "sizes": {}},
        "all_day": False,
        "start_date": "2026-12-03 19:00:00",
        "end_date": "2026-12-03 21:00:00",
        "utc_start_date": "2026-12-04 00:00:00",
        "utc_end_date": "2026-12-04 02:00:00",
        "timezone": "America/New_York",
        "cost": "$10 &#8211; $25",
        "cost_details": {"currency_symbol": "$", "currency_code": "USD", "values": ["10", "25"]},
        "website": "https://tickets.test/1",
        "categories": [{"name": "Food &amp; Drink", "slug": "food", "id": 3}],
        "venue": {"venue": "The Reef", "address": "1 Harbor Way", "city": "Sarasota", "state": "FL"},
        "organizer": [{"organizer": "Reef &amp; Co"}],
        **changes,
    }


def read(*records: Any) -> list[Listing | Broken]:
    return list(read_rest([{"events": list(records), "total": len(records)}], "America/New_York"))


def one(**changes: Any) -> Listing:
    (found,) = read(record(**changes))
    assert isinstance(found, Listing), found
    return found


def test_a_record_is_read_whole() -> None:
    assert one() == Listing(
        key="10000066@www.reef.test",
        title="Sharks \u2013 After Dark & Late",
        starts_at=datetime(2026, 12, 4, tzinfo=UTC),
        ends_at=datetime(2026, 12, 4, 2, tzinfo=UTC),
        all_day=False,
        time_zone="America/New_York",
        venue="The Reef",
        address="1 Harbor Way, Sarasota, FL",
        description=one().description,
        url="https://www.reef.test/event/sharks/2026-12-03/",
        image="https://www.reef.test/sharks.jpg",
        ticket_url="https://tickets.test/1",
        price_text="$10 \u2013 $25",
        price_low=Decimal(10),
        price_high=Decimal(25),
        currency="USD",
        organizer="Reef & Co",
        categories=("Food & Drink",),
    )
    assert (one().description or "").split() == ["One.", "Two", "&", "three."]


def test_an_image_that_is_false_is_none() -> None:
    assert one(image=False).image is None


@pytest.mark.parametrize("venue", [[], None, False])
def test_a_venue_that_is_an_empty_list_is_none(venue: object) -> None:
    assert (one(venue=venue).venue, one(venue=venue).address) == (None, None)


def test_a_venue_within_a_list_is_found() -> None:
    assert one(venue=[{"venue": "The Reef"}]).venue == "The Reef"


def test_an_organizer_without_a_list_is_found() -> None:
    assert one(organizer={"organizer": "Reef"}).organizer == "Reef"


@pytest.mark.parametrize(
    ("cost", "values", "text", "low", "availability"),
    [
        ("", [], None, None, None),
        ("Free", [], "Free", None, "free"),
        ("Free", ["0"], "Free", Decimal(0), "free"),
        ("Free for members", [], "Free for members", None, None),
        ("$1,250", ["1,250"], "$1,250", Decimal(1250), None),
        ("Donation", ["Donation"], "Donation", None, None),
    ],
)
def test_a_cost_is_free_text_with_amounts_where_there_are_some(
    cost: str, values: list[str], text: str | None, low: Decimal | None, availability: str | None
) -> None:
    listing = one(cost=cost, cost_details={"currency_code": "USD", "values": values})
    assert (listing.price_text, listing.price_low, listing.availability) == (text, low, availability)


def test_cost_details_may_be_missing() -> None:
    assert one(cost_details=[]).price_low is None


def test_an_all_day_record_ends_a_second_before_midnight_and_its_listing_at_midnight() -> None:
    listing = one(all_day=True, start_date="2026-10-31 00:00:00", end_date="2026-11-01 23:59:59")
    assert (listing.starts_at, listing.ends_at, listing.all_day) == (
        *(datetime(2026, 10, 31, 4, tzinfo=UTC), datetime(2026, 11, 2, 5, tzinfo=UTC)),
        True,
    )


def test_without_utc_times_the_local_ones_count_in_their_zone() -> None:
    listing = one(utc_start_date=None, utc_end_date=None, timezone="America/Chicago")
    assert (listing.starts_at, listing.time_zone) == (datetime(2026, 12, 4, 1, tzinfo=UTC), "America/Chicago")


@pytest.mark.parametrize("zone", ["UTC-5", "", None])
def test_a_zone_that_is_nobodys_is_the_sites(zone: str | None) -> None:
    assert one(timezone=zone).time_zone == "America/New_York"


def test_an_end_that_is_not_after_the_start_is_none() -> None:
    assert one(utc_end_date="2026-12-04 00:00:00").ends_at is None


def test_a_title_may_say_that_it_is_off() -> None:
    assert one(title="CANCELED: Sharks").status == "cancelled"


@pytest.mark.parametrize(
    "bad", [{"title": ""}, {"start_date": "soon", "utc_start_date": "soon"}, {"id": "x"}, {"url": "nowhere"}, {"id": 0}]
)
def test_one_unreadable_record_does_not_lose_the_others(bad: dict[str, Any]) -> None:
    found = read(record(id=1), record(**bad), record(id=3))
    assert [type(each) for each in found] == [Listing, Broken, Listing]


def test_a_record_that_is_no_object_is_broken() -> None:
    assert [type(each) for each in read("x", record())] == [Broken, Listing]


def test_a_record_that_comes_again_on_another_page_is_one_listing() -> None:
    page = {"events": [record()]}
    assert len(list(read_rest([page, page], "America/New_York"))) == 1


def test_a_field_nobody_has_heard_of_is_reported() -> None:
    with capture_logs() as logs:
        one(aura="blue")
    assert [name for line in logs for name in line["unknown"]] == ["pages[].events[].aura"]


def test_the_key_is_the_one_that_the_plugins_feeds_yield() -> None:
    assert identity_of("10000066-1764806400-1764813600@www.reef.test") == one().key
