"""Reads a whole iCalendar feed, one group of entries at a time: a lone evening, or a series with its exceptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from shared.catalog.venues.records import Broken, Listing, Window
from shared.upstreams.ical.entry import Entry, listing_of, read_entry
from shared.upstreams.ical.index import Index, index_of
from shared.upstreams.ical.moments import Moment, in_utc
from shared.upstreams.ical.series import EXPANSION_ERRORS, Occurrence, Series
from shared.upstreams.ical.zones import Zones, zone_named
from shared.upstreams.prose import storable_key, within

MOST_STEPS: Final = 20_000_000
"""How many steps all rules of a feed may take together; about 140,000 are done in a second."""

_DAY: Final = timedelta(days=1)


def read_calendar(body: bytes, zone: str, window: Window) -> Iterator[Listing | Broken]:
    """Yield what a feed says of a window of time; `zone` is the venue's, for feeds that do not say theirs.

    Raises UnreadableAnswer when the body is no calendar; one without entries is valid. Of entries with one identity
    the highest SEQUENCE counts, then the latest DTSTAMP, then the last. An entry that cannot be read is Broken.
    """
    return _Feed(index_of(body), ZoneInfo(zone), window).read()


class _Feed:
    def __init__(self, index: Index, home: ZoneInfo, window: Window) -> None:
        self._index = index
        self._home = home
        self._window = window
        self._steps = 0
        self._zones: dict[str | None, Zones] = {}

    def read(self) -> Iterator[Listing | Broken]:
        """Yield each group's listings, in the feed's order."""
        for identity in self._index.groups:
            group = _Group()
            for span in self._index.spans(identity):
                try:
                    group.add(read_entry(self._index.text(span), self._zones_of(span.zone), span.start))
                except (ValueError, OverflowError) as error:
                    yield Broken(storable_key(identity), str(error))
            yield from self._group(identity, group)
        if self._index.cut_short is not None:
            yield Broken(f"byte {self._index.cut_short}", "the feed breaks off in the middle of it")

    def _zones_of(self, name: str | None) -> Zones:
        if name not in self._zones:
            home = zone_named(name) if name else None
            self._zones[name] = Zones(home or self._home, self._index.zones)
        return self._zones[name]

    def _group(self, identity: str, group: _Group) -> Iterator[Listing | Broken]:
        # The Events Calendar: UIDs that differ in their times alone share an identity.
        masters = list({entry.start: entry for entry in group.masters.values()}.values())
        replacements = list(group.replacements.values())
        if len(masters) == 1 and (replacements or masters[0].repeats):
            yield from self._series(identity, masters[0], replacements)
        elif len(masters) == 1:
            yield from self._listing(identity, masters[0], masters[0].start, masters[0].end)
        else:
            parts = [
                Occurrence(entry, entry.original or entry.start, entry.start, entry.end)
                for entry in (*masters, *replacements)
            ]
            yield from self._occurrences(identity, parts)

    def _series(self, identity: str, master: Entry, replacements: list[Entry]) -> Iterator[Listing | Broken]:
        since, until = self._window.since - _DAY, self._window.until + _DAY
        try:
            series = Series(master, replacements)
            if series.over_before(since):
                return
            self._steps += series.steps(until)
            if self._steps > MOST_STEPS:
                raise ValueError("the rules of this feed together take too many steps to follow")
            occurrences = list(series.between(since, until))
        except EXPANSION_ERRORS as error:
            yield Broken(storable_key(identity), str(error) or type(error).__name__)
            return
        yield from self._occurrences(identity, occurrences, master)

    def _occurrences(
        self, identity: str, occurrences: list[Occurrence], master: Entry | None = None
    ) -> Iterator[Listing | Broken]:
        """Yield each occurrence under the day it was planned for, which it keeps when it is moved."""
        # One zone for all of a group, or two of them could be planned for one day and time.
        zone = (master or occurrences[0].entry).zone if occurrences else self._home
        # A day around the window was expanded, too: its edge must not decide how many a day has.
        days = Counter(_day(each.original, zone) for each in occurrences)
        problems = set()
        for each in occurrences:
            day = _day(each.original, zone)
            key = f"{identity}#{day}"
            if days[day] > 1 and isinstance(each.original, datetime):
                key += f"T{_moved(each.original, UTC):%H%M%SZ}"
            for found in self._listing(key, each.entry, each.start, each.end, master):
                # What is wrong with a series is wrong with each of its evenings, and said once.
                if isinstance(found, Listing) or found.problem not in problems:
                    yield found
                if isinstance(found, Broken):
                    problems.add(found.problem)

    def _listing(
        self, key: str, entry: Entry, start: Moment, end: Moment | None, master: Entry | None = None
    ) -> Iterator[Listing | Broken]:
        try:
            if not self._may_touch(start, end, entry):
                return
            listing = listing_of(entry, storable_key(key), start, end, master)
        except (ValueError, OverflowError) as error:
            yield Broken(storable_key(key), str(error))
            return
        if within(listing, self._window):
            yield listing

    def _may_touch(self, start: Moment, end: Moment | None, entry: Entry) -> bool:
        """Say whether a listing can lie in the window, before its texts are read: most of a feed is past."""
        home = entry.zones.home
        last = in_utc(end, home) if end is not None else in_utc(start, home)
        return in_utc(start, home) < self._window.until and last >= self._window.since


@dataclass(slots=True)
class _Group:
    """The newest versions of the entries of one identity: masters by UID, replacements by what they replace."""

    masters: dict[str, Entry] = field(default_factory=dict)
    replacements: dict[Moment, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Keep an entry, unless a newer version of it is here already."""
        if entry.original is None:
            known = self.masters.get(entry.uid)
            if known is None or entry.version > known.version:
                self.masters[entry.uid] = entry
        else:
            known = self.replacements.get(entry.original)
            if known is None or entry.version > known.version:
                self.replacements[entry.original] = entry


def _day(original: Moment, zone: tzinfo) -> str:
    """Return the day an occurrence was planned for, where it is."""
    return f"{_moved(original, zone).date() if isinstance(original, datetime) else original:%Y%m%d}"


def _moved(moment: datetime, zone: tzinfo) -> datetime:
    """Return a time in another zone; at the ends of the calendar, where there may be none, as it is."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment
