"""Tells from an answer which of the readers of venues' calendars can read it."""

from __future__ import annotations

from typing import Literal

from shared.upstreams.ical.index import is_calendar
from shared.upstreams.jsonld.blocks import blocks_of
from shared.upstreams.jsonld.page import is_challenge, is_html, page_of


def sniff(body: bytes, content_type: str | None) -> Literal["ical", "jsonld"] | None:
    """Return what a body is; None for an answer that is neither a calendar nor a page with JSON-LD.

    The body decides, for servers call calendars text/plain, and errors text/calendar. The content type is asked only
    about a page that shows a calendar's text.
    """
    called_html = "html" in (content_type or "").lower()
    if is_calendar(body) and not (called_html and is_html(body)):
        return "ical"
    if not is_html(body):
        return None
    page = page_of(body)
    return "jsonld" if blocks_of(page) and not is_challenge(page) else None
