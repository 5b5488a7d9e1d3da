"""Reads the cards of Van Wezel's calendar, and of other sites on the same CMS (Carbonhouse).

A card names the day of an evening, or its first and last; some sites of the CMS also name the time at which it starts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser, LexborNode

from shared.catalog.venues.records import Availability, Broken, Listing, Status
from shared.errors import UnreadableAnswer
from shared.upstreams.markup import page_from
from shared.upstreams.prose import one_line, status_in_title, web_address
from shared.upstreams.vanwezel.dates import NotADay, clock_time, days

UPSTREAM: Final = "vanwezel"
VENUE: Final = "Van Wezel Performing Arts Hall"
ADDRESS: Final = "777 N Tamiami Trail, Sarasota, FL"
CARD: Final = ".eventItem"
CALENDAR: Final = "#list, .eventList"  # one of them is on every calendar, with cards in it or without

SALES: Final[dict[str, tuple[Status, Availability | None]]] = {
    "onsalenow": ("scheduled", "on_sale"),
    "onsalesoon": ("scheduled", "coming_soon"),
    "soldout": ("scheduled", "sold_out"),
    "cancelled": ("cancelled", None),
    "canceled": ("cancelled", None),
    "postponed": ("postponed", None),
}
"""What the class of a card's ticket link says; of an unknown one no state of sales is taken."""

SLUG: Final = re.compile(r"/events/detail/([^/?#]+)")


def read_calendar(pages: Iterable[str], site_url: str, zone: str, at: datetime) -> Iterator[Listing | Broken]:
    """Yield every evening of a calendar's pages once, in their order; `at` is when they were fetched.

    The key is the slug of an evening's own page. The first page is the calendar itself, the others are pieces of it.
    Raises UnreadableAnswer when the first is no calendar: a challenge, an error in a page that claims to be well.
    """
    seen: dict[str, Listing | Broken] = {}
    names: dict[str, str] = {}
    for number, page in enumerate(pages):
        tree = page_from(page, f"page {number + 1} of {site_url}")
        cards = tree.css(f"#list {CARD}") or tree.css(CARD)
        if number == 0:
            if not cards and tree.css_first(CALENDAR) is None:
                raise UnreadableAnswer(UPSTREAM, f"{site_url} has no calendar", page)
            names = _categories(tree)
        for position, card in enumerate(cards, 1):
            read = _card(card, site_url, ZoneInfo(zone), at, names, f"card {position} of page {number + 1}")
            key = read.key if isinstance(read, Listing) else read.entry
            before = seen.setdefault(key, read)
            if before is read:
                yield read
            elif before != read:
                # Cards move between two pages while we read them, but do not change.
                yield Broken(key, "is on the calendar twice, and not the same")


def _card(
    card: LexborNode, site_url: str, zone: ZoneInfo, at: datetime, names: dict[str, str], position: str
) -> Listing | Broken:
    link = card.css_first("h3.title a") or card.css_first(".title a")
    title = _text(link)
    href = (link.attributes.get("href") if link else None) or ""
    slug = SLUG.search(href)
    if link is None or not title or slug is None:
        return Broken(slug[1] if slug else title or position, "has no title that leads to a page of its own")
    try:
        first, last = days(_parts(card), at.astimezone(zone).date())
        starts_at, ends_at, all_day = _span(first, last, clock_time(_text(card.css_first(".meta .time .start"))), zone)
    except NotADay as error:
        return Broken(slug[1], str(error))
    status, availability = _sales(card, title)
    return Listing(
        key=slug[1],
        title=title,
        starts_at=starts_at,
        ends_at=ends_at,
        all_day=all_day,
        time_zone=zone.key,
        status=status,
        venue=VENUE,
        address=ADDRESS,
        description=_text(card.css_first("h4.tagline")) or None,
        url=_absolute(site_url, href),
        image=_image(card, site_url),
        ticket_url=_absolute(site_url, _attribute(card, "a.tickets", "href")),
        availability=availability,
        organizer=_text(card.css_first(".presented-by")) or None,
        categories=tuple(names[word] for word in _classes(card) if word in names),
    )


def _span(first: date, last: date, starts: time | None, zone: ZoneInfo) -> tuple[datetime, datetime | None, bool]:
    """Return when an evening starts and ends, and whether it is all-day, as one of several days always is."""
    if starts is not None and first == last:
        return datetime.combine(first, starts, zone).astimezone(UTC), None, False
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    return datetime.combine(first, time(), zone).astimezone(UTC), end.astimezone(UTC), True


def _parts(card: LexborNode) -> list[str]:
    parts = card.css(".date .m-date__rangeFirst, .date .m-date__rangeLast") or card.css(".date .m-date__singleDate")
    texts = [_text(part) for part in parts] or [_text(card.css_first(".date"))]
    return [texts[0], texts[-1]] if len(texts) > 1 else texts


def _sales(card: LexborNode, title: str) -> tuple[Status, Availability | None]:
    called_off = status_in_title(title)
    if called_off != "scheduled":
        return called_off, None
    tickets = card.css_first("a.tickets, .buttons .tickets")
    words = _classes(tickets) if tickets else []
    return next((SALES[word] for word in words if word in SALES), ("scheduled", None))


def _categories(tree: LexborHTMLParser) -> dict[str, str]:
    """Return the categories that the page offers as filters, by the class that their cards bear."""
    filters = tree.css(".event_filter_item[data-category]")
    names = [_text(one) for one in filters if one.attributes.get("data-category") != "0"]
    return {re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_"): name for name in names if name}


def _image(card: LexborNode, site_url: str) -> str | None:
    # Where pictures are loaded late, src is a placeholder within the page.
    return _absolute(site_url, _attribute(card, ".thumb img", "src")) or _absolute(
        site_url, _attribute(card, ".thumb img", "data-src")
    )


def _absolute(site_url: str, address: str | None) -> str | None:
    """Return an address on the web, or None: `tel:`, `javascript:` and the like lead nowhere."""
    try:
        return web_address(urljoin(site_url, address.strip())) if address else None
    except ValueError:  # brackets that are no IPv6 address
        return None


def _attribute(card: LexborNode, selector: str, name: str) -> str | None:
    found = card.css_first(selector)
    return found.attributes.get(name) if found else None


def _classes(node: LexborNode) -> list[str]:
    return (node.attributes.get("class") or "").split()


def _text(node: LexborNode | None) -> str:
    """Return a node's text in one line; entities that the page wrote twice over are resolved too."""
    return "" if node is None else one_line(node.text())
