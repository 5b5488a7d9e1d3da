"""Fetches Van Wezel's calendar: the only place that knows the addresses of its CMS; `calendar` reads the pages.

The pages of single evenings (`/events/detail/...`) are not asked for. Its firewall answers 406 there to whoever is no
browser, and what it lets through one day and not the next would turn evenings with a time into all-day ones and back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Final, Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

from shared.errors import RateLimited, UnreadableAnswer, UpstreamRefused
from shared.upstreams.answer import Answer
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Headers
from shared.upstreams.markup import page_from
from shared.upstreams.site import open_site
from shared.upstreams.vanwezel.calendar import CARD, SLUG, UPSTREAM

INCREMENT: Final = 9  # cards on a page, where a calendar does not say
LARGEST_INCREMENT: Final = 100
MOST_PAGES: Final = 100  # some 900 evenings; the hall has about 200 in a season
LEAST_DELAY: Final = 2.0  # seconds between two requests, however few are asked for: several are what the site bears
FIREWALL: Final = frozenset({403, 406})
FIREWALL_PAUSE: Final = 60.0  # seconds; it counts requests, and does not say for how long it has had enough

Robots = Literal["obey", "ignore"]


class VanWezel:
    """The calendar through a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._site = open_site(gateway)

    def fetch_calendar(self, site_url: str, delay: float, robots: Robots = "obey") -> list[str]:
        """Fetch what `read_calendar` reads: the calendar at `site_url` and the pieces of it that follow, as HTML.

        At least `delay` seconds pass between two requests. Raises the errors of `Upstream.get`; RateLimited also
        when the site's firewall has had enough.
        """
        calendar = calendar_url(site_url)
        get = partial(self._get, delay=max(delay, LEAST_DELAY), robots=robots)
        pages = [_text(get(calendar, "the calendar"))]
        offset, increment = _button(pages[0])
        seen = _slugs(pages[0])
        while len(pages) < MOST_PAGES and seen:
            page = _piece(get, calendar, offset, increment)
            new = _slugs(page) - seen
            if not new:
                # Past the end some of these sites answer nothing, others the last page again.
                return pages
            pages.append(page)
            seen |= new
            offset += increment
        if seen:
            raise UnreadableAnswer(UPSTREAM, f"{calendar} has more than {MOST_PAGES} pages")
        return pages

    def _get(self, url: str, what: str, *, delay: float, robots: Robots, headers: Headers | None = None) -> Answer:
        try:
            answer = self._site.fetch(url, robots=robots, headers=headers, delay=delay)
        except UpstreamRefused as error:
            if error.status in FIREWALL:
                raise RateLimited(UPSTREAM, FIREWALL_PAUSE) from error
            raise
        if answer is None:
            raise UnreadableAnswer(UPSTREAM, f"{what} is said to be unchanged since never")
        return answer


def open_vanwezel(gateway: Gateway) -> VanWezel:
    """Return the calendar; it wants no key."""
    return VanWezel(gateway)


def _piece(get: Callable[..., Answer], calendar: str, offset: int, increment: int) -> str:
    """Return the cards from an offset on as HTML, which the site sends within a JSON text; "" past the end."""
    what = f"the calendar from card {offset + 1}"
    query = {
        "category": 0,
        "venue": 0,
        "team": 0,
        "exclude": "",
        "per_page": increment,
        "came_from_page": "event-list-page",
    }
    headers = {"X-Requested-With": "XMLHttpRequest"}
    answer = get(f"{calendar}/events_ajax/{offset}?{urlencode(query)}", what, headers=headers)
    text = _text(answer)
    try:
        piece = json.loads(text) if text.strip() else ""
    except ValueError:
        piece = text if page_from(text, what).css_first(CARD) else None
    if not isinstance(piece, str):
        raise UnreadableAnswer(UPSTREAM, f"{what} is no text of HTML", answer.body)
    return piece


def calendar_url(site_url: str) -> str:
    """Return the address of a site's calendar, given that or the site's own."""
    split = urlsplit(site_url)
    path = split.path.rstrip("/")
    return urlunsplit((split.scheme, split.netloc, path if path.endswith("/events") else f"{path}/events", "", ""))


def _button(page: str) -> tuple[int, int]:
    """Return from which card on there is more, and how many come at a time; as the calendar's own button has it."""
    tree = page_from(page, "the calendar")
    button = tree.css_first("#loadMoreEvents")
    offset = _number(button.attributes.get("data-offset")) if button else None
    increment = _number(button.attributes.get("data-increment")) if button else None
    return offset or len(tree.css(CARD)), min(increment or INCREMENT, LARGEST_INCREMENT)


def _number(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch("[0-9]{1,6}", text) else None


def _slugs(page: str) -> set[str]:
    links = page_from(page, "the calendar").css(f"{CARD} .title a")
    return {found[1] for link in links if (found := SLUG.search(link.attributes.get("href") or ""))}


def _text(answer: Answer) -> str:
    return answer.body.decode("utf-8", "replace")
