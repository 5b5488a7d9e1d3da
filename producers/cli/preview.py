"""What an address would give as a source of listings, found out and shown before it is registered."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import structlog
import typer

from producers.cli.failures import Failure
from producers.cli.output import print_table
from producers.cli.registry import engine_of_settings
from shared import clock
from shared.catalog.venues import rules
from shared.catalog.venues.records import Broken, Listing, Window
from shared.catalog.venues.sources import Robots
from shared.errors import MillraceError
from shared.settings import Settings
from shared.upstreams.answer import Answer
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import open_client
from shared.upstreams.jsonld import find_feeds
from shared.upstreams.listings import is_whole, read_listings
from shared.upstreams.site import Site, open_site
from shared.upstreams.sniff import sniff

Readable = Literal["ical", "jsonld"]

SHOWN: Final = 20
"""Listings that are shown; the rest is counted."""

MOST_FEEDS: Final = 5
"""Feeds of a page that are tried."""


@dataclass(slots=True)
class Preview:
    """What was found at `url`, which is the page's own feed where the page has no listings itself."""

    url: str
    kind: Readable
    window: Window
    whole: bool = True
    listings: int = 0
    upcoming: int = 0
    broken: int = 0
    soonest: list[Listing] = field(default_factory=list)
    problems: list[Broken] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Return this for programs."""
        return {
            "url": self.url,
            "kind": self.kind,
            "window": [self.window.since.isoformat(), self.window.until.isoformat()],
            "whole": self.whole,
            "listings": self.listings,
            "upcoming": self.upcoming,
            "broken": self.broken,
            "soonest": [
                {
                    "key": one.key,
                    "title": one.title,
                    "starts_at": one.starts_at.isoformat(),
                    "all_day": one.all_day,
                    "status": one.status,
                    "venue": one.venue,
                }
                for one in self.soonest
            ],
            "problems": [{"entry": one.entry, "problem": one.problem} for one in self.problems],
        }


class NothingFound(Exception):
    """An address at which there is nothing to read."""


def preview(url: str, zone: str, kind: Readable | None, robots: Robots) -> Preview:
    """Return what an address gives; raises Failure when that is nothing."""
    settings, engine = Settings(), engine_of_settings()
    try:
        # The workers' turns at a site are these, too.
        with _quiet(), open_client(settings) as client:
            return look(open_site(Gateway(client, settings, engine)), url, zone, clock.now(), kind, robots)
    except NothingFound as error:
        raise Failure(str(error), "give the address of the calendar itself, or its --kind") from error
    except MillraceError as error:
        raise Failure(str(error), "open it in a browser: is it there, is it public?") from error
    finally:
        engine.dispose()


def look(site: Site, url: str, zone: str, at: datetime, kind: Readable | None, robots: Robots) -> Preview:
    """Return what an address gives: it is a feed, a page with listings, or a page that links to a feed.

    Raises NothingFound, and the errors of `Site.fetch` and of the readers.
    """
    answer = _fetched(site, url, robots)
    found = _kind_of(answer)
    if found is not None and kind in {None, found}:
        read = _read(answer, url, found, zone, at)
        if found == "ical" or read.listings or read.broken:
            return read
    if kind == "jsonld":
        raise NothingFound(f"{url} tells of no evening in JSON-LD")
    tried = []
    for feed in find_feeds(answer.body, url)[:MOST_FEEDS]:
        try:
            linked = _fetched(site, feed, robots)
        except MillraceError as error:
            tried.append(str(error))  # the next one may do
            continue
        if _kind_of(linked) == "ical":
            return _read(linked, feed, "ical", zone, at)
        tried.append(f"{feed} is no calendar")
    links = f"the calendars that it links to cannot be read ({'; '.join(tried)})" if tried else "links to no calendar"
    raise NothingFound(f"{url} is no calendar, tells of no evening in JSON-LD, and {links}")


def _kind_of(answer: Answer) -> Readable | None:
    return sniff(answer.body, answer.headers.get("Content-Type"))


def _fetched(site: Site, url: str, robots: Robots) -> Answer:
    answer = site.fetch(url, robots=robots)
    if answer is None:
        raise NothingFound(f"{url} is said to be unchanged since never")
    return answer


def _read(answer: Answer, url: str, kind: Readable, zone: str, at: datetime) -> Preview:
    window = rules.window(at)
    found = Preview(url, kind, window, whole=is_whole(kind, answer.body))
    _count(found, read_listings(kind, answer.body, url, zone, window), at)
    return found


def _count(counted: Preview, found: Iterable[Listing | Broken], at: datetime) -> None:
    soonest: list[Listing] = []
    for one in found:
        if isinstance(one, Broken):
            counted.broken += 1
            counted.problems += [one] if len(counted.problems) < SHOWN else []
            continue
        counted.listings += 1
        if (one.ends_at or one.starts_at) >= at:
            counted.upcoming += 1
            soonest.append(one)
        if len(soonest) > 50 * SHOWN:
            soonest = heapq.nsmallest(SHOWN, soonest, key=_start)
    counted.soonest = heapq.nsmallest(SHOWN, soonest, key=_start)


def _start(listing: Listing) -> datetime:
    return listing.starts_at


def show_preview(found: Preview, zone: str, limit: int) -> None:
    """Print a table of what would be stored."""
    what = {"ical": "a calendar", "jsonld": "a page with listings"}[found.kind]
    since, until = (f"{moment:%Y-%m-%d}" for moment in (found.window.since, found.window.until))
    typer.echo(f"{found.url} is {what}, times without a zone in {zone}")
    typer.echo(
        f"{found.listings} listings from {since} to {until}, {found.upcoming} of them upcoming; "
        f"the soonest {limit} would be stored; {found.broken} entries cannot be read\n"
    )
    print_table(
        ("starts", "title", "venue", "status"),
        [(_local(one), one.title, one.venue, one.status) for one in found.soonest],
    )
    if found.upcoming > len(found.soonest):
        typer.echo(f"and {found.upcoming - len(found.soonest)} more")
    for one in found.problems:
        typer.echo(f"cannot be read: {one.entry}: {one.problem}", err=True)
    if not found.whole:
        typer.echo("the calendar breaks off before its end", err=True)


def _local(listing: Listing) -> str:
    form = "%Y-%m-%d" if listing.all_day else "%Y-%m-%d %H:%M %Z"
    return f"{listing.starts_at.astimezone(ZoneInfo(listing.time_zone)):{form}}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the log out of what a command prints."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory(), cache_logger_on_first_use=False)
    try:
        yield
    finally:
        structlog.configure(**before)
