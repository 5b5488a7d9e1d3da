"""Finds the feeds of a site that runs The Events Calendar, and fetches its REST answers; `ical` and `rest` read them.

The plugin exports any of its views as iCalendar, PAGE entries at most. Which view's address answers differs from site
to site: mote.org has been seen to answer `/events/?ical=1` with nothing at all, and the list in its query form well.
A month has an address that stays, and so can be a source of its own; of a month with more than PAGE entries the rest
is on the further pages of the list that begins with its first day.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal
from urllib.parse import urlencode, urlsplit, urlunsplit

import structlog

from shared.errors import UnreadableAnswer, UpstreamGone, UpstreamRefused
from shared.upstreams.gateway import Gateway
from shared.upstreams.ical.index import Index, index_of
from shared.upstreams.prose import one_line
from shared.upstreams.site import open_site

UPSTREAM: Final = "mote"
PAGE: Final = 30  # entries of an export; the plugin's own limit
MOST_PAGES: Final = 20  # of one month; six hundred entries
REST_PAGE: Final = 50  # records; the plugin gives at most as many
MOST_REST_PAGES: Final = 100

_NAME: Final = re.compile(rb"^X-WR-CALNAME[^:\r\n]*:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_START: Final = re.compile(rb"^DTSTART[^:\r\n]*:(\d{8})", re.IGNORECASE | re.MULTILINE)

log = structlog.get_logger(__name__)

Robots = Literal["obey", "ignore"]
Raw = dict[str, Any]

FORMS: Final[tuple[Callable[[str, date], str], ...]] = (
    lambda site, month: f"{site}/events/month/{month:%Y-%m}/?ical=1",
    # The same view where the site has no pretty addresses, or calls its calendar something else than events.
    lambda site, month: f"{site}/?post_type=tribe_events&ical=1&eventDisplay=month&eventDate={month:%Y-%m}",
    # No month's view but a list from its first day on, which may run into the months that follow.
    lambda site, month: f"{site}/?post_type=tribe_events&ical=1&eventDisplay=list&tribe-bar-date={month:%Y-%m-%d}",
)
"""The addresses under which a month's entries may be had, the best first."""


def _further(site: str, month: date, page: int) -> str:
    return f"{site}/events/list/page/{page}/?ical=1&tribe-bar-date={month:%Y-%m-%d}"


@dataclass(frozen=True, slots=True)
class Feed:
    """An iCalendar feed: its address, which stays the same from day to day, and what to call it."""

    url: str
    name: str


