"""Calendars as venues publish them, each with quirks of its own; what is on is invented, and always to come."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from deploy.sandbox.programme import ZONE, Act

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deploy.sandbox.programme import Evening

EVERY, AHEAD = 6, 180

ACTS = (
    Act("silent-reel", "Silent Reel with Live Piano", time(19, 30), 110),
    Act("shorts", "An Hour of Shorts", time(18), 60),
    Act("matinee", "Matinee: The Long Pier", time(14), 95),
)
"""What the cinema shows, which the control routes can change."""

CHALLENGE = (
    '<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title></head>'
    "<body><h1>Checking your browser</h1></body></html>"
)
SYNTHETIC_DAYS = 300
"""Days over which generated entries are spread."""

PIECE = 500
"""Generated entries that are sent at a time."""


def cinema(evenings: Sequence[Evening]) -> str:
    """Return a plain calendar in UTC; an evening keeps its UID when it is moved."""
    entries = [
        _entry(
            f"UID:{one.key}@cinema.sandbox",
            f"DTSTART:{one.starts.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DURATION:PT{one.act.minutes}M",
            f"SUMMARY:{one.title}",
            "LOCATION:Harbor Cinema\\, 4 Pier Road\\, Sarasota",
        )
        for one in evenings
    ]
    return _calendar("Harbor Cinema", *entries)


def recurring(start: date) -> str:
    """Return a weekly class by rule: one date left out, one moved by an override that comes first, one series ended.

    Its zone bears a name without a definition.
    """
    friday = start + timedelta(days=(4 - start.weekday()) % 7)
    first = friday - timedelta(weeks=60)
    zone = f";TZID={ZONE.key}"
    return _calendar(
        "Dock Street Dance",
        _entry(
            "UID:weekly@dance.sandbox",
            f"RECURRENCE-ID{zone}:{_at(friday + timedelta(weeks=2), 19)}",
            f"DTSTART{zone}:{_at(friday + timedelta(weeks=2), 21)}",
            f"DTEND{zone}:{_at(friday + timedelta(weeks=2), 22)}",
            "SUMMARY:Tango Friday\\, two hours later",
        ),
        _entry(
            "UID:weekly@dance.sandbox",
            f"DTSTART{zone}:{_at(first, 19)}",
            f"DTEND{zone}:{_at(first, 20)}",
            "RRULE:FREQ=WEEKLY;BYDAY=FR",
            f"EXDATE{zone}:{_at(friday + timedelta(weeks=1), 19)}",
            "SUMMARY:Tango Friday",
            "DESCRIPTION:Beginners welcome.\\nShoes with smooth soles\\, please.",
        ),
        _entry(
            "UID:ended@dance.sandbox",
            f"DTSTART{zone}:{_at(first, 12)}",
            "RRULE:FREQ=DAILY;COUNT=3",
            "SUMMARY:Three noons of last year",
        ),
    )


def floating(start: date) -> str:
    """Return times without a zone, whose calendar names one; in LF alone, with a byte order mark and blank lines."""
    entries = [
        _entry(
            f"UID:{number}@pub.sandbox",
            f"DTSTART:{_at(start + timedelta(days=3 * number), 20)}",
            f"SUMMARY:Quiz night no. {number}",
            "STATUS:CANCELLED" if number == 2 else "STATUS:CONFIRMED",  # noqa: PLR2004 - one of them is off
        )
        for number in range(1, 6)
    ]
    text = _calendar("The Mangrove", *entries, head=("X-WR-TIMEZONE:America/Chicago",))
    return "\ufeff" + text.replace("\r\n", "\n").replace("BEGIN:VEVENT", "\nBEGIN:VEVENT")


def all_day(start: date) -> str:
    """Return whole days: one without an end, one of three days, and one folded in the middle of a letter's bytes."""
    day = start + timedelta(days=10)
    long = "SUMMARY:Fête of the founders: music, food, boats and — at nightfall — lanterns"
    return _calendar(
        "City of the Bay",
        _entry("UID:1@city.sandbox", f"DTSTART;VALUE=DATE:{day:%Y%m%d}", _folded(long)),
        _entry(
            "UID:2@city.sandbox",
            f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
            f"DTEND;VALUE=DATE:{day + timedelta(days=3):%Y%m%d}",
            "SUMMARY:Regatta",
        ),
    )


def broken(start: date) -> str:
    """Return five entries, two of which cannot be read, and lines that are none."""
    day = start + timedelta(days=5)
    return _calendar(
        "Gallery Nine",
        _entry("UID:1@gallery.sandbox", f"DTSTART:{_at(day, 18)}Z", "SUMMARY:Opening"),
        _entry("UID:2@gallery.sandbox", "DTSTART:soon", "SUMMARY:Nobody knows when"),
        "this line is nothing at all",
        _entry("UID:3@gallery.sandbox", f"DTSTART:{_at(day, 19)}Z", f"DTEND:{_at(day, 17)}Z", "SUMMARY:Ends too early"),
        _entry("UID:4@gallery.sandbox", "SUMMARY:No date at all"),
        _entry("UID:5@gallery.sandbox", f"DTSTART;TZID=Nowhere/Town:{_at(day, 20)}", "SUMMARY:CANCELED: Talk"),
    )


def empty() -> str:
    """Return a calendar without entries, which is valid."""
    return _calendar("Closed for the season")


def synthetic(entries: int, today: date) -> Iterator[bytes]:
    """Yield a calendar of so many entries piece by piece; it is the same all month long."""
    start = datetime.combine(today.replace(day=1), time(6))
    yield _calendar("Generated").removesuffix("END:VCALENDAR\r\n").encode()
    for first in range(0, entries, PIECE):
        yield "".join(
            _entry(
                f"UID:{number}@synthetic.sandbox",
                f"DTSTART;TZID={ZONE.key}:{start + _offset(number):%Y%m%dT%H%M%S}",
                "DURATION:PT1H",
                f"SUMMARY:Generated evening {number}",
                f"URL:https://synthetic.sandbox.invalid/evenings/{number}",
                "LOCATION:Hall 1",
            )
            for number in range(first, min(first + PIECE, entries))
        ).encode()
    yield b"END:VCALENDAR\r\n"


def _offset(number: int) -> timedelta:
    days, minutes = number % SYNTHETIC_DAYS, number // SYNTHETIC_DAYS % 900
    return timedelta(days=days + 31, minutes=minutes)


def _calendar(name: str, *entries: str, head: tuple[str, ...] = ()) -> str:
    start = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Sandbox//Feeds//EN", f"X-WR-CALNAME:{name}", *head)
    parts = [one if one.endswith("\r\n") else one + "\r\n" for one in (*start, *entries)]
    return "".join([*parts, "END:VCALENDAR\r\n"])


def _entry(*lines: str) -> str:
    return "\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT", ""))


def _at(day: date, hour: int) -> str:
    return f"{day:%Y%m%d}T{hour:02}0000"


def _folded(line: str) -> str:
    """Return a line in pieces of 20 bytes, wherever that cuts a letter; the text holds them as surrogates."""
    raw = line.encode()
    pieces = [raw[at : at + 20] for at in range(0, len(raw), 20)]
    return b"\r\n ".join(pieces).decode("utf-8", "surrogateescape")
