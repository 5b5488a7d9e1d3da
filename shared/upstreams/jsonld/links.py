"""Finds the iCalendar feeds a web page links to."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from shared.upstreams.jsonld.page import page_of

_WEBCAL: Final = re.compile(r"webcals?:(?://)?", re.IGNORECASE)


def find_feeds(body: bytes, url: str) -> list[str]:
    """Return the addresses of the feeds a page links to, those it declares as its own first."""
    page = page_of(body)
    declared = [
        link.attributes.get("href")
        for link in page.css("link[href]")
        if (link.attributes.get("type") or "").partition(";")[0].strip().lower() == "text/calendar"
        and "alternate" in (link.attributes.get("rel") or "").lower().split()
    ]
    linked = [link.attributes.get("href") for link in page.css("a[href], link[href]")]
    feeds = [_absolute(href, url) for href in declared]
    feeds += [feed for feed in (_absolute(href, url) for href in linked) if feed and _is_feed(feed)]
    return list(dict.fromkeys(filter(None, feeds)))


def _absolute(href: str | None, url: str) -> str | None:
    """Return an address of the web; webcal: is what calendars call https:, and http: on a page that is asked so."""
    scheme = "http" if url.lower().startswith("http:") else "https"
    address = _WEBCAL.sub(f"{scheme}://", (href or "").strip(), count=1)
    try:
        absolute = urldefrag(urljoin(url, address)).url
        return absolute if urlsplit(absolute).scheme in {"http", "https"} and urlsplit(absolute).hostname else None
    except ValueError:
        return None


def _is_feed(address: str) -> bool:
    parts = urlsplit(address)
    return parts.path.lower().endswith(".ics") or ("ical", "1") in parse_qsl(parts.query)
