"""Series: rules and where they end, dates left out and added, occurrences replaced, and rules without an end."""

from __future__ import annotations

from datetime import UTC, datetime
from time import perf_counter

import pytest

from shared.catalog.venues.records import Window
from tests.unit.upstreams.calendars import broken, calendar, keys, only, read, starts

BERLIN = "DTSTART;TZID=Europe/Berlin:20260302T200000"
WEEKLY = f"UID:w\n{BERLIN}\nRRULE:FREQ=WEEKLY;COUNT=4"


def days(*entries: str) -> list[str]:
    return [start[:5] for start in starts(calendar(*entries))]


@pytest.mark.parametrize(
    "until",
    [
        "20260316",  # a day, though the start is a time
        "20260316T200000",  # floating
        "20260316T190000Z",
        "20260322T225959Z",
        "2026-03-16",
        "20260316T200000;",  # a stray semicolon
    ],
)
def test_until_in_every_form_takes_in_the_occurrence_it_falls_on(until: str) -> None:
    assert days(f"{BERLIN}\nRRULE:FREQ=WEEKLY;UNTIL={until}") == ["03-02", "03-09", "03-16"]


def test_until_before_an_occurrence_leaves_it_out() -> None:
    assert days(f"{BERLIN}\nRRULE:FREQ=WEEKLY;UNTIL=20260316T185959Z") == ["03-02", "03-09"]
    assert days(f"{BERLIN}\nRRULE:FREQ=WEEKLY;UNTIL=20260301") == []


@pytest.mark.parametrize("until", ["20260316", "20260316T000000Z", "20260317T035959Z", "20260316T235959"])
def test_until_of_a_series_of_days_is_a_day_however_it_is_written(until: str) -> None:
    entry = f"DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY;UNTIL={until}"
    assert days(entry) == ["03-02", "03-09", "03-16"]
    assert all(found.all_day for found in read(calendar(entry)))


def test_count_and_until_together_end_with_whichever_is_first() -> None:
    assert len(days(f"{BERLIN}\nRRULE:FREQ=DAILY;COUNT=3;UNTIL=20260401")) == 3
    assert len(days(f"{BERLIN}\nRRULE:FREQ=DAILY;COUNT=30;UNTIL=20260304")) == 3


def test_count_of_minus_one_means_without_end() -> None:
    assert len(days(f"{BERLIN}\nRRULE:FREQ=MONTHLY;COUNT=-1")) == 10


def test_an_evening_stays_at_eight_when_the_clocks_change() -> None:
    assert starts(calendar("DTSTART;TZID=America/New_York:20260301T200000\nRRULE:FREQ=WEEKLY;COUNT=2")) == [
        "03-02 01:00",
        "03-09 00:00",
    ]


@pytest.mark.parametrize(
    "left_out",
    [
        "EXDATE;TZID=Europe/Berlin:20260309T200000,20260316T200000",
        "EXDATE;TZID=Europe/Berlin:20260309T200000\nEXDATE;TZID=Europe/Berlin:20260316T200000",
        "EXDATE:20260309T200000,20260316T200000",  # without TZID: in the start's zone
        "EXDATE:20260309T190000Z,20260316T190000Z",
        "EXDATE;VALUE=DATE:20260309,20260316",  # a day, though the start is a time
        "EXDATE:20260309,,20260316,",
    ],
)
def test_dates_are_left_out_however_they_are_written(left_out: str) -> None:
    assert days(f"{WEEKLY}\n{left_out}") == ["03-02", "03-23"]


@pytest.mark.parametrize("left_out", ["20260309", "20260309T000000", "20260309T000000Z", "20260309T050000Z"])
def test_a_day_is_left_out_of_a_series_of_days_also_by_a_time_on_it(left_out: str) -> None:
    assert days(f"DTSTART;VALUE=DATE:20260302\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:{left_out}") == ["03-02", "03-16"]


def test_dates_are_added_and_a_period_brings_its_own_length() -> None:
    periods = "RDATE;VALUE=PERIOD:20260401T180000Z/20260401T190000Z,20260402T180000Z/PT30M"
    found = read(calendar(f"{BERLIN}\nDTEND;TZID=Europe/Berlin:20260302T220000\nRDATE:20260310T200000\n{periods}"))
    told = [(f"{one.starts_at:%m-%d %H}", str(one.ends_at - one.starts_at)) for one in found if one.ends_at]
    assert sorted(told) == [
        ("03-02 19", "2:00:00"),
        ("03-10 19", "2:00:00"),
        ("04-01 18", "1:00:00"),
        ("04-02 18", "0:30:00"),
    ]


