"""The occurrences of one series within a span of time: rules, added and left-out dates, and replaced occurrences.

The parts arrive made clean (one kind of moment throughout, rules checked and their cost known), for the library that
follows them takes what it gets at its word.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

import recurring_ical_events  # type: ignore[import-untyped]
from icalendar import Calendar, Event, vRecur

from shared.upstreams.ical.entry import Entry, last_of
from shared.upstreams.ical.lines import Property
from shared.upstreams.ical.moments import Moment, in_utc, like, moment_of, span_of, zone_in
from shared.upstreams.ical.rule import MOST_STEPS, Rule

# What icalendar, recurring_ical_events and dateutil raise for parts that do not go together.
EXPANSION_ERRORS: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_SOURCE: Final = "X-SOURCE-ENTRY"
_MOST_DATES: Final = 10_000  # of RDATE and EXDATE each


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One evening of a series; `original` is the start it had in the series' own plan."""

    entry: Entry
    original: Moment
    start: Moment
    end: Moment | None


class Series:
    """A master and the entries that replace occurrences of it; raises ValueError when it cannot be followed."""

    def __init__(self, master: Entry, replacements: list[Entry]) -> None:
        self._master = master
        self._home = master.zones.home
        self._rules = [Rule(prop, master.start, self._home) for prop in master.properties.get("RRULE", ())]
        self._entries = [master, *replacements]

    def steps(self, until: datetime) -> int:
        """Return about how many steps an expansion takes; raises ValueError when they are too many."""
        steps = sum(rule.steps(until) for rule in self._rules)
        if steps > MOST_STEPS:
            raise ValueError(f"its rule {self._rules[0].text[:100]!r} takes too many steps to follow")
        return steps + len(self._entries)

    def over_before(self, since: datetime) -> bool:
        """Say whether the last occurrence ended before a time, without following the rules to it."""
        ends = [rule.until for rule in self._rules]
        if not ends or len(self._entries) > 1 or "RDATE" in self._master.properties:
            return False
        start, end = self._master.start, last_of(self._master.start, self._master.end)
        length = in_utc(end, self._home) - in_utc(start, self._home) if end is not None else timedelta()
        return all(until is not None and in_utc(until, self._home) + length < since for until in ends)

    def between(self, since: datetime, until: datetime) -> Iterator[Occurrence]:
        """Yield the occurrences that touch a span of time."""
        calendar = Calendar()
        for number, entry in enumerate(self._entries):
            calendar.add_component(self._component(entry, number))
        for found in recurring_ical_events.of(calendar, components=["VEVENT"]).between(since, until):
            entry = self._entries[int(found[_SOURCE])]
            start = found["DTSTART"].dt
            original = self._original(entry, start)
            if not self._too_late(original):
                yield Occurrence(entry, original, start, last_of(start, found["DTEND"].dt))

    def _component(self, entry: Entry, number: int) -> Event:
        """Return an entry as the library wants it, its times alone."""
        master, event = self._master, Event()
        start = self._like(entry.start)
        event.add("UID", "series")
        event.add("DTSTART", start)
        event.add("DTEND", self._like(entry.end) if entry.end is not None else start)
        event.add(_SOURCE, str(number))
        if entry is master:
            for rule in self._rules:
                event.add("RRULE", vRecur.from_ical(rule.text))
            for name in ("RDATE", "EXDATE"):
                dates = list(self._dates(name))
                if dates:
                    event.add(name, dates)
        elif entry.original is not None:
            parameters = {"RANGE": "THISANDFUTURE"} if entry.onwards else {}
            event.add("RECURRENCE-ID", self._like(entry.original), parameters)
        return event

    def _like(self, moment: Moment) -> Moment:
        return like(moment, self._master.start, self._home)

    def _dates(self, name: str) -> Iterator[Moment | tuple[Moment, timedelta]]:
        values = [(prop, value) for prop in self._master.properties.get(name, ()) for value in prop.value.split(",")]
        if len(values) > _MOST_DATES:
            raise ValueError(f"it has {len(values)} {name}s")
        for prop, value in values:
            if value.strip():
                yield from self._date(prop, value)

    def _date(self, prop: Property, value: str) -> Iterator[Moment | tuple[Moment, timedelta]]:
        first, _, last = value.partition("/")
        zone = zone_in(prop, self._master.zones) or self._floating
        moment = moment_of(first, zone)
        if last and isinstance(moment, datetime) and isinstance(self._master.start, datetime):
            span = span_of(last) if last.upper().startswith(("P", "-P", "+P")) else None
            end = moment_of(last, zone) if span is None else None
            if isinstance(end, datetime):
                span = end - moment
            yield (moment, span) if span is not None else moment
        else:
            yield self._like(moment)

    @property
    def _floating(self) -> tzinfo:
        start = self._master.start
        return start.tzinfo or self._home if isinstance(start, datetime) else self._home

    def _original(self, entry: Entry, start: Moment) -> Moment:
        """Return the start an occurrence had before it was replaced, or moved along with the one that was."""
        if entry.original is None:
            return start
        planned, moved = self._like(entry.original), self._like(entry.start)
        if start == moved:
            return planned
        return start - _difference(moved, planned)

    def _too_late(self, original: Moment) -> bool:
        """Say whether an occurrence lies after every rule's end, which the library was not told beside a COUNT."""
        ends = [rule.until for rule in self._rules]
        if not ends or original == self._master.start:
            return False
        last = [in_utc(end, UTC) for end in ends if end is not None]
        return len(last) == len(ends) and "RDATE" not in self._master.properties and in_utc(original, UTC) > max(last)


def _difference(later: Moment, earlier: Moment) -> timedelta:
    """Return the time between two moments by the clocks on the wall, which is how a series is moved."""
    if isinstance(later, datetime) and isinstance(earlier, datetime):
        return later.replace(tzinfo=None) - earlier.astimezone(later.tzinfo).replace(tzinfo=None)
    return timedelta(days=_day(later).toordinal() - _day(earlier).toordinal())


def _day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment
