"""The words of the venues domain: scrape a venue's site, ingest a source, and what came of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contracts.kind import EntityId, Kind, Payload

Listings = Annotated[int, Field(gt=0, le=100_000)]
"""How many listings a run stores at most, soonest first."""


class ScrapeVanWezel(Payload):
    """Read the calendar of the Van Wezel Performing Arts Hall into a source; `delay` is seconds between its pages."""

    source_id: EntityId
    delay: Annotated[float, Field(ge=0, le=60)] = 0.5


class ScrapeMote(Payload):
    """Find Mote Marine's calendar feeds for so many months ahead, register each as a source and have it ingested."""

    source_id: EntityId
    months_ahead: Annotated[int, Field(ge=1, le=24)] = 2


class IngestSource(Payload):
    """Read a source, an iCalendar feed or a page with JSON-LD, and store its listings."""

    source_id: EntityId
    limit: Listings = 100


class IngestAllSources(Payload):
    """Ask for the ingestion of every enabled source, one message each."""

    limit_per_source: Listings = 100


class ListingsIngested(Payload):
    """A source was read; the numbers say how many of its listings were new, had changed, or had vanished."""

    source_id: EntityId
    source: str
    added: int
    changed: int
    withdrawn: int


class SourceSuspected(Payload):
    """A source that used to yield listings yields hardly any; what is stored of it was left as it is."""

    source_id: EntityId
    source: str
    yielded: int
    held: int


SCRAPE_VANWEZEL = Kind(
    "scrape.venue.vanwezel",
    ScrapeVanWezel,
    "Read the calendar of the Van Wezel Performing Arts Hall.",
    example={"source_id": 1, "delay": 0.5},
    entity="source:{source_id}",
)

SCRAPE_MOTE = Kind(
    "scrape.venue.mote",
    ScrapeMote,
    "Find Mote Marine's calendar feeds and register them as sources.",
    example={"source_id": 2, "months_ahead": 2},
    entity="source:{source_id}",
)

INGEST_SOURCE = Kind(
    "scrape.source.ingest",
    IngestSource,
    "Read one source, an iCalendar feed or a page with JSON-LD, and store its listings.",
    example={"source_id": 3, "limit": 100},
    entity="source:{source_id}",
)

INGEST_ALL_SOURCES = Kind(
    "scrape.source.ingest_all",
    IngestAllSources,
    "Ask for the ingestion of every enabled source.",
    example={"limit_per_source": 100},
)

LISTINGS_INGESTED = Kind(
    "facts.listings.ingested",
    ListingsIngested,
    "A source was read and its listings are stored.",
    example={"source_id": 3, "source": "Mote Marine", "added": 12, "changed": 1, "withdrawn": 0},
    entity="source:{source_id}",
)

SOURCE_SUSPECTED = Kind(
    "facts.source.suspected",
    SourceSuspected,
    "A source suddenly yields hardly any listings; somebody should look.",
    example={"source_id": 3, "source": "Mote Marine", "yielded": 0, "held": 41},
    entity="source:{source_id}",
)

KINDS = (SCRAPE_VANWEZEL, SCRAPE_MOTE, INGEST_SOURCE, INGEST_ALL_SOURCES, LISTINGS_INGESTED, SOURCE_SUSPECTED)