class Mote:
    """A site that runs The Events Calendar, through a gateway."""

    def __init__(self, gateway: Gateway) -> None:
        self._site = open_site(gateway)

    def find_feeds(self, site_url: str, months_ahead: int, today: date, robots: Robots = "obey") -> list[Feed]:
        """Return the feeds of this month and of so many that follow; each was fetched and is a calendar.

        One that holds nothing but what those before it hold is left out, so a site that answers every address with
        the same list has one feed. An evening on both sides of a month's end is in two. None at all is an empty list;
        raises UpstreamRefused when the site, or its robots.txt, refused all that could have been one.
        """
        site = root_of(site_url)
        search = _Search(self, robots)
        forms = list(FORMS)
        for month in _months(today, months_ahead):
            for form in list(forms):
                index = search.look(form(site, month), f"{month:%B %Y}")
                if index is None:
                    continue
                # What answers for one month answers for the next.
                forms.remove(form)
                forms.insert(0, form)
                if len(index.groups) >= PAGE:
                    search.look_further(site, month)
                break
        if not search.feeds and search.refusal is not None:
            raise search.refusal
        return search.feeds

    def fetch_rest(self, site_url: str, first: date, last: date, robots: Robots = "obey") -> list[Raw]:
        """Fetch what `read_rest` reads: the answers of the plugin's REST interface about a span of days.

        For a site whose feeds do not work; one may have switched this off, too (UpstreamGone, UpstreamRefused).
        """
        pages: list[Raw] = []
        while len(pages) < MOST_REST_PAGES:
            query = {
                "page": len(pages) + 1,
                "per_page": REST_PAGE,
                "start_date": f"{first} 00:00:00",
                "end_date": f"{last} 23:59:59",
                "status": "publish",
            }
            # Pages are counted, `next_rest_url` never followed: it may lead to another host.
            url = f"{root_of(site_url)}/wp-json/tribe/events/v1/events?{urlencode(query)}"
            try:
                answer = self._site.fetch(url, robots=robots)
            except UpstreamGone as error:
                # A page past the end; of old versions also the first page of an empty calendar.
                if b"event-archive-page-not-found" in error.body:
                    return pages
                raise
            page = answer.json() if answer else None
            if not isinstance(page, dict) or not isinstance(page.get("events"), list):
                raise UnreadableAnswer(UPSTREAM, f"{url} has no events", repr(page))
            pages.append(page)
            if len(pages) >= _count(page.get("total_pages")) or not page["events"]:
                return pages
        raise UnreadableAnswer(UPSTREAM, f"{site_url} has more than {MOST_REST_PAGES} pages of events")

    def calendar(self, url: str, robots: Robots) -> Index | None:
        """Return the calendar at an address, or None when there is something else or nothing."""
        try:
            answer = self._site.fetch(url, robots=robots)
            return index_of(answer.body) if answer else None
        except (UpstreamGone, UnreadableAnswer):
            return None


class _Search:
    """What has been found so far; `refusal` is the last one met on the way."""

    def __init__(self, mote: Mote, robots: Robots) -> None:
        self.feeds: list[Feed] = []
        self.refusal: UpstreamRefused | None = None
        self._mote = mote
        self._robots = robots
        self._known: set[str] = set()

    def look(self, url: str, what: str) -> Index | None:
        """Return the calendar at an address, and keep it as a feed; None if there is none, or nothing new in it."""
        try:
            index = self._mote.calendar(url, self._robots)
        except UpstreamRefused as error:
            self.refusal = error
            return None
        log.info("calendar_looked_for", url=url, entries=None if index is None else len(index.groups))
        if index is None or (index.groups and index.groups.keys() <= self._known):
            return None
        self._known.update(index.groups)
        self.feeds.append(Feed(url, f"{_calendar_name(index) or urlsplit(url).netloc}, {what}"))
        return index

    def look_further(self, site: str, month: date) -> None:
        """Look for what of a month is beyond its first PAGE entries."""
        for page in range(2, MOST_PAGES + 1):
            index = self.look(_further(site, month, page), f"{month:%B %Y}, page {page}")
            if index is None or len(index.groups) < PAGE or _reaches(index, _next(month)):
                return


def open_mote(gateway: Gateway) -> Mote:
    """Return Mote Marine's site, or any that runs the same plugin; it wants no key."""
    return Mote(gateway)


def root_of(site_url: str) -> str:
    """Return the address of a WordPress site, given that or its calendar's, without a slash at its end."""
    split = urlsplit(site_url)
    path = re.sub(r"/events(/.*)?$", "", split.path.rstrip("/"))
    return urlunsplit((split.scheme, split.netloc, path, "", ""))


def _months(today: date, ahead: int) -> Iterator[date]:
    month = today.replace(day=1)
    for _ in range(ahead + 1):
        yield month
        month = _next(month)


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _calendar_name(index: Index) -> str:
    found = _NAME.search(index.body)
    return one_line(found[1].decode("utf-8", "replace")) if found else ""


def _reaches(index: Index, month: date) -> bool:
    """Say whether a list goes on into a month."""
    return max(_START.findall(index.body), default=b"") >= f"{month:%Y%m%d}".encode()


def _count(value: object) -> int:
    return value if isinstance(value, int) else 1
