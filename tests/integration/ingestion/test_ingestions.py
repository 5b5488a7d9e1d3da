"""Every ingestion: twice changes nothing but times of sync, and what was cut in the middle is made good by the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import pytest

from shared.contracts.adaptations import IngestWikidata, RefreshTmdb
from shared.contracts.kind import Payload
from shared.contracts.minifigures import FetchPricesByNumber, SyncCatalog
from shared.contracts.screen import SaveMovie, SavePerson, SaveSeries
from shared.contracts.venues import IngestSource, ScrapeMote, ScrapeVanWezel
from shared.errors import MillraceError
from tests.integration.ingestion.conftest import Pool

SCREEN: Final = ("series", "seasons", "episodes", "movies", "people", "credits", "genres", "aliases")
VENUES: Final = ("sources", "venue_listings")
ADAPTATIONS: Final = ("works", "screen_works", "adaptation_edges", "wikidata_redirects", "adaptation_readings")
MINIFIGURES: Final = ("minifigures", "price_listings", "price_fetches", "catalogue_syncs")

SYNCED: Final = frozenset({"synced_at", "checked_at", "read_at", "tmdb_synced_at", "priced_at", "synced_until"})
"""The times that a second run may change."""

OURS: Final = (
    SYNCED
    | {"id", "source_id", "minifigure_id", "screen_work_id", "work_id", "parent_id"}
    | {
        *("added_at", "first_seen_at", "changed_at", "observed_at"),
    }
)
"""What depends on when a row was first written, and says nothing of an upstream."""

MARKS: Final = frozenset({"gone_at", "tmdb_gone_at", "withdrawn_at", "ended_at"})
"""Times of which it counts for an upstream whether they are there."""


@dataclass(frozen=True)
class Ingestion:
    """One way in: `prepare` makes what it needs and returns the message; `path` is where its upstream is asked.

    `follows` returns the messages that it asks for, which are a part of it.
    """

    name: str
    path: str
    tables: tuple[str, ...]
    prepare: Callable[[Pool], Payload]
    follows: Callable[[dict[str, Any]], Iterable[Payload]] = lambda _: ()


def _tmdb(pool: Pool) -> Payload:
    pool.handle(IngestWikidata())
    return RefreshTmdb(limit=1000)


def _prices(pool: Pool) -> Payload:
    pool.handle(SyncCatalog(theme="Star Wars", limit=1000))
    return FetchPricesByNumber(set_number="sw0002", condition="NEW")


INGESTIONS: Final = (
    Ingestion("series", "/tvdb/*", SCREEN, lambda _: SaveSeries(tvdb_id=81189)),
    Ingestion("movie", "/tvdb/*", SCREEN, lambda _: SaveMovie(tvdb_id=12586)),
    Ingestion("person", "/tvdb/*", SCREEN, lambda _: SavePerson(tvdb_id=312388)),
    Ingestion(
        "vanwezel",
        "/vanwezel/*",
        VENUES,
        lambda pool: ScrapeVanWezel(source_id=pool.add_source("vanwezel", "/vanwezel/events")),
    ),
    Ingestion(
        "mote",
        "/mote/*",
        VENUES,
        lambda pool: ScrapeMote(source_id=pool.add_source("mote", "/mote")),
        lambda result: [IngestSource(source_id=source, limit=1000) for source in result.get("asked", ())],
    ),
    Ingestion(
        "ical", "/feeds/*", VENUES, lambda pool: IngestSource(source_id=pool.add_source("ical", "/feeds/cinema.ics"))
    ),
    Ingestion(
        "jsonld",
        "/feeds/*",
        VENUES,
        lambda pool: IngestSource(source_id=pool.add_source("jsonld", "/feeds/venue.html")),
    ),
    Ingestion("wikidata", "/wikidata/*", ADAPTATIONS, lambda _: IngestWikidata()),
    Ingestion(
        "tmdb",
        "/tmdb/*",
        ADAPTATIONS,
        _tmdb,
        lambda result: [RefreshTmdb(limit=result["left"])] if result.get("left") else [],
    ),
    Ingestion("catalog", "/brickset/*", MINIFIGURES, lambda _: SyncCatalog(theme="Star Wars", limit=1000)),
    Ingestion("changes of the catalog", "/brickset/*", MINIFIGURES, lambda _: SyncCatalog(limit=1000)),
    Ingestion("prices", "/ebay/*", MINIFIGURES, _prices),
)

FAULTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "cut in the first answer": {"cut": 60},
    "cut in the second answer": {"cut": 60, "skip": 1},
    "half an answer that claims to be whole": {"truncate": 700, "skip": 1},
    "away in the middle": {"status": 503, "skip": 2},
    "garbage in the middle": {"body": "<html><body>Just a moment...</body></html>", "status": 200, "skip": 1},
}


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, dict[str, list[str]]]:
    """Return what each ingestion stores when nothing goes wrong, by its name; filled by the first that needs it."""
    return {}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("ingestion", INGESTIONS, ids=lambda ingestion: ingestion.name)
def test_what_was_cut_in_the_middle_the_next_run_completes_and_another_changes_nothing(
    pool: Pool, ingestion: Ingestion, fault: str, undisturbed: dict[str, dict[str, list[str]]]
) -> None:
    message = ingestion.prepare(pool)
    # Its fate is the verdict's to decide; any other error would be a bug.
    with suppress(MillraceError):
        run(pool, ingestion, message, {"path": ingestion.path, **FAULTS[fault]})

    run(pool, ingestion, message)
    completed = rows(pool, ingestion, without=SYNCED)
    run(pool, ingestion, message)
    assert rows(pool, ingestion, without=SYNCED) == completed, "a second run changes nothing"

    mended = rows(pool, ingestion, without=OURS)
    if ingestion.name not in undisturbed:
        pool.sql(f"TRUNCATE {', '.join(ingestion.tables)} RESTART IDENTITY CASCADE")
        run(pool, ingestion, ingestion.prepare(pool))
        undisturbed[ingestion.name] = rows(pool, ingestion, without=OURS)
    assert mended == undisturbed[ingestion.name]
    assert sum(map(len, mended.values())) > 1, "there was something to ingest"


def run(pool: Pool, ingestion: Ingestion, message: Payload, *faults: Mapping[str, Any]) -> None:
    """Handle a message and what it asks for; with faults not what that asks for in turn."""
    for following in ingestion.follows(pool.handle(message, *faults)):
        if faults:
            pool.handle(following, *faults)
        else:
            run(pool, ingestion, following)


def rows(pool: Pool, ingestion: Ingestion, without: frozenset[str]) -> dict[str, list[str]]:
    """Return the rows of an ingestion's tables, in an order of their own."""
    marks = MARKS if without is OURS else frozenset()
    return {
        table: sorted(
            repr(
                {
                    name: value is not None if name in marks else value
                    for name, value in row.items()
                    if name not in without
                }
            )
            for row in pool.sql(f"SELECT * FROM {table}")  # noqa: S608
        )
        for table in ingestion.tables
    }
