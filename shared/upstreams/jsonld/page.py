"""Reads the events of a web page, list or detail, into listings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

from shared.catalog.venues.records import Broken, Listing, Window
from shared.errors import UnreadableAnswer
from shared.upstreams.jsonld.blocks import blocks_of, parsed
from shared.upstreams.jsonld.events import listing_of
from shared.upstreams.jsonld.nodes import Node, Nodes
from shared.upstreams.markup import page_from
from shared.upstreams.prose import storable_key, within

_HTML: Final = re.compile(rb"<(?:!doctype\s+html|html|head|body|script|div|main|article)\b", re.IGNORECASE)
_CHALLENGE: Final = re.compile(
    r"just a moment|attention required|access denied|pardon our interruption|ddos-guard|"
    r"checking your browser|verif(?:y|ying) (?:that )?you are (?:a )?human|are you a robot|robot or human|"
    r"(?:error )?40[13] forbidden|security check",
    re.IGNORECASE,
)
_ABOUT_EVENTS: Final = re.compile(r"Event\b|\bFestival\b")


def read_page(body: bytes, url: str, zone: str, window: Window) -> Iterator[Listing | Broken]:
    """Yield what a page says of a window of time; times without offset are in `zone`, addresses relative to `url`.

    Raises UnreadableAnswer when the body is no HTML, or keeps visitors off; a page without events is empty. A block
    or event that cannot be read is Broken, and the others go on.
    """
    if not is_html(body):
        raise UnreadableAnswer("page", "the answer is no HTML", body)
    page = page_of(body)
    blocks = blocks_of(page)
    if not blocks and is_challenge(page):
        raise UnreadableAnswer("page", "the answer keeps visitors off instead of showing the page", body)
    return _read(blocks, url, ZoneInfo(zone), window)


def is_html(body: bytes) -> bool:
    """Say whether a body is a web page, or a part of one."""
    start = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"<") and bool(_HTML.search(body[:65536]))


def page_of(body: bytes) -> LexborHTMLParser:
    """Return a body as a page, in UTF-8 or else in what browsers take it for; raises as `page_from` does."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("cp1252", "replace")
    return page_from(text, "the page")


def is_challenge(page: LexborHTMLParser) -> bool:
    """Say whether a page is what a firewall shows instead of the one asked for."""
    title = page.css_first("title")
    return title is not None and bool(_CHALLENGE.match(title.text().strip()))


def _read(blocks: list[str], url: str, zone: ZoneInfo, window: Window) -> Iterator[Listing | Broken]:
    readable = []
    for number, block in enumerate(blocks, 1):
        try:
            readable.append(parsed(block))
        except ValueError as error:
            # A block about something else is none of our entries, broken or not.
            if _ABOUT_EVENTS.search(block):
                yield Broken(f"block {number}", str(error))
    nodes = Nodes(readable)
    found: dict[str, dict[datetime, Listing]] = defaultdict(dict)
    for event in nodes.events():
        try:
            listing = listing_of(event, nodes, url, zone)
            listing.starts_at.astimezone(zone)  # fails in the year 1
        except (ValueError, OverflowError) as error:
            yield Broken(_entry(event), str(error))
            continue
        found[listing.key].setdefault(listing.starts_at, listing)
    for key, evenings in found.items():
        # Where several share an address, each is told apart by its day, or by its time.
        days = Counter(start.astimezone(zone).date() for start in evenings)
        for start, listing in evenings.items():
            there = start.astimezone(zone)
            own = f"{there:%Y%m%d}" if days[there.date()] == 1 else f"{there:%Y%m%dT%H%M%S}"
            if within(listing, window):
                yield replace(listing, key=storable_key(key if len(evenings) == 1 else f"{key}#{own}"))


def _entry(event: Node) -> str:
    """Return what an event can be found by."""
    return storable_key(next((str(event[name]) for name in ("url", "@id", "name") if event.get(name)), "an event"))
