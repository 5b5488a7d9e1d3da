"""One VEVENT: when it is, which version of what it is, and, where somebody wants it, the listing it makes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from shared.catalog.venues.records import Listing, Status
from shared.upstreams.fields import plain
from shared.upstreams.ical.index import first
from shared.upstreams.ical.lines import Properties, Property, properties_of, texts, unescaped
from shared.upstreams.ical.moments import Moment, in_utc, moment_in, moment_of, span_of
from shared.upstreams.ical.zones import Zones
from shared.upstreams.prose import one_line, prose, status_in_title, web_address

# CONFIRMED and TENTATIVE are the RFC's, the others are other people's.
_STATUSES: Final[dict[str, Status]] = {
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
    "POSTPONED": "postponed",
}
_PICTURE: Final = re.compile(r"\.(?:jpe?g|png|gif|webp|avif)(?:$|\?)", re.IGNORECASE)
_PICTURES: Final = ("IMAGE", "X-TKF-FEATURED-IMAGE", "X-WP-IMAGES-URL")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """A VEVENT's times, and the properties it was read from.

    `end` is None where it says none, or one before the start; of an all-day entry it is the day after the last.
    `original` is its RECURRENCE-ID: which occurrence it replaces, and those after it if `onwards`.
    """

    uid: str
    properties: Properties
    zones: Zones
    start: Moment
    end: Moment | None
    original: Moment | None
    onwards: bool
    version: tuple[int, datetime, int]

    @property
    def zone(self) -> tzinfo:
        """The zone its times are told in; a time told in UTC is told by a machine, and means home."""
        zone = self.start.tzinfo if isinstance(self.start, datetime) else None
        return self.zones.home if zone is None or zone is UTC else zone

    @property
    def repeats(self) -> bool:
        """Whether it has more occurrences than itself."""
        return self.original is None and any(name in self.properties for name in ("RRULE", "RDATE"))


def read_entry(text: bytes, zones: Zones, position: int) -> Entry:
    """Return an entry; raises ValueError, saying what is wrong with it, and OverflowError."""
    properties = properties_of(text)
    if "DTSTART" not in properties:
        raise ValueError("it has no DTSTART")
    start = moment_in(properties["DTSTART"][0], zones)
    original = properties.get("RECURRENCE-ID", [None])[0]
    return Entry(
        uid=first(properties, "UID"),
        properties=properties,
        zones=zones,
        start=start,
        end=_end(properties, zones, start),
        original=moment_in(original, zones, _floating(start)) if original else None,
        onwards=original is not None and original.parameters.get("RANGE", "").upper() == "THISANDFUTURE",
        version=(_sequence(properties), _stamp(properties), position),
    )


def listing_of(entry: Entry, key: str, start: Moment, end: Moment | None, master: Entry | None = None) -> Listing:
    """Return the listing of an entry, or of one occurrence of it; raises ValueError when it has no title."""
    said = entry.properties
    title = _line(said, "SUMMARY") or (_line(master.properties, "SUMMARY") if master else None)
    if title is None:
        raise ValueError("it has no SUMMARY")
    home = entry.zones.home
    return Listing(
        key=key,
        title=title,
        starts_at=in_utc(start, home),
        ends_at=in_utc(end, home) if end is not None else None,
        all_day=not isinstance(start, datetime),
        time_zone=entry.zone.key if isinstance(entry.zone, ZoneInfo) else home.key,
        status=_STATUSES.get(first(said, "STATUS").upper()) or status_in_title(title),
        venue=_line(said, "LOCATION"),
        description=_words(said, "DESCRIPTION") or _words(said, "X-ALT-DESC"),
        url=web_address(first(said, "URL")),
        image=_picture(said),
        ticket_url=web_address(first(said, "X-TICKETS-URL")),
        price_text=_line(said, "X-COST"),
        organizer=_organizer(said),
        categories=_categories(said),
    )


def last_of(start: Moment, end: Moment | None) -> Moment | None:
    """Return when an occurrence ends: a day without a later end is one day, a time without one has none."""
    if isinstance(start, datetime):
        return end if isinstance(end, datetime) and end > start else None
    return end if end is not None and end > start else start + _DAY


def _end(properties: Properties, zones: Zones, start: Moment) -> Moment | None:
    """Return the end, if there is one that can be read: an odd end must not cost the evening."""
    try:
        end = _stated_end(properties, zones, start)
    except (ValueError, OverflowError):
        end = None
    if end is not None and isinstance(start, datetime) and not isinstance(end, datetime):
        end = datetime(end.year, end.month, end.day, tzinfo=start.tzinfo)
    elif isinstance(end, datetime) and not isinstance(start, datetime):
        # An end in the course of a day takes that day in.
        end = end.date() + (_DAY if end.time() != datetime.min.time() else timedelta())
    return last_of(start, end)


def _stated_end(properties: Properties, zones: Zones, start: Moment) -> Moment | None:
    if "DTEND" in properties:
        return moment_in(properties["DTEND"][0], zones, _floating(start))
    if "DURATION" not in properties:
        return None
    span = span_of(properties["DURATION"][0].value)
    if isinstance(start, datetime):
        # Exact hours, also over a change of the clocks.
        return (start.astimezone(UTC) + span).astimezone(start.tzinfo)
    return date.fromordinal(start.toordinal() + -(-span // _DAY))


def _floating(start: Moment) -> tzinfo | None:
    """Return the zone of times beside a start that name none themselves: the start's, unless it is UTC."""
    zone = start.tzinfo if isinstance(start, datetime) else None
    return None if zone is UTC else zone


def _sequence(properties: Properties) -> int:
    number = first(properties, "SEQUENCE")
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else 0  # noqa: PLR2004


def _stamp(properties: Properties) -> datetime:
    """Return the DTSTAMP; The Events Calendar writes it without zone."""
    never = datetime.min.replace(tzinfo=UTC)
    try:
        return in_utc(moment_of(first(properties, "DTSTAMP"), UTC), UTC)
    except (ValueError, OverflowError):
        return never


def _line(properties: Properties, name: str) -> str | None:
    return one_line(unescaped(first(properties, name))) or None


def _words(properties: Properties, name: str) -> str | None:
    return prose(unescaped(first(properties, name))) or None


def _picture(properties: Properties) -> str | None:
    candidates = [prop for name in _PICTURES for prop in properties.get(name, ())]
    for prop in properties.get("ATTACH", ()):
        kind = prop.parameters.get("FMTTYPE", "").lower()
        if kind.startswith("image/") or (not kind and _PICTURE.search(prop.value)):
            candidates.append(prop)
    return next(filter(None, (web_address(prop.value) for prop in candidates)), None)


def _organizer(properties: Properties) -> str | None:
    organizer: Property | None = properties.get("ORGANIZER", [None])[0]
    name = organizer.parameters.get("CN", "") if organizer else ""
    # The Events Calendar writes the name, quotes included, as a part of a web address.
    name = re.sub(r"(?:%[0-9A-Fa-f]{2})+", _percents, name).strip('"')
    name = one_line(name)
    return None if not name or "@" in name or name.lower().startswith("mailto:") else name


def _percents(found: re.Match[str]) -> str:
    return bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "replace")


def _categories(properties: Properties) -> tuple[str, ...]:
    names = (one_line(name) for prop in properties.get("CATEGORIES", ()) for name in texts(prop.value))
    return tuple(dict.fromkeys(plain(name) for name in names if name))
