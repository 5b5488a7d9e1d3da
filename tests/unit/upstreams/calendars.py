"""Small calendars for tests, and what comes of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from shared.catalog.venues.records import Broken, Listing, Window
from shared.upstreams.ical import read_calendar

HOME = "America/New_York"
TIME = "20260302T200000"
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def calendar(*entries: str, head: str = "") -> bytes:
    """Return a calendar of entries; of each, UID, SUMMARY and DTSTART are made up unless it has its own."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *head.strip().splitlines()]
    for number, entry in enumerate(entries, 1):
        lines.append("BEGIN:VEVENT")
        for name, value in (("UID", f"evening-{number}"), ("SUMMARY", f"Evening {number}"), ("DTSTART", TIME)):
            if not re.search(rf"^(?:no )?{name}\b", entry, re.MULTILINE):
                lines.append(f"{name}:{value}")
        lines += [line for line in entry.strip().splitlines() if not line.startswith("no ")]
        lines.append("END:VEVENT")
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def read(body: bytes, zone: str = HOME, window: Window = WINDOW) -> list[Listing]:
    """Return the listings of a body in which nothing is broken."""
    found = list(read_calendar(body, zone, window))
    assert not [each for each in found if isinstance(each, Broken)]
    return [each for each in found if isinstance(each, Listing)]


def broken(body: bytes, window: Window = WINDOW) -> list[Broken]:
    """Return what is broken in a body."""
    return [each for each in read_calendar(body, HOME, window) if isinstance(each, Broken)]


def only(body: bytes, zone: str = HOME, window: Window = WINDOW) -> Listing:
    """Return the one listing of a body."""
    (listing,) = read(body, zone, window)
    return listing


def starts(body: bytes, window: Window = WINDOW) -> list[str]:
    """Return when the listings of a body start, in UTC, such as `03-02 01:00`."""
    return [f"{listing.starts_at:%m-%d %H:%M}" for listing in read(body, HOME, window)]


def keys(body: bytes, window: Window = WINDOW) -> list[str]:
    """Return the keys of the listings of a body."""
    return [listing.key for listing in read(body, HOME, window)]
