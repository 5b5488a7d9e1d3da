"""When a schedule is due: by crontab in a time zone, at an interval, or once. Pure; every moment has a zone.

A local time that a clock put forward skips (02:30 in spring) is due as long after midnight as on any other day: the
clock then shows 03:30. One that a clock put back shows twice is due the first time; a crontab for every hour of the
day is due both times.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from shared.errors import MillraceError

LONGEST_WAIT: Final = 41
"""Years within which a crontab must be due: a Monday that is the 29th of February comes after 40 at the latest."""

LONGEST_INTERVAL: Final = 366 * 86_400
"""Seconds between two runs at most; a crontab says better what is rarer."""

FIRST_YEAR, LAST_YEAR = 1970, 2999
"""Between them a moment has room for every zone."""

_SHIFT: Final = timedelta(hours=3)
"""More than a clock is ever put forward or back, unless by whole days."""

_HOURS: Final = 24
_FIELDS: Final = (
    ("minute", 60, 0, "[0-9]+"),
    ("hour", _HOURS, 0, "[0-9]+"),
    ("day of month", 31, 1, "[0-9]+"),
    ("month", 12, 1, "[0-9]+|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"),
    ("day of week", 7, 0, "[0-9]+|sun|mon|tue|wed|thu|fri|sat"),
)
"""Name, how many values, the first of them, and how one is written."""


class InvalidTrigger(MillraceError):
    """A time at which nothing can be due; `field` is crontab, time_zone, interval_seconds or once_at."""

    def __init__(self, field: str, problem: str) -> None:
        self.field = field
        self.problem = problem
        super().__init__(f"{field}: {problem}")


@dataclass(frozen=True, slots=True)
class Crontab:
    """Due whenever the clock of a zone shows what the five fields say; all of them must fit, both days included."""

    expression: str
    time_zone: str

    def check(self) -> None:
        """Raise InvalidTrigger for an expression that cannot be read or is never due, or an unknown zone."""
        check_zone(self.time_zone)
        _parse(self.expression)
        if self.next_after(datetime(2000, 1, 1, tzinfo=UTC)) is None:
            raise InvalidTrigger("crontab", f"{self.expression!r} is never due")

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first due time after a moment; raises InvalidTrigger."""
        fields, zone = _parse(self.expression), _zone(self.time_zone)
        found: list[datetime] = []
        for hour in fields.hours_from(moment.astimezone(zone).date() - timedelta(days=1)):
            begins = hour.replace(tzinfo=zone).astimezone(UTC)
            # Hours do not always come in their order: one that a clock skipped is due when a later one is.
            if found and begins > min(found) + _SHIFT:
                break
            if begins > moment - timedelta(hours=1) - _SHIFT:
                found += [due for due in fields.moments(hour, zone) if due > moment]
        return min(found, default=None)


