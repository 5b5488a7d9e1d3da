"""When an entry is: zones by every name they go by, days, ends that lie, and the window."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.catalog.venues.records import Window
from tests.unit.upstreams.calendars import calendar, only, read, starts

# Clocks that change at seven in the morning: The Events Calendar writes the change in UTC.
WRONG = """BEGIN:VTIMEZONE
TZID:America/New_York
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
DTSTART:20260308T070000
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
DTSTART:20261101T060000
END:STANDARD
END:VTIMEZONE"""
OWN = """BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE"""


@pytest.mark.parametrize(
    ("zone", "hour", "name"),
    [
        ("Europe/Berlin", 18, "Europe/Berlin"),
        ('"Europe/Berlin"', 18, "Europe/Berlin"),
        ("europe/berlin", 18, "Europe/Berlin"),
        ("US/Pacific", 3, "US/Pacific"),
        ("America/Indiana/Indianapolis", 0, "America/Indiana/Indianapolis"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", 18, "Europe/Berlin"),
        ("/mozilla.org/20050126_1/America/Indiana/Indianapolis", 0, "America/Indiana/Indianapolis"),
        ("W. Europe Standard Time", 18, "Europe/Berlin"),
        ("Eastern Standard Time", 0, "America/New_York"),
        ('"(UTC-08:00) Pacific Time (US & Canada)"', 3, "America/Los_Angeles"),
        ("(UTC-08:00) Pacific Time (US & Canada)", 3, "America/Los_Angeles"),
        ('"(GMT+10:00) Canberra, Melbourne, Sydney"', 10, "Australia/Canberra"),
        ("UTC", 20, "America/New_York"),
        ("GMT-0300", 23, "America/New_York"),
        ("The clock in the foyer", 0, "America/New_York"),
    ],
)
def test_a_zone_is_known_by_each_of_its_names_and_an_unknown_one_is_the_venues(zone: str, hour: int, name: str) -> None:
    found = only(calendar(f"DTSTART;TZID={zone}:20260702T200000"))
    assert (found.starts_at.hour, found.time_zone) == (hour, name)


def test_a_definition_that_contradicts_its_zones_name_is_ignored() -> None:
    # On 8 March 2026 the clocks in New York changed at two, not at seven.
    assert starts(calendar("DTSTART;TZID=America/New_York:20260308T050000", head=WRONG)) == ["03-08 09:00"]


def test_a_zone_of_a_feeds_own_making_is_taken_from_its_definition() -> None:
    summer, winter = "20260702T200000", "20261202T200000"
    entries = [f"DTSTART;TZID=Customized Time Zone:{start}" for start in (summer, winter)]
    body = calendar(*entries, head=OWN)
    assert [f"{found.starts_at:%H}" for found in read(body, zone="Asia/Tokyo")] == ["00", "01"]


def test_a_definition_that_says_where_it_is_from_is_that_place() -> None:
    own = OWN.replace("BEGIN:STANDARD", "X-LIC-LOCATION:Europe/Paris\nBEGIN:STANDARD", 1)
    found = only(calendar("DTSTART;TZID=Customized Time Zone:20260702T200000", head=own))
    assert (found.starts_at.hour, found.time_zone) == (18, "Europe/Paris")


def test_a_definition_that_would_take_for_ever_is_not_followed() -> None:
    own = OWN.replace("FREQ=YEARLY", "FREQ=SECONDLY")
    assert only(calendar("DTSTART;TZID=Customized Time Zone:20260702T200000", head=own)).starts_at.hour == 0


def test_floating_times_are_in_the_calendars_zone_or_else_in_the_venues() -> None:
    assert only(calendar("", head="X-WR-TIMEZONE:Europe/Berlin")).starts_at.hour == 19
    assert only(calendar("", head="X-WR-TIMEZONE:Atlantis")).starts_at.hour == 1
    found = only(calendar(""))
    assert (found.starts_at.isoformat(), found.time_zone) == ("2026-03-03T01:00:00+00:00", "America/New_York")


def test_a_time_in_utc_is_shown_in_the_calendars_zone() -> None:
    found = only(calendar("DTSTART:20260302T200000Z", head="X-WR-TIMEZONE:Europe/Berlin"))
    assert (found.starts_at.hour, found.time_zone) == (20, "Europe/Berlin")


def test_a_day_is_midnight_to_midnight_at_the_venue_and_its_end_is_exclusive() -> None:
    found = only(calendar("DTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260304"))
    assert found.all_day
    assert (f"{found.starts_at:%d %H}", f"{found.ends_at:%d %H}") == ("02 05", "04 05")


@pytest.mark.parametrize(
    "end", ["", "DTEND;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260228", "DTEND:soon", "DURATION:P1D"]
)
def test_a_day_without_a_later_end_is_one_day(end: str) -> None:
    found = only(calendar(f"DTSTART;VALUE=DATE:20260302\n{end}"))
    assert f"{found.ends_at:%d %H}" == "03 05"


def test_value_says_date_but_the_value_is_a_time() -> None:
    found = only(calendar("DTSTART;VALUE=DATE:20260302T120000\nDTEND;VALUE=DATE:20260302T120000"))
    assert (found.all_day, found.starts_at.hour, found.ends_at) == (False, 17, None)


def test_a_day_may_be_written_without_saying_so() -> None:
    assert only(calendar("DTSTART:20260302")).all_day


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("DTEND:20260302T220000", "03 03:00"),
        ("DTEND:2026-03-02T22:00:00-05:00", "03 03:00"),
        ("DURATION:PT2H30M", "03 03:30"),
        ("DURATION:P1W", "10 01:00"),
        ("DURATION:PT1W", "10 01:00"),
        ("DTEND;VALUE=DATE:20260304", "04 05:00"),
        ("", None),
        ("DTEND:20260302T190000", None),
        ("DTEND:20260302T200000", None),
        ("DURATION:-PT1H", None),
        ("DURATION:P999999999999999999W", None),
        ("DURATION:two hours", None),
    ],
)
def test_an_end_before_the_start_or_unreadable_is_no_end_and_costs_nobody_the_evening(
    end: str, expected: str | None
) -> None:
    found = only(calendar(end), window=Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)))
    assert (f"{found.ends_at:%d %H:%M}" if found.ends_at else None) == (None if expected is None else expected)


def test_a_duration_counts_hours_also_over_a_change_of_the_clocks() -> None:
    found = only(calendar("DTSTART;TZID=America/New_York:20260307T230000\nDURATION:PT6H"))
    assert f"{found.ends_at:%H:%M}" == "10:00"


def test_a_leap_second_is_a_second() -> None:
    assert only(calendar("DTSTART:20260630T235960Z")).starts_at.second == 59


def test_only_what_touches_the_window_is_yielded() -> None:
    window = Window(datetime(2026, 3, 2, 12, tzinfo=UTC), datetime(2026, 3, 3, 12, tzinfo=UTC))
    body = calendar(
        "UID:over\nDTSTART:20260302T100000Z\nDTEND:20260302T120000Z",
        "UID:going-on\nDTSTART:20260301T100000Z\nDTEND:20260302T120001Z",
        "UID:begins\nDTSTART:20260302T120000Z",
        "UID:last\nDTSTART:20260303T115959Z",
        "UID:too-late\nDTSTART:20260303T120000Z",
    )
    assert [found.key for found in read(body, window=window)] == ["going-on", "begins", "last"]
