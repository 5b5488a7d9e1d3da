"""Fetches from Brickset: sets through its API, minifigures from its catalogue pages.

Fetching and reading are apart: `fetch_…` is the only part that touches the network; `sets` and `cards` read.
The API knows no catalogue of minifigures (only a member's own collection), so that comes from pages, which stand
behind Cloudflare: what a challenge answers is told from an empty list, and never taken for one.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Final

import structlog

from shared import clock
from shared.errors import LimitReached, MissingSetting, UnreadableAnswer, UpstreamAway, UpstreamGone, UpstreamRefused
from shared.upstreams.brickset.cards import has_next, is_challenge, is_list, numbers_on
from shared.upstreams.brickset.envelope import UPSTREAM, Raw, opened
from shared.upstreams.gateway import Gateway
from shared.upstreams.pace import Limit
from shared.upstreams.site import open_site

PAGES: Final = "brickset_pages"  # what errors call the catalogue pages, which are asked for as any site's are
PAGE_SIZE: Final = 500  # sets on a full page; more is refused
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
UNAVAILABLE: Final = 503
CATEGORIES: Final = {"Collectable Minifigures": "Collectible Minifigures"}
"""The pages' word for a theme of the API, where they differ: those of figures are BrickLink's, in other spelling."""

OTHER_WAY: Final = "the catalogue pages are behind a challenge; `millrace minifigures import FILE` is the other way"

PAGES_DELAY: Final = 3.0  # seconds between two pages; nothing is published, and a person reads no faster

log = structlog.get_logger()


def limit_of(calls: int) -> Limit:
    """Return the limit of getSets: so many calls in a day of UTC, and one a second. Every page is a call."""
    return Limit(1, per_day=calls, patience=15.0)


class Brickset:
    """Brickset through a gateway; safe to share between threads. `now` tells when a day's calls are used up until.

    Every method raises the errors of `Upstream.get`, and LimitReached when Brickset says that the day's are used up.
    """

    def __init__(self, gateway: Gateway, api_key: str, now: Callable[[], datetime] = clock.now) -> None:
        self._base = gateway.settings.brickset_url.rstrip("/")
        self._key = api_key
        self._upstream = gateway.upstream(
            UPSTREAM, limit_of(gateway.settings.brickset_calls_per_day), secrets=[api_key]
        )
        self._site = open_site(gateway)
        self._now = now

    def fetch_sets(
        self,
        theme: str | None = None,
        year: int | None = None,
        updated_since: date | None = None,
        limit: int = PAGE_SIZE,
    ) -> list[Raw]:
        """Fetch what `read_sets` reads: the sets of a theme, of a year, changed since a day; at most `limit`.

        Without any of the three Brickset refuses. Each page of 500 is one of the day's calls.
        """
        if limit < 1:
            return []
        size = min(limit, PAGE_SIZE)
        asked: Raw = {"orderBy": "Number", "pageSize": size}
        asked |= {"theme": theme} if theme else {}
        asked |= {"year": str(year)} if year else {}
        asked |= {"updatedSince": updated_since.isoformat()} if updated_since else {}
        sets: list[Raw] = []
        matches = limit
        for page in range(1, -(-limit // size) + 1):
            envelope = self._get_sets(asked | {"pageNumber": page}, f"sets, page {page}")
            found = envelope.get("sets") or []
            matches = _matches(envelope, found)
            sets += found
            if not found or len(sets) >= matches:
                break
        if len(sets) < min(matches, limit):
            log.warning("brickset_sets_missing", announced=matches, received=len(sets))
        return sets[:limit]

    def fetch_minifigs(self, theme: str | None = None, year: int | None = None, limit: int = PAGE_SIZE) -> list[str]:
        """Fetch what `read_minifigs` reads: pages of a theme's figures, of a year's, or of both, as HTML.

        Whole pages, until they hold `limit` figures or there is none left; none where BrickLink, whose the categories
        of figures are, has no category of a theme's name. Raises UpstreamRefused or UpstreamAway
        where a challenge answers; one that is no list at all is unreadable.
        """
        path = address(theme, year)
        pages: list[str] = []
        figures: set[str] = set()
        while len(figures) < limit:
            number = len(pages) + 1
            try:
                page = self._page(path if number == 1 else f"{path}/page-{number}", f"figures of {path}, page {number}")
            except UpstreamGone as error:
                if number > 1:
                    break  # there were more a moment ago
                raise UpstreamRefused(PAGES, NOT_FOUND, f"there is no {path}") from error
            found = set(numbers_on(page))
            if not found <= figures or number == 1:
                pages.append(page)
            # A page that brings nothing new is the last one again.
            if found <= figures or not has_next(page, number + 1):
                break
            figures |= found
        return pages

    def _get_sets(self, asked: Raw, what: str) -> Raw:
        params = {"apiKey": self._key, "userHash": "", "params": json.dumps(asked, separators=(",", ":"))}
        answer = self._upstream.get(f"{self._base}/api/v3.asmx/getSets", what, params=params)
        try:
            return opened(answer, self._now())
        except LimitReached as error:
            self._upstream.rest(error.retry_after or 0.0)
            raise

    def _page(self, path: str, what: str) -> str:
        try:
            answer = self._site.fetch(self._base + path, delay=PAGES_DELAY)
        except UpstreamRefused as error:
            if error.status != FORBIDDEN:
                raise
            raise UpstreamRefused(PAGES, FORBIDDEN, f"{what}: {OTHER_WAY}") from error
        except UpstreamAway as error:
            if error.status != UNAVAILABLE or not is_challenge(_text(error.body)):
                raise
            raise UpstreamAway(PAGES, f"{what}: {OTHER_WAY}", error.retry_after) from error
        if answer is None:
            raise UnreadableAnswer(PAGES, f"{what} is said to be unchanged, which was not asked")
        page = _text(answer.body)
        if is_challenge(page):
            raise UpstreamRefused(PAGES, answer.status, f"{what}: {OTHER_WAY}")
        if not is_list(page):
            raise UnreadableAnswer(PAGES, f"{what} is no page of the catalogue", answer.body)
        return page


def open_brickset(gateway: Gateway) -> Brickset:
    """Return Brickset as the settings have it; raises MissingSetting without a key."""
    key = gateway.settings.brickset_api_key
    if key is None:
        raise MissingSetting("BRICKSET_API_KEY", "Brickset's API answers nobody without a key")
    return Brickset(gateway, key.get_secret_value())


def address(theme: str | None, year: int | None) -> str:
    """Return the path of a theme's figures, of a year's, or of both; raises UpstreamRefused for neither."""
    if theme is None and year is None:
        raise UpstreamRefused(PAGES, None, "figures are listed by theme or by year only")
    path = "/minifigs"
    if theme is not None:
        category = CATEGORIES.get(theme, theme)
        letters = unicodedata.normalize("NFKD", category).encode("ascii", "ignore").decode().replace("'", "")
        path += f"/category-{re.sub('[^A-Za-z0-9]+', '-', letters).strip('-')}"
    return path if year is None else f"{path}/year-{year}"


def _matches(envelope: Raw, found: object) -> int:
    """Return how many sets there are on all pages; raises UnreadableAnswer when the answer is not as it should be."""
    matches = envelope.get("matches")
    if not isinstance(matches, int) or isinstance(matches, bool) or not isinstance(found, list):
        raise UnreadableAnswer(UPSTREAM, "sets have no count or are no list", json.dumps(envelope))
    return matches


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace")
