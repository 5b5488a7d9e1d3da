"""Venues' evenings: fetched from their sites and feeds, stored by the source that lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.catalog.venues import rules, sources, store
from shared.catalog.venues.records import Broken, Listing
from shared.catalog.venues.sources import Source, SourceKind
from shared.contracts import venues
from shared.contracts.kind import Kind
from shared.errors import Permanent
from shared.upstreams import mote, vanwezel
from shared.upstreams.listings import is_whole, read_listings
from shared.upstreams.site import open_site

log = structlog.get_logger(__name__)

READ_BY: Final[dict[SourceKind, Kind]] = {
    "ical": venues.INGEST_SOURCE,
    "jsonld": venues.INGEST_SOURCE,
    "vanwezel": venues.SCRAPE_VANWEZEL,
    "mote": venues.SCRAPE_MOTE,
}


class OtherKind(Permanent):
    """The source is not read by this kind of message."""

    def __init__(self, source: Source) -> None:
        reads = READ_BY[source.kind].name
        super().__init__(f"source {source.id}, {source.name}, is of kind {source.kind}: {reads} reads it")


@handles(venues.INGEST_SOURCE)
def ingest_source(ask: venues.IngestSource, run: Run) -> None:
    """Read a feed or a page; where its site says that nothing has changed, no more than that is noted."""
    source, at = _source(run, ask.source_id, venues.INGEST_SOURCE), clock.now()
    if not source.enabled:
        return _nothing(run, source)
    etag, last_modified = source.version(at)
    site = run.upstream(open_site)
    answer = site.fetch(source.url, etag=etag, last_modified=last_modified, robots=source.robots)
    if answer is None:
        return _unchanged(run, source, at)
    found = read_listings(source.kind, answer.body, source.url, source.time_zone, rules.window(at))
    version = {"etag": answer.headers.get("ETag"), "last_modified": answer.headers.get("Last-Modified")}
    return _store(run, source, found, at, limit=ask.limit, whole=is_whole(source.kind, answer.body), **version)


@handles(venues.SCRAPE_VANWEZEL)
def scrape_vanwezel(ask: venues.ScrapeVanWezel, run: Run) -> None:
    """Read the calendar of the Van Wezel Performing Arts Hall, page by page."""
    source, at = _source(run, ask.source_id, venues.SCRAPE_VANWEZEL), clock.now()
    if not source.enabled:
        return _nothing(run, source)
    pages = run.upstream(vanwezel.open_vanwezel).fetch_calendar(source.url, ask.delay, source.robots)
    return _store(run, source, vanwezel.read_calendar(pages, source.url, source.time_zone, at), at)


@handles(venues.SCRAPE_MOTE)
def scrape_mote(ask: venues.ScrapeMote, run: Run) -> None:
    """Find Mote Marine's feeds, register them, and have each read; if none works, read its REST interface instead."""
    source, at = _source(run, ask.source_id, venues.SCRAPE_MOTE), clock.now()
    if not source.enabled:
        return _nothing(run, source)
    today = at.astimezone(ZoneInfo(source.time_zone)).date()
    site = run.upstream(mote.open_mote)
    feeds = site.find_feeds(source.url, ask.months_ahead, today, source.robots)
    if not feeds:
        last = rules.window(at).until.date()
        pages = site.fetch_rest(source.url, today, last, source.robots)
        return _store(run, source, mote.read_rest(pages, source.time_zone), at)
    with run.finish() as effect:
        found = sources.register_feeds(effect.connection, source, [(feed.url, feed.name) for feed in feeds], at)
        sources.checked(effect.connection, source.id, at)
        effect.ask(*(venues.IngestSource(source_id=feed) for feed in found))
        effect.result = {"source": source.name, "feeds": len(feeds), "asked": found}
    return None


@handles(venues.INGEST_ALL_SOURCES)
def ingest_all_sources(ask: venues.IngestAllSources, run: Run) -> None:
    """Ask for every feed and page to be read, a message each."""
    with run.finish() as effect:
        found = sources.to_ingest(effect.connection)
        effect.ask(*(venues.IngestSource(source_id=source, limit=ask.limit_per_source) for source in found))
        effect.result = {"asked": len(found)}


def _source(run: Run, source_id: int, kind: Kind) -> Source:
    """Return the source a message is about; raises NoSuchSource, or OtherKind when another kind reads it."""
    run.begin()
    with run.wiring.engine.connect() as connection:
        source = sources.source(connection, source_id)
    if READ_BY[source.kind] is not kind:
        raise OtherKind(source)
    return source


def _store(run: Run, source: Source, found: Iterable[Listing | Broken], at: datetime, **how: Any) -> None:
    with run.finish() as effect:
        outcome = store.ingest(effect.connection, source.id, found, at, rules.window(at), **how)
        if outcome.outcome == "stored":
            effect.announce(
                venues.ListingsIngested(
                    source_id=source.id,
                    source=outcome.source,
                    added=outcome.added,
                    changed=outcome.changed,
                    withdrawn=outcome.withdrawn,
                )
            )
        elif outcome.outcome == "suspected":
            log.warning("source_suspected", source_id=source.id, held=outcome.held, yielded=outcome.yielded)
            effect.announce(
                venues.SourceSuspected(
                    source_id=source.id, source=outcome.source, yielded=outcome.yielded, held=outcome.held
                )
            )
        effect.result = asdict(outcome)


def _unchanged(run: Run, source: Source, at: datetime) -> None:
    with run.finish() as effect:
        sources.checked(effect.connection, source.id, at)
        effect.result = {"source": source.name, "outcome": "unchanged"}


def _nothing(run: Run, source: Source) -> None:
    with run.finish() as effect:
        effect.result = {"source": source.name, "outcome": "disabled"}
