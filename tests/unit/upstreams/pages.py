"""Small pages with JSON-LD for tests, and what comes of them."""

from __future__ import annotations

import json
from typing import Any

from shared.catalog.venues.records import Broken, Listing
from shared.upstreams.jsonld import read_page
from tests.unit.upstreams.calendars import HOME, WINDOW

BASE = "https://venue.example/events/"
EVENT = {
    "@type": "Event",
    "name": "Jazz",
    "startDate": "2026-03-02T20:00:00-05:00",
    "url": "https://venue.example/e/1",
}


def block(text: str) -> str:
    """Return a JSON-LD block."""
    return f'<script type="application/ld+json">{text}</script>'


def page(*blocks: Any) -> bytes:
    """Return a page with a block for each value."""
    return (
        "<!DOCTYPE html><html><body>" + "".join(block(json.dumps(each)) for each in blocks) + "</body></html>"
    ).encode()


def read(body: bytes, zone: str = HOME) -> list[Listing]:
    """Return the listings of a page on which nothing is broken."""
    found = list(read_page(body, BASE, zone, WINDOW))
    assert not [each for each in found if isinstance(each, Broken)]
    return [each for each in found if isinstance(each, Listing)]


def broken(body: bytes) -> list[Broken]:
    """Return what is broken on a page."""
    return [each for each in read_page(body, BASE, HOME, WINDOW) if isinstance(each, Broken)]


def only(body: bytes) -> Listing:
    """Return the one listing of a page."""
    (listing,) = read(body)
    return listing


def event(**fields: Any) -> Listing:
    """Return the listing of an event with some fields set."""
    return only(page({**EVENT, **fields}))
