"""Exports as The Events Calendar writes them: lines of any length, entities, a VTIMEZONE that contradicts its name."""

from __future__ import annotations

from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING

from deploy.sandbox.mote.acts import PLACE, SITE
from deploy.sandbox.programme import ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from deploy.sandbox.programme import Evening

FIRST_POST = 30_000
POSTED = datetime(2024, 1, 1, 15, tzinfo=UTC)


def export(evenings: Sequence[Evening], base: str, host: str, now: datetime) -> str:
    """Return a calendar of the evenings."""
    years = sorted({one.day.year for one in evenings} or {now.year})
    head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{SITE} - ECPv6.15.15//NONSGML v1.0//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{SITE}",
        f"X-ORIGINAL-URL:{base.rstrip('/')}",
        f"X-WR-CALDESC:Events for {SITE}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT1H",
        "X-Robots-Tag:noindex",
        "X-PUBLISHED-TTL:PT1H",
        "BEGIN:VTIMEZONE",
        f"TZID:{ZONE.key}",
    ]
    zones = [line for year in years for line in _zone(year)]
    stamp = now.astimezone(ZONE).strftime("DTSTAMP:%Y%m%dT%H%M%S")  # without a Z, as the plugin has it
    entries = [line for one in evenings for line in _entry(one, base, host, stamp)]
    return "\r\n".join([*head, *zones, "END:VTIMEZONE", *entries, "END:VCALENDAR", ""])


def _zone(year: int) -> list[str]:
    """Return a year's changes of the clock, whose times are written in UTC where local time belongs."""
    return [
        *("BEGIN:DAYLIGHT", "TZOFFSETFROM:-0500", "TZOFFSETTO:-0400", "TZNAME:EDT"),
        *(f"DTSTART:{year}0310T070000", "END:DAYLIGHT"),
        *("BEGIN:STANDARD", "TZOFFSETFROM:-0400", "TZOFFSETTO:-0500", "TZNAME:EST"),
        *(f"DTSTART:{year}1103T060000", "END:STANDARD"),
    ]


def _entry(evening: Evening, base: str, host: str, stamp: str) -> Iterable[str]:
    told = evening.act.details
    starts, ends = evening.starts, evening.ends
    yield "BEGIN:VEVENT"
    if evening.act.starts is None:
        yield f"DTSTART;VALUE=DATE:{starts:%Y%m%d}"
        yield f"DTEND;VALUE=DATE:{ends:%Y%m%d}"
    else:
        yield f"DTSTART;TZID={ZONE.key}:{starts:%Y%m%dT%H%M%S}"
        yield f"DTEND;TZID={ZONE.key}:{ends:%Y%m%dT%H%M%S}"
    yield stamp
    yield f"CREATED:{POSTED:%Y%m%dT%H%M%SZ}"
    yield f"LAST-MODIFIED:{POSTED:%Y%m%dT%H%M%SZ}"
    # The times are part of the identity: an evening that moves is another one.
    yield f"UID:{FIRST_POST + evening.number}-{starts.timestamp():.0f}-{ends.timestamp():.0f}@{host}"
    yield f"SUMMARY:{_escaped(evening.title)}"
    yield f"DESCRIPTION:{_escaped(description(evening))}"
    yield f"URL:{base}event/{evening.key}/"
    if told.get("place") != "none":
        yield f"LOCATION:{_escaped(', '.join(unescape(part) for part in PLACE.values()))}"
    yield f"CATEGORIES:{','.join(_escaped(name) for name in told['categories'].split('|'))}"
    if told.get("image") != "none":
        yield f"ATTACH;FMTTYPE=image/jpeg:{base}wp-content/uploads/{evening.act.slug}.jpg"
    yield f'ORGANIZER;CN="{unescape(SITE)}":MAILTO:events@{host}'
    yield "END:VEVENT"


def description(evening: Evening) -> str:
    """Return what an evening is about, in two lines."""
    return f"{unescape(evening.title)}, at the tank, by the bay.\nDoors open half an hour before."


def _escaped(text: str) -> str:
    """Return a text as the plugin escapes it: commas and line ends, but no semicolons."""
    return text.replace("\\", "\\\\").replace(",", "\\,").replace("\n", "\\n")
