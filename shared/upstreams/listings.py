"""Reads what a source of listings answered, each kind by its own reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from shared.catalog.venues.records import Broken, Listing, Window
from shared.upstreams.ical import read_calendar
from shared.upstreams.jsonld import read_page

_END: Final = b"END:VCALENDAR"
_TAIL: Final = 4096
"""Bytes in which a calendar's last line is looked for; some sites append a note of their cache."""

_READERS: Final[dict[str, Callable[[bytes, str, str, Window], Iterator[Listing | Broken]]]] = {
    "ical": lambda body, _url, zone, window: read_calendar(body, zone, window),
    "jsonld": read_page,
}


def read_listings(kind: str, body: bytes, url: str, zone: str, window: Window) -> Iterator[Listing | Broken]:
    """Yield what an answer from `url`, of kind ical or jsonld, lists within a window; times without zone are in `zone`.

    Raises UnreadableAnswer when it is nothing of its kind, at once; its entries are read one by one.
    """
    return _READERS[kind](body, url, zone, window)


def is_whole(kind: str, body: bytes) -> bool:
    """Return whether an answer has its end: a site that fails in the middle of a feed says 200 all the same."""
    return kind != "ical" or _END in body[-_TAIL:].upper()
