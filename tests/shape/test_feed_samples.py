"""Every recorded calendar and page at hand is read; runs where such recordings are (MILLRACE_SAMPLES, or a sibling)."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events  # type: ignore[import-untyped]

from shared.catalog.venues.records import Broken, Listing, Window
from shared.errors import UnreadableAnswer
from shared.upstreams.ical import read_calendar
from shared.upstreams.jsonld import find_feeds, read_page
from shared.upstreams.sniff import sniff

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
SAMPLES = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING)
HOME = ZoneInfo("America/New_York")
WINDOW = Window(datetime(2000, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
SITE = "https://venue.example/events/"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded answers here; MILLRACE_SAMPLES says where")

NO_CALENDARS = {
    "asheville_riverartsdistrict.ics": "HTML",
    "lancaster_candyissweet.ics": "HTML",
    "lancaster_meetup_lancaster_sierra_club.ics": "JSON",
    "suite_icalendar_event_with_recurrence_exdates_on_different_lines.ics": "something else",
    "suite_icalendar_issue_112_missing_tzinfo_on_exdate.ics": "something else",
    "suite_icalendar_issue_157_removes_trailing_semicolon.ics": "something else",
}
# Entries without DTSTART, or with a rule that is none.
HAVE_BROKEN = {
    "suite_icalendar_big_bad_calendar.ics": 20,
    "suite_icalendar_broken_dtstart.ics": 1,
    "suite_icalendar_issue_722_missing_timezones.ics": 2,
    "suite_icalendar_pr_480_summary_with_colon.ics": 2,
    "suite_icalendar_rfc_5545_RDATE_example.ics": 6,
    "suite_nodeical_badRRULE.ics": 1,
}
# Those which the libraries, reading them whole, read as their own words say. Of the others some are refused whole
# (toronto_tockify, broken_ical, invalid_duration), some name zones that the libraries do not know, and some have ends
# before their starts, which the libraries swap.
WELL_FORMED = {
    "asheville_ashevillecityschools_cal_34.ics",
    "asheville_meetup_asheville_community_moms_group.ics",
    "bloomington_bgc_bloomington.ics",
    "bloomington_bsquare_critical_mass.ics",
    "bloomington_events_livewhale_221.ics",
    "bloomington_libcal_iub_1228.ics",
    "raleighdurham_islamic_assoc_raleigh.ics",
    "roanoke_roanoke_symphony.ics",
    "santarosa_SRCity_Art_in_Public_Places_Committee.ics",
    "santarosa_SRCity_Police.ics",
    "schulz_museum.ics",
    "suite_icalendar_bom_calendar.ics",
    "suite_icalendar_calendar_with_unicode.ics",
    "suite_icalendar_empty.ics",
    "suite_icalendar_issue_348_exception_parsing_value.ics",
    "suite_icalendar_issue_351_whitespace_in_property_and_params.ics",
    "suite_nodeical_bad_ms_tz.ics",
    "suite_nodeical_duplicate-uid-sequence.ics",
    "suite_nodeical_festival-multiday-rrule.ics",
    "suite_nodeical_floating-dtstart-custom-vtimezone.ics",
    "suite_nodeical_google-calendar-kiev-tz.ics",
    "suite_nodeical_meetup-timed-tz.ics",
    "suite_recurring_discourse_no_dtend.ics",
    "suite_recurring_each_week_but_two_deleted.ics",
    "suite_recurring_issue_117_until_before_dtstart.ics",
    "suite_recurring_issue_18_cancel_status.ics",
    "suite_recurring_issue_20_exdate_ignored.ics",
    "suite_recurring_issue_86_x_wr_timezone_without_time_zone_in_dt.ics",
    "suite_recurring_multiple_rrule.ics",
    "suite_recurring_one_day_event.ics",
    "suite_recurring_rdate_hackerpublicradio.ics",
    "suite_recurring_recurrence_sequence_number.ics",
    "suite_recurring_recurring_events_moved.ics",
    "toronto_gcal_f172f44a97b6df445f08029f216bd25da9a8d261727123f088bcf3ea82d0114b.ics",
    "toronto_uoft_socialwork.ics",
}


def calendars() -> list[Path]:
    return sorted([*SAMPLES.glob("ical/*"), *SAMPLES.glob("mote/*.ics")])


def pages() -> list[Path]:
    return sorted(SAMPLES.glob("jsonld/*.html"))


def read(path: Path, window: Window = WINDOW) -> tuple[list[Listing], list[Broken]]:
    body = path.read_bytes()
    if path.suffix == ".html":
        found = list(read_page(body, SITE, "America/Toronto", window))
    else:
        found = list(read_calendar(body, HOME.key, window))
    return [one for one in found if isinstance(one, Listing)], [one for one in found if isinstance(one, Broken)]


def listings(name: str) -> list[Listing]:
    return read(SAMPLES / name)[0]


@pytest.mark.parametrize("path", calendars(), ids=lambda path: path.name)
def test_every_recorded_calendar_is_read_or_refused_by_name(path: Path) -> None:
    if b"BEGIN:VCALENDAR" not in path.read_bytes():
        with pytest.raises(UnreadableAnswer, match=NO_CALENDARS.get(path.name, "")):
            read(path)
        return
    found, broken = read(path)
    assert path.name not in NO_CALENDARS
    assert len(broken) == HAVE_BROKEN.get(path.name, len(broken))
    assert max(Counter(one.key for one in found).values(), default=1) == 1
    assert sniff(path.read_bytes(), None) == "ical"


@pytest.mark.parametrize("path", [path for path in calendars() if path.name in WELL_FORMED], ids=lambda path: path.name)
def test_every_well_formed_calendar_comes_out_as_when_read_whole(path: Path) -> None:
    whole = icalendar.Calendar.from_ical(path.read_bytes())
    expected = recurring_ical_events.of(whole).between(WINDOW.since, WINDOW.until)
    assert sorted(one.starts_at for one in read(path)[0]) == sorted(in_utc(one["DTSTART"].dt) for one in expected)


def in_utc(moment: date) -> datetime:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=HOME)).astimezone(UTC)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("ical/asheville_meetup_asheville_community_moms_group.ics", 0),
        ("ical/santarosa_SRCity_Police.ics", 0),
        ("ical/santarosa_SRCity_Art_in_Public_Places_Committee.ics", 4),
        ("ical/bloomington_bsquare_critical_mass.ics", 13),
        ("ical/bloomington_libcal_iub_1228.ics", 13),
        ("ical/toronto_gcal_f172f44a97b6df445f08029f216bd25da9a8d261727123f088bcf3ea82d0114b.ics", 208),
        ("ical/toronto_tockify_jamaalmyers.ics", 21),
        ("ical/suite_icalendar_multiple_calendar_components.ics", 3),
        ("ical/suite_nodeical_Office-2012-owa.ics", 90),
        ("ical/suite_nodeical_non-utc-until-ny.ics", 15),
        ("ical/suite_nodeical_daily-count-exdate-recurrence-id.ics", 8),
        ("ical/suite_recurring_issue_117_until_before_dtstart.ics", 0),
        ("mote/bloomington_bgc_bloomington.ics", 15),
        ("mote/roanoke_roanoke_symphony.ics", 5),
        ("mote/schulz_museum.ics", 30),
        ("mote/toronto_uoft_socialwork.ics", 2),
        ("jsonld/concert_hall_index.html", 27),
        ("jsonld/drom_taberna_index.html", 5),
        ("jsonld/junction_underground_index.html", 8),
        ("jsonld/extruct_songkick_elysianfields.html", 4),
    ],
)
def test_nothing_recorded_is_lost(name: str, count: int) -> None:
    assert len(listings(name)) == count


def test_a_recorded_export_of_the_events_calendar_comes_out_right() -> None:
    found = {one.key: one for one in listings("mote/bloomington_bgc_bloomington.ics")}
    camps = found["14072@bgcbloomington.org"]
    assert (camps.title, camps.time_zone, camps.all_day) == (
        "Spring Break Camps",
        "America/Indiana/Indianapolis",
        False,
    )
    # Seven thirty in Indianapolis, whatever the VTIMEZONE says.
    assert (camps.starts_at, camps.ends_at) == (
        datetime(2026, 3, 16, 11, 30, tzinfo=UTC),
        datetime(2026, 3, 20, 22, 0, tzinfo=UTC),
    )
    assert camps.url == "https://bgcbloomington.org/event/spring-break-camps-2/"
    (closing,) = [one for one in found.values() if one.all_day and "March 27" in one.title]
    assert (closing.starts_at.day, closing.ends_at and closing.ends_at.day) == (27, 28)
    symphony = listings("mote/roanoke_roanoke_symphony.ics")
    assert all(one.image and one.image.startswith("https://rso.com/wp-content/uploads/") for one in symphony)


def test_a_recorded_duplicate_is_won_by_the_higher_sequence() -> None:
    found = listings("ical/suite_nodeical_duplicate-uid-sequence.ics")
    assert [(one.title, one.starts_at.hour) for one in found] == [
        ("Team Meeting (SEQUENCE 2)", 10),
        ("Updated version (SEQUENCE 3) - should win", 14),
    ]


def test_a_recorded_cancelled_occurrence_is_cancelled() -> None:
    found = listings("ical/suite_recurring_issue_18_cancel_status.ics")
    assert [one.status for one in found] == ["scheduled", "cancelled", "scheduled"]


def test_a_recorded_zone_of_outlooks_own_name_is_known() -> None:
    sydney = next(one for one in listings("ical/suite_nodeical_Office-2012-owa.ics") if one.title == "TEST Syd")
    assert (sydney.starts_at, sydney.time_zone) == (datetime(2020, 10, 28, 2, 30, tzinfo=UTC), "Australia/Canberra")


def test_a_recorded_folded_text_is_whole() -> None:
    found = listings("ical/suite_nodeical_meetup-timed-tz.ics")[0]
    assert "November 9 at 7:00 PM\n\nCustomizing node display" in (found.description or "")
    assert found.venue == "Open Source Project Tempe (1415 E University Dr. #103A, Tempe, AZ 85281)"


@pytest.mark.parametrize("path", pages(), ids=lambda path: path.name)
def test_every_recorded_page_is_read_and_nothing_on_it_is_broken(path: Path) -> None:
    found, broken = read(path)
    assert broken == []
    assert len({one.key for one in found}) == len(found)


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("jsonld/*.json")), ids=lambda path: path.name)
def test_a_page_comes_out_as_its_extraction_by_others_says(path: Path) -> None:
    extracted = json.loads(path.read_text())
    expected = [event for event in of_json_ld(extracted) if str(event.get("@type", "")).endswith("Event")]
    found = read(path.with_suffix(".html"))[0]
    assert [(one.title, one.venue) for one in found] == [(one["name"], one["location"]["name"]) for one in expected]
    assert [one.starts_at for one in found] == [datetime.fromisoformat(one["startDate"]) for one in expected]
    assert [one.url for one in found] == [one["url"] for one in expected]


def of_json_ld(extracted: Any) -> list[dict[str, Any]]:
    """Return the JSON-LD objects of an extraction; some recordings hold other syntaxes alone."""
    if isinstance(extracted, dict):
        extracted = extracted.get("json-ld", [])
    return [one for one in extracted if isinstance(one, dict) and "@context" in one]


def test_the_recorded_page_with_22_broken_blocks_loses_none_and_no_price() -> None:
    found = {one.title: one for one in listings("jsonld/concert_hall_index.html")}
    pigs = found["Pigs Pigs Pigs Pigs Pigs Pigs Pigs"]
    assert (pigs.price_low, pigs.price_high, pigs.currency) == (Decimal("42.24"), Decimal("42.24"), "CAD")
    assert (pigs.venue, pigs.address) == ("The Concert Hall", "888 Yonge St, Toronto, ON, M4W 2J2")
    assert pigs.starts_at == datetime(2025, 6, 27, 23, tzinfo=UTC)
    assert pigs.ticket_url == "https://link.dice.fm/ud570ba11a72"
    assert (found["IAM"].price_low, found["IAM"].price_high) == (Decimal("53.84"), Decimal("61.05"))
    assert "Bonnie \u201cPrince\u201d Billy" in found
    assert sum(one.price_low is not None for one in found.values()) == 21


def test_a_recorded_page_of_the_events_calendar_comes_out_right() -> None:
    found = listings("jsonld/junction_underground_index.html")[0]
    assert (found.key, found.title) == ("https://junctionunderground.ca/event/more-noise-please/", "MORE NOISE PLEASE!")
    assert (found.starts_at, found.ends_at) == (
        datetime(2025, 8, 7, 23, tzinfo=UTC),
        datetime(2025, 8, 8, 4, tzinfo=UTC),
    )
    assert (found.venue, found.organizer) == ("Junction Underground", None)
    assert (found.description or "").startswith("Doors: 7 pm Noise: 8 pm $15/PWYC")
    assert find_feeds((SAMPLES / "jsonld/junction_underground_index.html").read_bytes(), SITE)[0].endswith("?ical=1")