@dataclass(frozen=True, slots=True)
class Interval:
    """Due at each multiple of so many seconds since 1970, UTC: no restart and no edit moves it."""

    seconds: int
    time_zone: str = "UTC"

    def check(self) -> None:
        """Raise InvalidTrigger for an interval that is none, or an unknown zone."""
        check_zone(self.time_zone)
        if not 1 <= self.seconds <= LONGEST_INTERVAL:
            raise InvalidTrigger("interval_seconds", f"{self.seconds} is not between 1 and {LONGEST_INTERVAL}")

    def next_after(self, moment: datetime) -> datetime:
        """Return the first due time after a moment."""
        since = moment - _EPOCH
        return _EPOCH + (since // timedelta(seconds=self.seconds) + 1) * timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Once:
    """Due at one moment, and never again."""

    at: datetime
    time_zone: str = "UTC"

    def check(self) -> None:
        """Raise InvalidTrigger for a moment too far away, or an unknown zone."""
        check_zone(self.time_zone)
        if not FIRST_YEAR <= self.at.year <= LAST_YEAR:
            raise InvalidTrigger("once_at", f"is not between {FIRST_YEAR} and {LAST_YEAR}")

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the moment while it is to come."""
        return self.at if self.at > moment else None


Trigger = Crontab | Interval | Once

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def trigger_of(
    crontab: str | None, interval_seconds: int | None, once_at: datetime | None, time_zone: str = "UTC"
) -> Trigger:
    """Return the trigger that is given; raises InvalidTrigger unless exactly one is.

    A moment without a zone of its own is what a clock in `time_zone` shows.
    """
    match (crontab, interval_seconds, once_at):
        case (str(), None, None):
            return Crontab(crontab, time_zone)
        case (None, int(), None):
            return Interval(interval_seconds, time_zone)
        case (None, None, datetime()):
            return Once(in_zone(once_at, time_zone), time_zone)
    raise InvalidTrigger("crontab", "give exactly one of crontab, interval_seconds and once_at")


def check_zone(name: str) -> None:
    """Raise InvalidTrigger for a name that is no IANA zone; `localtime` is whatever a machine's owner likes."""
    if name not in available_timezones() or name == "localtime":
        raise InvalidTrigger("time_zone", f"{name!r} is no IANA time zone, such as America/New_York or UTC")


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidTrigger("time_zone", f"{name!r} is unknown to this machine") from error


def in_zone(moment: datetime, time_zone: str) -> datetime:
    """Return a moment in UTC; without a zone of its own it is what a clock in `time_zone` shows."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_zone(time_zone))
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise InvalidTrigger("once_at", f"is not between {FIRST_YEAR} and {LAST_YEAR}") from error


@dataclass(frozen=True, slots=True)
class _Fields:
    """A crontab, read: the values of each field that fit. Sunday is day 0 of the week."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    def hours_from(self, start: date) -> Iterator[datetime]:
        """Return the hours that fit, as a clock shows them, from the day `start` on."""
        for year in range(start.year, start.year + LONGEST_WAIT):
            for month in sorted(self.months):
                for number in sorted(self.days):
                    try:
                        day = datetime(year, month, number)  # noqa: DTZ001 - what a clock shows
                    except ValueError:  # the month has no such day, or the calendar no such year
                        break
                    if day.date() >= start and day.isoweekday() % 7 in self.weekdays:
                        yield from (day.replace(hour=hour) for hour in sorted(self.hours))

    def moments(self, hour: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Return the due times of an hour, in UTC and in no order."""
        for minute in self.minutes:
            shown = hour.replace(minute=minute, tzinfo=zone)
            yield shown.astimezone(UTC)
            if len(self.hours) == _HOURS:
                again = shown.replace(fold=1).astimezone(UTC)
                # Of a time that a clock skips, this is an hour too early.
                if again.astimezone(zone).replace(tzinfo=None, fold=0) == shown.replace(tzinfo=None):
                    yield again


@functools.lru_cache(maxsize=256)
def _parse(expression: str) -> _Fields:
    # Celery's package takes a tenth of a second that the API need not wait for at its start.
    from celery.schedules import ParseException, crontab_parser  # noqa: PLC0415

    words = expression.lower().split()
    if len(words) != len(_FIELDS):
        fields = ", ".join(name for name, *_ in _FIELDS)
        raise InvalidTrigger("crontab", f"{expression!r} has {len(words)} fields, not five: {fields}")
    values = []
    for word, (name, size, first, value) in zip(words, _FIELDS, strict=True):
        # Celery's parser ignores what stands behind a part that it understands, and knows months in every field.
        part = rf"(?:\*|(?:{value})-(?:{value}))(?:/0*[1-9][0-9]*)?|(?:{value})"
        if not re.fullmatch(rf"(?:{part})(?:,(?:{part}))*", word):
            raise InvalidTrigger("crontab", f"{name}: {word!r} is not such as *, 5, 1-5, */15, 1-31/2 or 1,15")
        try:
            values.append(frozenset(crontab_parser(size, first).parse(word)))
        except (ValueError, ParseException) as error:
            raise InvalidTrigger("crontab", f"{name}: {word!r}: {str(error).rstrip('.')}") from error
        for step in re.findall("/([0-9]+)", word):
            if int(step) >= size:
                raise InvalidTrigger("crontab", f"{name}: a step of {step} goes beyond it, so it is one value")
    return _Fields(*values)