def test_a_replaced_occurrence_keeps_the_key_of_the_day_it_was_planned_for() -> None:
    moved = "UID:w\nSUMMARY:Moved\nDTSTART:20260311T200000Z\nRECURRENCE-ID;TZID=Europe/Berlin:20260309T200000"
    for body in (calendar(WEEKLY, moved), calendar(moved, WEEKLY)):
        found = {listing.key: (f"{listing.starts_at:%m-%d %H}", listing.title) for listing in read(body)}
        assert found["w#20260309"] == ("03-11 20", "Moved")
        assert sorted(found) == ["w#20260302", "w#20260309", "w#20260316", "w#20260323"]


@pytest.mark.parametrize(
    "planned", ["RECURRENCE-ID:20260309T190000Z", "RECURRENCE-ID;VALUE=DATE:20260309", "RECURRENCE-ID:20260309T200000"]
)
def test_an_occurrence_is_replaced_however_its_time_is_written(planned: str) -> None:
    replaced = f"UID:w\nSUMMARY:New\nDTSTART;TZID=Europe/Berlin:20260309T210000\n{planned}"
    found = {listing.key: listing.title for listing in read(calendar(WEEKLY, replaced))}
    assert (len(found), found["w#20260309"]) == (4, "New")


def test_an_occurrence_without_its_series_is_read_and_keyed_as_if_the_series_were_there() -> None:
    replaced = f"UID:w\n{BERLIN.replace('0302T20', '0310T21')}\nRECURRENCE-ID;TZID=Europe/Berlin:20260309T200000"
    assert (keys(calendar(replaced)), starts(calendar(replaced))) == (["w#20260309"], ["03-10 20:00"])


def test_a_replaced_occurrence_without_title_has_the_series() -> None:
    replaced = "UID:w\nno SUMMARY\nSTATUS:CANCELLED\nDTSTART:20260309T190000Z\nRECURRENCE-ID:20260309T190000Z"
    (cancelled,) = [one for one in read(calendar(f"{WEEKLY}\nSUMMARY:Jazz", replaced)) if one.status == "cancelled"]
    assert (cancelled.key, cancelled.title) == ("w#20260309", "Jazz")


def test_this_and_future_moves_the_rest_of_a_series_and_keeps_its_keys() -> None:
    onwards = (
        "UID:w\nSUMMARY:Later\nDTSTART;TZID=Europe/Berlin:20260316T210000\nDTEND;TZID=Europe/Berlin:20260316T220000\n"
        "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20260316T200000"
    )
    found = [
        (one.key, f"{one.starts_at:%m-%d %H}", one.title) for one in read(calendar(f"{WEEKLY}\nSUMMARY:Jazz", onwards))
    ]
    assert found == [
        ("w#20260302", "03-02 19", "Jazz"),
        ("w#20260309", "03-09 19", "Jazz"),
        ("w#20260316", "03-16 20", "Later"),
        ("w#20260323", "03-23 20", "Later"),
    ]


def test_a_cancelled_series_is_all_cancelled() -> None:
    assert {one.status for one in read(calendar(f"{WEEKLY}\nSTATUS:CANCELLED"))} == {"cancelled"}


def test_two_on_one_day_are_told_apart_by_their_time_also_at_the_windows_edge() -> None:
    body = calendar("UID:d\nDTSTART:20260302T150000Z\nRRULE:FREQ=DAILY;BYHOUR=15,19;COUNT=4")
    assert keys(body) == ["d#20260302T150000Z", "d#20260302T190000Z", "d#20260303T150000Z", "d#20260303T190000Z"]
    afternoon = Window(datetime(2026, 3, 2, 18, tzinfo=UTC), datetime(2026, 3, 3, 1, tzinfo=UTC))
    assert keys(body, afternoon) == ["d#20260302T190000Z"]


def test_a_key_does_not_depend_on_the_window() -> None:
    late = Window(datetime(2026, 3, 15, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC))
    assert keys(calendar(WEEKLY), late) == ["w#20260316"]


