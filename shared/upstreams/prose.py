"""Texts that people wrote into feeds and pages: HTML made plain, entities resolved, what a title says of an evening.

iCalendar and JSON-LD carry the same prose, from the same plugins, with the same faults.
"""

from __future__ import annotations

import hashlib
import html
import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from shared.catalog.venues.records import Listing, Status, Window
from shared.upstreams.fields import plain
from shared.upstreams.markup import is_absurd

LONGEST: Final = 20_000
"""Characters of a description that are kept; nobody reads more, and a feed may hold megabytes."""

LONGEST_ADDRESS: Final = 4_000
LONGEST_KEY: Final = 400  # characters; a key is indexed

_ENTITY: Final = re.compile(r"&(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});", re.ASCII)
_TAG: Final = re.compile(r"<(?:/?[a-zA-Z]|!)[^<>]*>")
_LINE_END: Final = re.compile(r"<(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^<>]*>", re.IGNORECASE)
_BLANK_LINES: Final = re.compile(r"\n{3,}")

# "Cancelled Flights" may be a play's name: the word counts in capitals, in brackets, or set off from the rest.
_CALLED_OFF: Final = re.compile(
    r"\bCANCELL?ED\b|[\[(*]\s*(?i:cancell?ed)\b|^\W*(?i:cancell?ed)\s*(?:[-:!\u2013\u2014\])*|]|$)"
    r"|[-:\u2013\u2014|*,]\s*(?i:cancell?ed)\W*$"
)
_PUT_OFF: Final = re.compile(
    r"\bPOSTPONED\b|[\[(*]\s*(?i:postponed)\b|^\W*(?i:postponed)\s*(?:[-:!\u2013\u2014\])*|]|$)"
    r"|[-:\u2013\u2014|*,]\s*(?i:postponed)\W*$"
)


def one_line(text: str) -> str:
    """Return a text without markup, entities and line ends: a title, a name, an address."""
    return " ".join(prose(text).split())


def prose(text: str) -> str:
    """Return a text as people read it: entities resolved (also those escaped twice), HTML made lines of plain text."""
    text = _resolved(text[: 4 * LONGEST])
    if _TAG.search(text):
        # Twice, for The Events Calendar escapes the HTML of its JSON-LD, entities in it included.
        text = _resolved(_without_tags(text))
    lines = "\n".join(" ".join(line.split()) for line in plain(text).split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip()[:LONGEST]


def status_in_title(title: str) -> Status:
    """Return what a title says of its evening; many calendars have no other place for it."""
    if _CALLED_OFF.search(title):
        return "cancelled"
    return "postponed" if _PUT_OFF.search(title) else "scheduled"


def within(listing: Listing, window: Window) -> bool:
    """Say whether a listing is going on at some time of a window."""
    end = listing.ends_at or listing.starts_at
    return listing.starts_at < window.until and (end > window.since or listing.starts_at >= window.since)


def storable_key(text: str) -> str:
    """Return a key as it can be stored and indexed; of one that is too long, the end is told by its hash."""
    text = plain(text)
    if len(text) <= LONGEST_KEY:
        return text
    return f"{text[: LONGEST_KEY - 65]}#{hashlib.sha256(text.encode()).hexdigest()}"


def web_address(text: str | None) -> str | None:
    """Return a text that is an absolute address of the web; anything else is None."""
    text = plain(text or "").replace("\n", "")
    if not re.match(r"https?://[^\s/]", text, re.IGNORECASE) or len(text) > LONGEST_ADDRESS:
        return None
    return text.replace(" ", "%20")


def _resolved(text: str) -> str:
    return _ENTITY.sub(lambda found: html.unescape(found.group()), text)


def _without_tags(text: str) -> str:
    if is_absurd(text):
        return _TAG.sub(" ", text)
    parser = LexborHTMLParser(_LINE_END.sub("\n", text))
    parser.strip_tags(["script", "style"])
    return parser.body.text() if parser.body else ""
