"""Dates, times and spans of iCalendar; what a value is shows in the value, for VALUE= often lies."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from shared.upstreams.ical.lines import Property
from shared.upstreams.ical.zones import Zones

Moment = date | datetime
"""A day (of an all-day entry), or an aware time."""

_DAY: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)", re.ASCII)
_TIME: Final = re.compile(
    r"(\d{4})-?(\d\d)-?(\d\d)[Tt ](\d\d):?(\d\d)(?::?(\d\d))?(?:\.\d+)?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
_SPAN: Final = re.compile(
    r"([+-])?P(?:T?(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,7})M)?(?:(\d{1,9})S)?)?",
    re.ASCII | re.IGNORECASE,
)


def moment_of(value: str, zone: tzinfo) -> Moment:
    """Return a day or time, taken to be in `zone` where it names none; raises ValueError for anything else."""
    value = value.strip()
    if day := _DAY.fullmatch(value):
        return date(int(day[1]), int(day[2]), int(day[3]))
    found = _TIME.fullmatch(value)
    if found is None:
        raise ValueError(f"{value[:60]!r} is no date or time")
    year, month, number, hour, minute = (int(found[part]) for part in range(1, 6))
    # A leap second, :60, is a second Python does not have.
    second = min(int(found[6] or 0), 59)
    offset = found[7]
    if offset in {"Z", "z"}:
        zone = UTC
    elif offset:
        zone = datetime.strptime(offset, "%z").tzinfo or UTC
    return datetime(year, month, number, hour, minute, second, tzinfo=zone)


def moment_in(prop: Property, zones: Zones, floating: tzinfo | None = None) -> Moment:
    """Return a property's day or time; one without zone is in `floating`, by default the calendar's home."""
    return moment_of(prop.value, zone_in(prop, zones) or floating or zones.home)


def zone_in(prop: Property, zones: Zones) -> tzinfo | None:
    """Return the zone a property names; None if it names none."""
    name = prop.parameters.get("TZID")
    return zones.named(name) if name else None


def span_of(value: str) -> timedelta:
    """Return a DURATION; raises ValueError if it is none, or longer than any evening."""
    found = _SPAN.fullmatch(value.strip())
    if found is None or not any(found.groups()[1:]):
        raise ValueError(f"{value[:60]!r} is no duration")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
    span = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if found[1] == "-" else span


def like(moment: Moment, pattern: Moment, home: tzinfo) -> Moment:
    """Return a moment as the same kind as another: a day made that day's time, a time made its day."""
    if not isinstance(pattern, datetime):
        return moment if not isinstance(moment, datetime) else day_of(moment, home)
    if isinstance(moment, datetime):
        return moment
    # A day is counted where the venue is, also for a time told in UTC.
    there = pattern.astimezone(home) if pattern.tzinfo is UTC else pattern
    return datetime.combine(moment, there.timetz())


def day_of(moment: Moment, zone: tzinfo) -> date:
    """Return the day of a moment; a midnight in UTC that stands for a day is that day."""
    if not isinstance(moment, datetime):
        return moment
    if moment.tzinfo is UTC and moment.time() == time():
        return moment.date()
    return moment.astimezone(zone).date()


def in_utc(moment: Moment, home: tzinfo) -> datetime:
    """Return a moment in UTC; a day is its midnight at home. Raises OverflowError at the ends of the calendar."""
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), home)
    return moment.astimezone(UTC)
