"""The grammar of an RRULE: its parts by name, nonsense refused."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

PERIODS: Final = {
    "SECONDLY": timedelta(seconds=1),
    "MINUTELY": timedelta(minutes=1),
    "HOURLY": timedelta(hours=1),
    "DAILY": timedelta(days=1),
    "WEEKLY": timedelta(weeks=1),
    "MONTHLY": timedelta(days=28),
    "YEARLY": timedelta(days=365),
}
_NUMBERS: Final = {
    "INTERVAL": (1, 10_000),
    "COUNT": (1, 10**9),
    "BYSECOND": (0, 59),
    "BYMINUTE": (0, 59),
    "BYHOUR": (0, 23),
    "BYMONTHDAY": (-31, 31),
    "BYYEARDAY": (-366, 366),
    "BYWEEKNO": (-53, 53),
    "BYMONTH": (1, 12),
    "BYSETPOS": (-366, 366),
}
# RFC 5545 forbids most of these. They never fit, and a rule that never fits is followed to the year 9999.
_UNFIT: Final = {
    "DAILY": ("BYYEARDAY", "BYWEEKNO", "BYSETPOS"),
    "WEEKLY": ("BYYEARDAY", "BYWEEKNO"),
    "MONTHLY": ("BYYEARDAY", "BYWEEKNO"),
}
_WEEKDAY: Final = re.compile(r"[+-]?\d{0,2}(?:MO|TU|WE|TH|FR|SA|SU)", re.ASCII)
_LONGEST: Final = 2_000  # characters


def parts_of(value: str) -> dict[str, str]:
    """Return a rule's parts by name, both in capitals, without X- parts; raises ValueError for nonsense."""
    parts = {}
    if len(value) > _LONGEST:
        raise ValueError(f"its RRULE has {len(value)} characters")
    for part in filter(None, (part.strip() for part in value.upper().split(";"))):
        name, _, said = (word.strip() for word in part.partition("="))
        said = said.replace(" ", "").rstrip(",")
        if name == "COUNT" and said.startswith("-"):
            continue  # "-1" is how some programs write "without end"
        if not name.startswith("X-"):
            _check(name, said, value)
            parts[name] = said
    if "FREQ" not in parts:
        raise ValueError(f"its RRULE {value[:100]!r} has no FREQ")
    for name in _UNFIT.get(parts["FREQ"], ()):
        if name in parts:
            raise ValueError(f"its RRULE {value[:100]!r} cannot be followed: {name} says nothing of {parts['FREQ']}")
    return parts


def _check(name: str, said: str, rule: str) -> None:
    if name in _NUMBERS:
        least, most = _NUMBERS[name]
        numbers = said.split(",")
        single = len(numbers) == 1 or name.startswith("BY")
        fits = single and all(re.fullmatch(r"[+-]?\d{1,9}", number, re.ASCII) for number in numbers)
        fits = fits and all(least <= int(number) <= most for number in numbers)
        fits = fits and (least >= 0 or all(int(number) for number in numbers))
    elif name == "FREQ":
        fits = said in PERIODS
    elif name == "BYDAY":
        fits = all(_WEEKDAY.fullmatch(day) for day in said.split(","))
    elif name == "WKST":
        fits = said in {"MO", "TU", "WE", "TH", "FR", "SA", "SU"}
    else:
        fits = name == "UNTIL"
    if not fits:
        raise ValueError(f"its RRULE {rule[:100]!r} cannot be followed: {name[:20]}={said[:40]}")
