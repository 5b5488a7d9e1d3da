"""A feed of fifty thousand entries is read in little memory, and no mutilation of a feed gets past its reader."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.catalog.venues.records import Broken, Listing
from shared.errors import UnreadableAnswer
from shared.upstreams.ical import read_calendar
from tests.unit.upstreams.calendars import HOME, WINDOW, calendar

# Parsed whole by icalendar, this feed takes 260 MB beside its text; read one group at a time it takes 13.
MOST_GROWTH = 60  # MB

# The feed is read from a file, so that nothing but its text is in memory before.
CHILD = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from shared.catalog.venues.records import Window
from shared.upstreams.ical import read_calendar
body = Path(sys.argv[1]).read_bytes()
window = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = sum(1 for _ in read_calendar(body, "America/New_York", window))
print(count, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def long_feed(path: Path) -> None:
    with path.open("wb") as feed:
        feed.write(b"BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:America/New_York\r\n")
        for number in range(50_000):
            day = f"2026{1 + number % 12:02}{1 + number % 28:02}"
            lines = [
                "BEGIN:VEVENT",
                f"UID:evening-{number}@venue.example",
                "DTSTAMP:20260101T000000Z",
                f"DTSTART;TZID=America/New_York:{day}T200000",
                "DURATION:PT2H",
                f"SUMMARY:Evening {number}",
                r"LOCATION:Great Hall\, 1 Main St",
                "DESCRIPTION:" + r"A long evening\, with music and words. " * 5,
                *(["RRULE:FREQ=WEEKLY;COUNT=3"] if number % 50 == 0 else []),
                "END:VEVENT",
            ]
            feed.write("\r\n".join([*lines, ""]).encode())
        feed.write(b"END:VCALENDAR\r\n")


def test_a_feed_of_fifty_thousand_entries_is_read_without_holding_them_as_objects(tmp_path: Path) -> None:
    long_feed(tmp_path / "feed.ics")
    command = [sys.executable, "-c", CHILD, str(tmp_path / "feed.ics")]
    answer = subprocess.run(command, capture_output=True, check=True, text=True)
    count, growth = (int(number) for number in answer.stdout.split())
    assert (tmp_path / "feed.ics").stat().st_size > 15_000_000
    assert count == 50_000 + 2 * 1_000
    assert growth < MOST_GROWTH


WELL = calendar(
    "UID:a\nDTSTART;TZID=Europe/Berlin:20260302T200000\nDTEND;TZID=Europe/Berlin:20260302T220000\n"
    "RRULE:FREQ=WEEKLY;UNTIL=20260401T000000Z;BYDAY=MO,TH\nEXDATE;TZID=Europe/Berlin:20260309T200000",
    "UID:a\nDTSTART:20260306T190000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260305T190000Z\nSEQUENCE:2",
    "UID:10-1772488800-1772496000@venue.example\nDTSTART;VALUE=DATE:20260302\nRDATE;VALUE=PERIOD:20260401T180000Z/PT1H",
    "no UID\nDESCRIPTION:<p>Soup &amp\\; bread\nCATEGORIES:a\\,b,c\nORGANIZER;CN=%22x%22:mailto:a@b\nDURATION:PT1H",
    head="X-WR-TIMEZONE:America/New_York\nBEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nDTSTART:16010101T020000\n"
    "TZOFFSETFROM:-0400\nTZOFFSETTO:-0500\nEND:STANDARD\nEND:VTIMEZONE",
)
PIECES = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\n ",
            b":",
            b";",
            b",",
            b"=",
            b'"',
            b"-",
            b"0",
            b"99999999",
            b"\\",
            b"\xff",
            b"\x00",
            b"/",
            b"P9W",
        ),
        *(
            b"BEGIN:VEVENT\r\n",
            b"END:VEVENT\r\n",
            b"BEGIN:VCALENDAR\r\n",
            b"Z",
            b"T",
            b"TZID=Own",
            b"00010101",
            b"9999",
        ),
        *(b"INTERVAL=0;", b"FREQ=SECONDLY;", b"FREQ=YEARLY;", b"BYSETPOS=3;", b"COUNT=5;", b"UNTIL=20260302;"),
        *(b"RRULE:FREQ=DAILY\r\n", b"RDATE:20260302\r\n", b"RECURRENCE-ID:20260302\r\n", b"DTSTART:20260302\r\n"),
    ]
)
CUTS = st.lists(st.tuples(st.integers(0, len(WELL)), st.integers(0, 40), PIECES | st.binary(max_size=6)), max_size=6)


@pytest.mark.parametrize(
    "body",
    [
        calendar(*["UID:same\nSUMMARY:Jazz"] * 10_000),
        calendar("DESCRIPTION:x" + "\n" * 500_000),
        calendar("DESCRIPTION:" + "<" * 500_000),
        calendar("BEGIN:X\n" * 3_000 + "END:Y\n" * 30_000),
        calendar("RRULE:FREQ=DAILY\nEXDATE:" + "20260302," * 100_000),
    ],
    ids=["one UID again and again", "blank lines", "tags nobody closed", "components nobody closed", "dates left out"],
)
def test_no_shape_of_a_feed_costs_more_time_than_its_length(body: bytes) -> None:
    begun = perf_counter()
    assert len(list(read_calendar(body, HOME, WINDOW))) == 1
    assert perf_counter() - begun < 5


@settings(max_examples=300, deadline=None)
@given(CUTS)
def test_a_mutilated_calendar_is_refused_or_read_but_never_gets_past_its_reader(
    cuts: list[tuple[int, int, bytes]],
) -> None:
    body = WELL
    for at, length, piece in cuts:
        body = body[:at] + piece + body[at + length :]
    try:
        found = list(read_calendar(body, HOME, WINDOW))
    except UnreadableAnswer:
        return
    keys = [each.key for each in found if isinstance(each, Listing)]
    assert len(set(keys)) == len(keys)
    assert all(isinstance(each, Listing | Broken) for each in found)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.text(max_size=200))
def test_anything_within_an_entry_is_read_or_broken(noise: bytes, text: str) -> None:
    body = calendar("").replace(b"END:VEVENT", noise + b"\r\nDESCRIPTION:" + text.encode() + b"\r\nEND:VEVENT")
    for each in read_calendar(body, HOME, WINDOW):
        assert isinstance(each, Listing | Broken)
        repr(each).encode("utf-8")
