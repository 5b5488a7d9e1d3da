"""The words of the adaptations domain: which books became which films and series."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.contracts.kind import Believe, Kind, Payload


class IngestWikidata(Payload):
    """Read every adaptation of a written work for the screen from Wikidata.

    A reading that lacks more than half of what is held is refused, unless `believe` says that it is right.
    """

    believe: Believe = False


class RefreshTmdb(Payload):
    """Refresh poster, summary, year and type of so many screen works from TMDb, those refreshed longest ago first."""

    limit: Annotated[int, Field(gt=0, le=1000)] = 100


class AdaptationsIngested(Payload):
    """Wikidata was read; the numbers say how many works, screen works and edges are now held."""

    works: int
    screen_works: int
    edges: int


INGEST_WIKIDATA = Kind(
    "scrape.adaptations.wikidata",
    IngestWikidata,
    "Read works, screen works and adaptation edges from Wikidata.",
    example={},
)

REFRESH_TMDB = Kind(
    "scrape.adaptations.tmdb",
    RefreshTmdb,
    "Refresh posters, summaries, years and types of screen works from TMDb, oldest first.",
    example={"limit": 100},
)

ADAPTATIONS_INGESTED = Kind(
    "facts.adaptations.ingested",
    AdaptationsIngested,
    "Wikidata's adaptations were read and stored.",
    example={"works": 8120, "screen_works": 11402, "edges": 12033},
)

KINDS = (INGEST_WIKIDATA, REFRESH_TMDB, ADAPTATIONS_INGESTED)
