"""An RRULE made safe: every form of UNTIL made one, nonsense refused, and its cost known before it is expanded."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, time, tzinfo
from math import prod
from typing import Final

from shared.upstreams.ical.lines import Property
from shared.upstreams.ical.moments import Moment, day_of, in_utc, moment_of
from shared.upstreams.ical.parts import PERIODS, parts_of

MOST_STEPS: Final = 100_000
"""How many periods a rule may have to be followed through: a daily one since the year 1750, an hourly one for years."""

_TIMES: Final = ("BYHOUR", "BYMINUTE", "BYSECOND")
_DAYS: Final = ("BYDAY", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYMONTH", "BYSETPOS")


class Rule:
    """A rule of a series that starts at `start`; raises ValueError for one that means nothing.

    `text` is the rule without UNTIL where it has a COUNT, for dateutil wants one of them; `until` is always known.
    """

    def __init__(self, prop: Property, start: Moment, home: tzinfo) -> None:
        self._start = start
        self._parts = parts_of(prop.value)
        self.until = self._until(home)
        self.text = self._text()

    def steps(self, until: datetime) -> int:
        """Return about how many periods have to be looked at to know the occurrences before a time."""
        frequency, parts = self._parts["FREQ"], self._parts
        start = in_utc(self._start, UTC)
        ends = until if self.until is None else min(until, in_utc(self.until, UTC))
        periods = max(0, (ends - start) // (PERIODS[frequency] * int(parts.get("INTERVAL", "1")))) + 1
        if not any(name in parts for name in (*_DAYS, *_TIMES)):
            return min(periods, int(parts.get("COUNT", periods)))
        # A rule that never fits is followed to the end of time, whatever its COUNT: small periods may not choose.
        if frequency in {"SECONDLY", "MINUTELY"} or (frequency == "HOURLY" and any(name in parts for name in _DAYS)):
            return MOST_STEPS + 1
        if _impossible(parts):
            return MOST_STEPS + 1
        # Of an hourly rule, BYHOUR picks hours; everywhere else such parts make one period many occurrences.
        finer = _TIMES[1:] if frequency == "HOURLY" else _TIMES
        fits = prod(parts[name].count(",") + 1 for name in finer if name in parts)
        days = {"YEARLY": 366, "MONTHLY": 31, "WEEKLY": 7}.get(frequency, 1)
        return periods * fits * (days if any(name in parts for name in _DAYS) else 1)

    def _until(self, home: tzinfo) -> Moment | None:
        """Return the last moment an occurrence may start at: a day for days, a time in UTC for times."""
        if "UNTIL" not in self._parts:
            return None
        start = self._start
        zone = start.tzinfo or UTC if isinstance(start, datetime) else home
        until = moment_of(self._parts["UNTIL"], zone)
        if not isinstance(start, datetime):
            return day_of(until, home)
        if not isinstance(until, datetime):
            # A day for a series of times means all of that day, as the venue counts days.
            until = datetime.combine(until, time(23, 59, 59), home if zone is UTC else zone)
        return until.astimezone(UTC)

    def _text(self) -> str:
        parts = {name: value for name, value in self._parts.items() if name != "UNTIL"}
        if self.until is not None and "COUNT" not in parts:
            parts["UNTIL"] = re.sub("[-:]", "", self.until.isoformat()).replace("+0000", "Z")
        return ";".join(f"{name}={value}" for name, value in parts.items())


def _impossible(parts: dict[str, str]) -> bool:
    """Say whether no month a rule names has a day it names, such as the 30th of February."""
    if "BYMONTHDAY" not in parts:
        return False
    months = parts["BYMONTH"].split(",") if "BYMONTH" in parts else [str(month) for month in range(1, 13)]
    longest = max(monthrange(2024, int(month))[1] for month in months)
    return all(abs(int(day)) > longest for day in parts["BYMONTHDAY"].split(","))
