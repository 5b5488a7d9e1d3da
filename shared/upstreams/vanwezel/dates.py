"""Reads the days that a card of Carbonhouse's calendar names, however its site writes them.

Seen on such sites: `Thu. Oct  8, 2026`, `31 July 2024`, `Jan 30 - 31, 2026`, `Jan 30, 2026 - Feb 1, 2026`. Order and
spacing differ from site to site, so what a word is tells what it means: a month's name, four digits, one or two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Final

from shared.upstreams.fields import EARLIEST_YEAR, LATEST_YEAR

MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
SHORTEST: Final = 3  # letters of a month's name
LOOK_BACK: Final = timedelta(days=60)  # a day without a year that is longer ago than this is next year's

_WORD: Final = re.compile(r"[A-Za-z]+|[0-9]+")
_BETWEEN: Final = re.compile(r"\s-\s|[\u2013\u2014]|\bto\b|\bthrough\b")  # two lengths of dash
_CLOCK: Final = re.compile(r"([0-9]{1,2})(?::([0-9]{2}))?\s*([ap])\.?m\b", re.IGNORECASE)


class NotADay(ValueError):
    """A text that names no day, or two in the wrong order."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one side of a range says; what it leaves out the other side says."""

    day: int
    month: int | None
    year: int | None


def days(parts: list[str], today: date) -> tuple[date, date]:
    """Return the first and the last day that the parts of a range name, of which there are one or two.

    A year that neither names is the one that makes the first day an upcoming one. Raises NotADay.
    """
    if len(parts) == 1:
        parts = _BETWEEN.split(parts[0], maxsplit=1)
    first, last = _part(parts[0]), _part(parts[-1])
    month = first.month or last.month
    if month is None:
        raise NotADay(f"{' - '.join(parts)!r} names no month")
    last_month = last.month or month
    year = first.year or last.year
    if year is None:
        start = _upcoming(month, first.day, today)
    elif first.year is None and (month, first.day) > (last_month, last.day):
        start = _day(year - 1, month, first.day)  # Dec 30 - Jan 2, 2027
    else:
        start = _day(year, month, first.day)
    end = _day(last.year or start.year, last_month, last.day)
    if end < start and last.year is None:
        end = _day(start.year + 1, last_month, last.day)
    if end < start:
        raise NotADay(f"{' - '.join(parts)!r} ends before it begins")
    return start, end


def clock_time(text: str) -> time | None:
    """Return the time of day in a text such as ` 8:00 PM`; None where it names none (`TBA`)."""
    found = _CLOCK.search(text)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if not 1 <= hour <= 12 or minute > 59:  # noqa: PLR2004 - a clock's own numbers
        return None
    return time(hour % 12 + (12 if found[3].lower() == "p" else 0), minute)


def _part(text: str) -> Part:
    day = month = year = None
    for word in _WORD.findall(text):
        if word.isdigit():
            if len(word) == 4:  # noqa: PLR2004 - a year's digits
                year = int(word)
            elif len(word) <= 2 and day is None:  # noqa: PLR2004 - a day's digits
                day = int(word)
        elif month is None:
            month = _month(word.lower())
    if day is None:
        raise NotADay(f"{text!r} names no day")
    return Part(day, month, year)


def _month(word: str) -> int | None:
    if len(word) < SHORTEST:
        return None
    return next((number for number, name in enumerate(MONTHS, 1) if name.startswith(word)), None)


def _upcoming(month: int, day: int, today: date) -> date:
    for year in (today.year - 1, today.year):
        try:
            found = date(year, month, day)
        except ValueError:
            continue  # 29 February
        if found >= today - LOOK_BACK:
            return found
    return _day(today.year + 1, month, day)


def _day(year: int, month: int, day: int) -> date:
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise NotADay(f"{year}-{month}-{day} is no day") from error
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise NotADay(f"{year} is a year of no calendar")
    return found
