"""Reads a whole iCalendar feed, one group of entries at a time: a lone evening, or a series with its exceptions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
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
        self._zones = cache(self._zones_of)

    def read(self) -> Iterator[Listing | Broken]:
        """Yield each group's listings, in the feed's order."""
        for identity in self._index.groups:
            entries = []
            for span in self._index.spans(identity):
                try:
                    entries.append(read_entry(self._index.text(span), self._zones(span.zone), span.start))
                except (ValueError, OverflowError) as error:
                    yield Broken(storable_key(identity), str(error))
            yield from self._group(identity, entries)
        if self._index.cut_short is not None:
            yield Broken(f"byte {self._index.cut_short}", "the feed breaks off in the middle of it")

    def _zones_of(self, name: str | None) -> Zones:
        return Zones((zone_named(name) if name else None) or self._home, self._index.zones)

    def _group(self, identity: str, entries: list[Entry]) -> Iterator[Listing | Broken]:
        oldest_first = sorted(entries, key=lambda entry: entry.version)
        masters = {entry.uid: entry for entry in oldest_first if entry.original is None}
        replacements = {entry.original: entry for entry in oldest_first if entry.original is not None}
        # The Events Calendar: UIDs that differ in their times alone share an identity.
        several = {entry.start: entry for entry in masters.values()}
        if len(several) == 1 and (replacements or next(iter(several.values())).repeats):
            yield from self._series(identity, next(iter(several.values())), list(replacements.values()))
        elif len(several) == 1:
            entry = next(iter(several.values()))
            yield from self._listing(identity, entry, entry.start, entry.end)
        else:
            alone = [*several.values(), *replacements.values()]
            parts = (Occurrence(entry, entry.original or entry.start, entry.start, entry.end) for entry in alone)
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
        self, identity: str, occurrences: Iterable[Occurrence], master: Entry | None = None
    ) -> Iterator[Listing | Broken]:
        """Yield each occurrence under the day it was planned for, which it keeps when it is moved."""
        occurrences = list(occurrences)
        # One zone for all of a group, or two of them could be planned for one day and time.
        zone = (master or occurrences[0].entry).zone if occurrences else self._home
        # A day around the window was expanded, too: its edge must not decide how many a day has.
        days = Counter(_day(each.original, zone) for each in occurrences)
        for each in occurrences:
            day = _day(each.original, zone)
            key = f"{identity}#{day}"
            if days[day] > 1 and isinstance(each.original, datetime):
                key += f"T{each.original.astimezone(UTC):%H%M%SZ}"
            yield from self._listing(key, each.entry, each.start, each.end, master)

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


def _day(original: Moment, zone: tzinfo) -> str:
    """Return the day an occurrence was planned for, where it is."""
    return f"{original.astimezone(zone).date() if isinstance(original, datetime) else original:%Y%m%d}"