def test_several_rules_add_up() -> None:
    rules = "RRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=2\nRRULE:FREQ=MONTHLY;BYDAY=1WE;COUNT=2"
    assert sorted(days(f"{BERLIN}\n{rules}")) == ["03-02", "03-04", "03-09", "04-01"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;BYDAY=MO",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYSETPOS=5",
        "FREQ=DAILY;BYYEARDAY=366",
        "FREQ=WEEKLY;BYWEEKNO=53",
        "FREQ=WEEKLY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=-1",
        "FREQ=FORTNIGHTLY",
        "FREQ=WEEKLY;BYDAY=FUNDAY",
        "FREQ=WEEKLY;UNTIL=never",
        "INTERVAL=2",
        "RRULE:AnythingRandom;FREQ=WEEKLY",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=DAILY;BYHOUR=25",
        "FREQ=DAILY;BYMINUTE=" + ",".join(str(minute) for minute in range(60)) + ";BYSECOND=0,1,2,3,4,5,6,7,8,9",
        "",
    ],
)
def test_a_rule_that_means_nothing_or_would_take_for_ever_is_broken_at_once(rule: str) -> None:
    begun = perf_counter()
    (found,) = broken(calendar(f"UID:endless\nDTSTART:20200101T200000\nRRULE:{rule}"))
    assert found.entry == "endless"
    assert "rule" in found.problem.lower() or "date or time" in found.problem
    assert perf_counter() - begun < 2


def test_an_endless_rule_ends_with_the_window() -> None:
    assert len(days("DTSTART:19500101T200000\nRRULE:FREQ=DAILY")) == 365
    assert len(days("DTSTART:20251230T200000\nRRULE:FREQ=SECONDLY;COUNT=3\n")) == 0


def test_a_series_that_ended_long_ago_is_not_followed() -> None:
    entry = "DTSTART:19000101T200000\nRRULE:FREQ=HOURLY;UNTIL=20200101T000000Z"
    assert read(calendar(entry)) == []


def test_the_same_uid_again_is_a_newer_version_by_sequence_then_stamp_then_place() -> None:
    old, new = "UID:a\nSUMMARY:Old", "UID:a\nSUMMARY:New\nDTSTART:20260303T200000"
    assert only(calendar(f"{new}\nSEQUENCE:2", f"{old}\nSEQUENCE:1\nDTSTAMP:20270101T000000Z")).title == "New"
    assert only(calendar(f"{new}\nDTSTAMP:20260102T000000", f"{old}\nDTSTAMP:20260101T000000Z")).title == "New"
    assert only(calendar(old, new)).title == "New"


def test_the_events_calendars_uid_changes_with_the_time_and_the_key_does_not() -> None:
    before = "UID:14072-1773646200-1774029600@club.example\nDTSTART:20260316T113000Z"
    after = "UID:14072-1773732600-1774116000@club.example\nDTSTART:20260317T113000Z"
    assert keys(calendar(before)) == keys(calendar(after)) == ["14072@club.example"]


def test_two_evenings_of_one_post_are_two() -> None:
    first = "UID:14072-1773646200-1774029600@club.example\nDTSTART:20260316T113000Z"
    second = "UID:14072-1773732600-1774116000@club.example\nDTSTART:20260317T113000Z"
    assert keys(calendar(first, second)) == ["14072@club.example#20260316", "14072@club.example#20260317"]
    assert keys(calendar(first, first)) == ["14072@club.example"]


def test_an_entry_without_uid_is_known_by_its_address_unless_others_have_the_same() -> None:
    lone = "no UID\nURL:https://venue.example/jazz\nSUMMARY:Jazz"
    assert keys(calendar(lone)) == ["https://venue.example/jazz"]
    assert keys(calendar(lone, lone.replace("Jazz", "Blues"))) == [
        "https://venue.example/jazz Jazz 20260302T200000",
        "https://venue.example/jazz Blues 20260302T200000",
    ]
    assert keys(calendar("no UID\nSUMMARY:Jazz")) == ["Jazz 20260302T200000"]


def test_a_uid_longer_than_an_index_takes_is_shortened_and_stays_different() -> None:
    one, two = keys(calendar(f"UID:{'x' * 5000}1", f"UID:{'x' * 5000}2"))
    assert one != two
    assert len(one) == len(two) == 400


def test_what_is_wrong_with_a_whole_series_is_said_once() -> None:
    (found,) = broken(calendar(f"no SUMMARY\n{WEEKLY}"))
    assert found.problem == "it has no SUMMARY"
