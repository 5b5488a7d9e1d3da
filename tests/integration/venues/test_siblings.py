"""Feeds of one site: an evening that two of them name is listed once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from shared.catalog.venues import rules, sources, store
from shared.catalog.venues.records import Broken, Listing
from shared.catalog.venues.store import Outcome
from shared.database.engine import driver
from tests.integration.venues.conftest import DAY, MONDAY, evening

HOUR = timedelta(hours=1)


@dataclass
class Site:
    """A source that found two feeds, of this month and of the next."""

    engine: Engine
    root: int
    this: int
    next: int

    def ingest(
        self, source: int, found: Iterable[Listing | Broken], hours: int = 0, limit: int | None = None
    ) -> Outcome:
        at = MONDAY + hours * HOUR
        with self.engine.begin() as connection:
            return store.ingest(connection, source, found, at, rules.window(at), limit=limit, etag='"1"')

    def listed(self) -> list[tuple[int, str]]:
        """Return source and key of what is listed."""
        with self.engine.connect() as connection:
            rows = driver(connection).execute(
                "SELECT source_id, key FROM venue_listings WHERE withdrawn_at IS NULL ORDER BY key, source_id"
            )
            return [(row[0], row[1]) for row in rows]

    def versions(self) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            rows = driver(connection).execute("SELECT id, xmin::text, ctid::text FROM venue_listings ORDER BY id")
            return list(rows)

    def etag(self, source: int) -> str | None:
        with self.engine.connect() as connection:
            return sources.source(connection, source).etag


@pytest.fixture
def site(engine: Engine, add_source: Callable[..., int]) -> Site:
    root = add_source("Mote", kind="mote")
    return Site(engine, root, add_source("November", parent_id=root), add_source("December", parent_id=root))


ONE, TWO, THREE = evening(1), evening(2), evening(3)


def test_an_evening_in_the_feeds_of_two_months_is_listed_once_and_reading_them_again_changes_nothing(
    site: Site,
) -> None:
    site.ingest(site.this, [ONE, TWO])
    second = site.ingest(site.next, [TWO, THREE])

    assert (second.added, second.elsewhere, second.yielded) == (1, 1, 2)
    assert site.listed() == [(site.this, ONE.key), (site.this, TWO.key), (site.next, THREE.key)]
    before = site.versions()
    for source, found in ((site.next, [TWO, THREE]), (site.this, [ONE, TWO])):
        again = site.ingest(source, found, hours=1)
        assert (again.added, again.changed, again.withdrawn) == (0, 0, 0)
    assert site.versions() == before, "not even written"


def test_when_the_feed_that_lists_it_drops_it_the_other_takes_over_at_its_next_reading(site: Site) -> None:
    site.ingest(site.this, [ONE, TWO])
    site.ingest(site.next, [TWO, THREE])
    assert site.etag(site.this) == '"1"'
    assert site.etag(site.next) is None, "or it would answer that nothing has changed"

    site.ingest(site.this, [ONE], hours=1)
    site.ingest(site.next, [TWO, THREE], hours=1)

    assert site.listed() == [(site.this, ONE.key), (site.next, TWO.key), (site.next, THREE.key)]
    assert site.etag(site.next) == '"1"'


@pytest.mark.parametrize("change", ["enabled = false", "retired_at = now()"])
def test_a_feed_that_is_read_no_more_keeps_nothing_from_the_others(site: Site, change: str) -> None:
    site.ingest(site.this, [ONE, TWO])
    with site.engine.begin() as connection:
        driver(connection).execute(f"UPDATE sources SET {change} WHERE id = %s", (site.this,))  # noqa: S608

    site.ingest(site.next, [TWO, THREE], hours=1)

    assert site.listed() == [(site.this, ONE.key), (site.next, TWO.key), (site.next, THREE.key)]


def test_what_was_read_by_rest_is_handed_over_once_a_feed_gives_it_and_taken_while_no_feed_works(site: Site) -> None:
    site.ingest(site.root, [ONE, TWO])
    site.ingest(site.this, [TWO], hours=1)
    assert site.listed() == [(site.root, ONE.key), (site.this, TWO.key)]

    site.ingest(site.root, [ONE, TWO], hours=2)
    assert site.listed() == [(site.root, ONE.key), (site.root, TWO.key)]


def test_an_evening_that_is_over_in_one_month_and_was_moved_to_the_next_is_listed_there(site: Site) -> None:
    site.ingest(site.this, [ONE])
    moved = evening(1, starts_at=MONDAY + 20 * DAY)

    site.ingest(site.next, [moved], hours=72)
    assert site.listed() == [(site.next, ONE.key)]

    site.ingest(site.this, [ONE], hours=73)
    assert site.listed() == [(site.next, ONE.key)], "an old copy of the feed takes nothing back"


def test_what_a_limit_leaves_out_is_not_taken_from_who_has_it(site: Site) -> None:
    site.ingest(site.root, [ONE, TWO])

    site.ingest(site.this, [ONE, TWO], hours=1, limit=1)

    assert site.listed() == [(site.this, ONE.key), (site.root, TWO.key)]


def test_an_evening_that_was_listed_twice_before_is_listed_once_after_the_next_reading(site: Site) -> None:
    site.ingest(site.this, [ONE, TWO])
    site.ingest(site.next, [THREE])
    with site.engine.begin() as connection:
        driver(connection).execute("UPDATE venue_listings SET key = %s WHERE key = %s", (TWO.key, THREE.key))

    outcome = site.ingest(site.next, [TWO], hours=1)

    assert outcome.withdrawn == 1
    assert site.listed() == [(site.this, ONE.key), (site.this, TWO.key)]


def test_a_broken_entry_neither_takes_nor_withdraws(site: Site) -> None:
    site.ingest(site.this, [ONE, TWO])

    site.ingest(site.next, [Broken(TWO.key, "is broken"), THREE], hours=1)

    assert site.listed() == [(site.this, ONE.key), (site.this, TWO.key), (site.next, THREE.key)]


def test_sources_of_different_sites_may_use_the_same_keys(site: Site, add_source: Callable[..., int]) -> None:
    other = add_source("Elsewhere")
    site.ingest(site.this, [ONE])

    site.ingest(other, [ONE])

    assert site.listed() == [(site.this, ONE.key), (other, ONE.key)]


def test_two_feeds_of_one_site_stored_at_once_come_one_after_the_other(site: Site) -> None:
    """Else neither would see what the other is about to list."""
    in_the_middle, go_on = threading.Event(), threading.Event()

    def slowly() -> Iterable[Listing]:
        yield ONE
        in_the_middle.set()
        assert go_on.wait(10)

    first = threading.Thread(target=site.ingest, args=(site.this, slowly()))
    first.start()
    assert in_the_middle.wait(10)
    second = threading.Thread(target=site.ingest, args=(site.next, [ONE], 1))
    second.start()
    second.join(0.3)
    assert second.is_alive(), "it waits for the first"
    go_on.set()
    first.join(10)
    second.join(10)

    assert site.listed() == [(site.this, ONE.key)]


def test_thousands_of_evenings_in_two_feeds_take_no_longer_than_their_number(site: Site) -> None:
    """It takes two or three seconds; compared one with all others they take minutes."""
    many = [evening(1, key=f"evening-{number}") for number in range(12_000)]
    began = time.perf_counter()

    site.ingest(site.this, many[:8_000])
    assert site.ingest(site.next, many[4_000:], hours=1).elsewhere == 4_000
    site.ingest(site.root, many, hours=2)

    assert {source for source, _ in site.listed()} == {site.root}
    assert time.perf_counter() - began < 40.0
