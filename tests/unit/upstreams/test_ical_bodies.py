"""What is a calendar and what is not, and how its text is cut into entries."""

from __future__ import annotations

import pytest

from shared.catalog.venues.records import Broken, Listing
from shared.errors import UnreadableAnswer
from shared.upstreams.ical import read_calendar
from tests.unit.upstreams.calendars import HOME, WINDOW, broken, calendar, only, read


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<!DOCTYPE html><title>Just a moment...</title>", "HTML"),
        (b'{"message":"Group not found"}', "JSON"),
        (b"BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n", "something else"),
        (b"Describe BEGIN:VCALENDAR in a text", "something else"),
    ],
)
def test_a_body_that_is_no_calendar_is_refused_before_anything_is_yielded(body: bytes, kind: str) -> None:
    with pytest.raises(UnreadableAnswer, match=f"no calendar but {kind}") as caught:
        read_calendar(body, HOME, WINDOW)
    assert caught.value.body == body


def test_a_calendar_without_entries_is_valid_and_empty() -> None:
    assert read(calendar()) == []


def test_a_byte_order_mark_and_a_warning_before_the_calendar_do_no_harm() -> None:
    assert only(b"\xef\xbb\xbf" + calendar("")).title == "Evening 1"
    assert only(b"Notice: undefined index in feed.php\n" + calendar("")).title == "Evening 1"
    assert only(calendar("SUMMARY:Café").decode().encode("utf-16")).title == "Café"


@pytest.mark.parametrize("ending", [b"\n", b"\r", b"\r\r\n", b"\n\n"])
def test_any_line_ending_will_do(ending: bytes) -> None:
    assert only(calendar("LOCATION:Great Hall").replace(b"\r\n", ending)).venue == "Great Hall"


def test_a_fold_may_split_a_character_an_escape_and_a_name() -> None:
    body = calendar("SUMMARY:Café\\, late\nURL:https://venue.example/e")
    body = body.replace("é".encode(), b"\xc3\r\n \xa9").replace(rb"\, late", b"\\\r\n\t, late")
    found = only(body.replace(b"URL:", b"UR\r\n L:"))
    assert (found.title, found.url) == ("Café, late", "https://venue.example/e")


def test_a_blank_line_may_stand_before_the_rest_of_a_folded_line() -> None:
    assert only(calendar("").replace(b"SUMMARY:Evening", b"SUMMARY\r\n\r\n :Evening")).title == "Evening 1"


def test_a_text_in_an_old_encoding_is_read_all_the_same() -> None:
    assert only(calendar("SUMMARY:Café").decode().encode("cp1252")).title == "Café"


def test_lines_without_a_colon_are_passed_over() -> None:
    assert only(calendar("X\nSUMMARY\nSUMMARY:Jazz\nand more of it\n;;;\n:")).title == "Jazz"


def test_parameters_with_stray_semicolons_and_blanks_are_read() -> None:
    assert only(calendar("DTSTART;;VALUE = DATE-TIME;:20260302T200000")).starts_at.hour == 1
    assert only(calendar("DTSTART ; TZID = Europe/Berlin :20260302T200000")).starts_at.hour == 19


def test_several_calendars_in_one_body_are_read_each_with_its_own_zone() -> None:
    berlin = calendar("UID:a", head="X-WR-TIMEZONE:Europe/Berlin")
    tokyo = calendar("UID:b").replace(b"END:VCALENDAR", b"X-WR-TIMEZONE:Asia/Tokyo\r\nEND:VCALENDAR")
    assert [listing.starts_at.hour for listing in read(berlin + tokyo + calendar("UID:c"))] == [19, 11, 1]


def test_an_entry_nobody_closed_ends_where_the_next_begins() -> None:
    body = calendar("UID:a", "UID:b").replace(b"END:VEVENT\r\nBEGIN", b"BEGIN")
    assert [listing.key for listing in read(body)] == ["a", "b"]
    assert [listing.key for listing in read(calendar("UID:a").replace(b"END:VEVENT\r\n", b""))] == ["a"]


def test_an_entry_the_feed_breaks_off_in_is_broken_for_its_rest_may_have_cancelled_it() -> None:
    body = calendar("UID:a", "UID:b\nSTATUS:CANCELLED").partition(b"STATUS")[0]
    found = list(read_calendar(body, HOME, WINDOW))
    assert isinstance(found[0], Listing)
    assert isinstance(found[1], Broken)
    assert "breaks off" in found[1].problem
    assert len(found) == 2


def test_an_alarms_texts_are_not_the_entrys() -> None:
    alarm = "BEGIN:VALARM\nUID:alarm\nDESCRIPTION:Soon!\nTRIGGER:-PT30M\nEND:VALARM\nDESCRIPTION:Jazz"
    found = only(calendar(f"no UID\n{alarm}\nUID:a"))
    assert (found.key, found.description) == ("a", "Jazz")
    assert only(calendar(f"{alarm}".replace("END:VALARM\n", ""))).description is None


def test_one_entry_that_cannot_be_read_does_not_cost_the_others() -> None:
    body = calendar("DTSTART:tomorrow", "no DTSTART", "no SUMMARY", "UID:good", "DTSTART:99999999T000000")
    found = list(read_calendar(body, HOME, WINDOW))
    assert [each.key for each in found if isinstance(each, Listing)] == ["good"]
    assert [(each.entry, each.problem) for each in found if isinstance(each, Broken)] == [
        ("evening-1", "'tomorrow' is no date or time"),
        ("evening-2", "it has no DTSTART"),
        ("evening-3", "it has no SUMMARY"),
        ("evening-5", "month must be in 1..12"),
    ]


def test_an_entry_with_nothing_in_it_is_named_by_its_place() -> None:
    (found,) = broken(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n")
    assert (found.entry, found.problem) == ("byte 16", "it has no DTSTART")


def test_a_long_line_that_nobody_folded_is_whole() -> None:
    words = " ".join(["Evening"] * 2_000)
    assert only(calendar(f"DESCRIPTION:{words}")).description == words


def test_the_events_calendars_stamp_without_z_costs_nothing() -> None:
    assert only(calendar("DTSTAMP:20261101T120000")) == only(calendar("DTSTAMP:20261101T120000Z"))
