"""Where a feed's entries are: one cheap pass over the bytes, so that never more than one group is parsed at a time.

A feed of tens of thousands of entries is some twenty megabytes as text and more than a gigabyte as objects.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from shared.errors import UnreadableAnswer
from shared.upstreams.ical.lines import Properties, decoded, properties_of

_MARK: Final = re.compile(
    rb"^(?:(BEGIN|END):[ \t]*(VCALENDAR|VTIMEZONE|VEVENT)|X-WR-TIMEZONE[^:\r\n]*:([^\r\n]*))[ \t\r]*$",
    re.IGNORECASE | re.MULTILINE,
)
_CALENDAR: Final = re.compile(rb"^BEGIN:[ \t]*VCALENDAR[ \t\r]*$", re.IGNORECASE | re.MULTILINE)
_UID: Final = re.compile(rb"^UID[ \t]*:([^\r\n]+)[\r\n]+(?![ \t\r\n])", re.IGNORECASE | re.MULTILINE)
_NESTED: Final = re.compile(rb"\nBEGIN:", re.IGNORECASE)
_ZONE_NAME: Final = re.compile(rb"^TZID[^:\r\n]*:([^\r\n]+)", re.IGNORECASE | re.MULTILINE)
# The Events Calendar: post, start and end as seconds, host. The times change when the evening is moved.
_MOVABLE: Final = re.compile(r"(\d{1,20})-(\d{9,11})-(\d{9,11})(@.+)", re.ASCII)


class Span(NamedTuple):
    """Where an entry's text stands in the body, and the X-WR-TIMEZONE of its calendar (None if it has none)."""

    start: int
    end: int
    zone: str | None


@dataclass(slots=True)
class Index:
    """A feed's entries by identity, in the order of their first appearance, and its time zones by name.

    `cut_short` is where an entry begins that the body breaks off in.
    """

    body: bytes
    zones: dict[str, bytes] = field(default_factory=dict)
    cut_short: int | None = None
    # Flat: start, end, calendar, start, ... A list of tuples takes four times the memory.
    groups: dict[str, array[int]] = field(default_factory=dict)
    calendar_zones: list[str | None] = field(default_factory=list)

    def spans(self, identity: str) -> Iterator[Span]:
        """Return where a group's entries stand."""
        flat = self.groups[identity]
        for at in range(0, len(flat), 3):
            yield Span(flat[at], flat[at + 1], self.calendar_zones[flat[at + 2]])

    def text(self, span: Span) -> bytes:
        """Return an entry's text."""
        return self.body[span.start : span.end]


def index_of(body: bytes) -> Index:
    """Return the index of a feed; raises UnreadableAnswer for a body that is no calendar."""
    body = _in_utf8(body)
    if not _CALENDAR.search(body):
        raise UnreadableAnswer("feed", f"the answer is no calendar but {_kind(body)}", body)
    index = Index(body, calendar_zones=[None])
    nameless: list[tuple[int, int, int]] = []
    for start, end in _events(index):
        place = (start, end, len(index.calendar_zones) - 1)
        uid = _uid(body[start:end])
        if uid:
            _note(index, identity_of(uid), place)
        else:
            nameless.append(place)
    for identity, place in _derived(body, nameless):
        _note(index, identity, place)
    return index


def is_calendar(body: bytes) -> bool:
    """Say whether a body is a calendar, or has one in it."""
    return bool(_CALENDAR.search(_in_utf8(body)))


def identity_of(uid: str) -> str:
    """Return what stays of a UID when the evening is moved."""
    movable = _MOVABLE.fullmatch(uid)
    return movable[1] + movable[4] if movable else uid


def _note(index: Index, identity: str, place: tuple[int, int, int]) -> None:
    index.groups.setdefault(identity, array("Q")).extend(place)


def _events(index: Index) -> Iterator[tuple[int, int]]:
    """Yield where each entry begins and ends; notes the zones on the way."""
    event: int | None = None
    zone: int | None = None
    for mark in _MARK.finditer(index.body):
        if mark[1] is None:
            if event is None:
                index.calendar_zones[-1] = decoded(mark[3]).strip() or None
            continue
        begins, what = mark[1].upper() == b"BEGIN", mark[2].upper()
        # Whatever begins or ends here, an entry that stands open ends, too: some feeds forget to close one.
        if event is not None:
            yield event, mark.end() if what == b"VEVENT" and not begins else mark.start()
        event = mark.start() if what == b"VEVENT" and begins else None
        if what == b"VCALENDAR" and begins:
            index.calendar_zones.append(None)
        if what == b"VTIMEZONE":
            if zone is not None and not begins:
                _note_zone(index, index.body[zone : mark.end()])
            zone = mark.start() if begins else None
    index.cut_short = event


def _note_zone(index: Index, text: bytes) -> None:
    if name := _ZONE_NAME.search(text):
        index.zones.setdefault(decoded(name[1]).strip().strip('"'), text)


def _uid(text: bytes) -> str:
    nested = _NESTED.search(text)
    found = _UID.search(text, 0, nested.start() if nested else len(text))
    if found:
        return decoded(found[1]).strip()
    return first(properties_of(text), "UID")


def first(properties: Properties, name: str) -> str:
    """Return the value of the first property of a name, as it is written; "" if there is none."""
    return properties[name][0].value if name in properties else ""


def _derived(body: bytes, places: list[tuple[int, int, int]]) -> Iterator[tuple[str, tuple[int, int, int]]]:
    """Yield an identity for each entry without UID: its address, unless others have the same, else title and start."""
    named = []
    for place in places:
        properties = properties_of(body[place[0] : place[1]])
        named.append((first(properties, "URL"), first(properties, "SUMMARY"), first(properties, "DTSTART")))
    shared = Counter(url for url, _, _ in named)
    for place, (url, title, start) in zip(places, named, strict=True):
        if url and shared[url] == 1:
            yield url, place
        else:
            # One address for a whole programme is common, and names none of its evenings.
            yield " ".join(filter(None, (url, title, start))) or f"byte {place[0]}", place


def _in_utf8(body: bytes) -> bytes:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        body = body.decode("utf-16", "replace").encode()
    body = body.removeprefix(b"\xef\xbb\xbf")
    return body if b"\n" in body else body.replace(b"\r", b"\n")


def _kind(body: bytes) -> str:
    start = body[:1024].lstrip().lower()
    if not start:
        return "empty"
    if start.startswith(b"<"):
        return "HTML"
    return "JSON" if start.startswith((b"{", b"[")) else "something else"
