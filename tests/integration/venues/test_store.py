"""The venues store on a real PostgreSQL: repeatable, bounded, and slow to believe that a season is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from psycopg.rows import dict_row
from sqlalchemy import Engine

from shared.catalog.venues import rules, sources, store, tables
from shared.catalog.venues.records import Broken, Listing
from shared.catalog.venues.store import Outcome
from shared.database.engine import driver
from shared.errors import UnreadableAnswer
from tests.eventually import eventually
from tests.integration.venues.conftest import DAY, MONDAY, evening

TUESDAY, WEDNESDAY, THURSDAY = MONDAY + DAY, MONDAY + 2 * DAY, MONDAY + 3 * DAY
HOUR = timedelta(hours=1)


class World:
    """One source and what is read of it."""

    def __init__(self, engine: Engine, source_id: int) -> None:
        self.engine = engine
        self.source_id = source_id

    def ingest(self, found: Iterable[Listing | Broken], at: datetime = MONDAY, **how: Any) -> Outcome:
        with self.engine.begin() as connection:
            return store.ingest(connection, self.source_id, found, at, rules.window(at), **how)

    def rows(self, what: str = "*", more: str = "") -> list[dict[str, Any]]:
        return self.sql(f"SELECT {what} FROM venue_listings {more} ORDER BY starts_at, id")  # noqa: S608

    def keys(self, *, withdrawn: bool = False) -> set[str]:
        return {row["key"] for row in self.rows() if (row["withdrawn_at"] is not None) == withdrawn}

    def source(self) -> dict[str, Any]:
        return self.sql(f"SELECT * FROM sources WHERE id = {self.source_id}")[0]  # noqa: S608

    def sql(self, statement: str) -> list[dict[str, Any]]:
        with self.engine.connect() as connection:
            return driver(connection).cursor(row_factory=dict_row).execute(statement).fetchall()


@pytest.fixture
def world(engine: Engine, add_source: Callable[..., int]) -> World:
    return World(engine, add_source())


def season(number: int, first: int = 1) -> list[Listing]:
    return [evening(day) for day in range(first, first + number)]


def test_the_table_has_a_column_for_each_field_of_a_listing() -> None:
    assert {field.name for field in fields(Listing)} <= set(tables.venue_listings.c.keys())


def test_a_listing_is_stored_whole(world: World) -> None:
    whole = evening(
        1,
        status="postponed",
        address="1 Main Street",
        description="Line one\nand\ttwo",
        url="https://example.org/1",
        image="https://example.org/1.jpg",
        ticket_url="https://example.org/1/tickets",
        availability="sold_out",
        price_text="$10 - $25.50",
        price_low=Decimal(10),
        price_high=Decimal("25.50"),
        currency="USD",
        organizer="Friends of the Hall",
    )

    outcome = world.ingest([whole])

    assert (outcome.outcome, outcome.added, outcome.changed, outcome.withdrawn) == ("stored", 1, 0, 0)
    (row,) = world.rows()
    assert (
        Listing(**{field.name: row[field.name] for field in fields(Listing)} | {"categories": tuple(row["categories"])})
        == whole
    )
    assert (row["first_seen_at"], row["changed_at"], row["withdrawn_at"]) == (MONDAY, MONDAY, None)


def test_the_same_reading_again_writes_no_row_of_listings(world: World) -> None:
    world.ingest(season(20), MONDAY)
    before = world.rows("*, xmin, xmax, ctid")

    outcome = world.ingest(season(20), TUESDAY - HOUR)

    assert (outcome.added, outcome.changed, outcome.withdrawn) == (0, 0, 0)
    assert world.rows("*, xmin, xmax, ctid") == before, "not even locked"
    world.ingest([*season(20), evening(21)], TUESDAY - HOUR)
    assert world.rows("id")[-1]["id"] == before[-1]["id"] + 1, "nor was an id used up"


def test_a_connection_may_be_used_for_as_many_readings_as_one_likes(world: World) -> None:
    # Psycopg prepares a statement after some uses, and each reading has a temporary table of its own.
    with world.engine.connect() as connection:
        for number in range(12):
            at = MONDAY + number * HOUR
            with connection.begin():
                found = season(number + 1)
                outcome = store.ingest(connection, world.source_id, found, at, rules.window(at))
            assert (outcome.added, outcome.withdrawn) == (1, 0)


def test_a_moved_evening_is_the_same_row_at_its_new_time(world: World) -> None:
    world.ingest(season(3))
    (before,) = world.rows(more="WHERE key = 'evening-2'")
    moved = evening(2, starts_at=MONDAY + 30 * DAY)

    outcome = world.ingest([evening(1), moved, evening(3)], MONDAY + HOUR)

    assert (outcome.added, outcome.changed, outcome.withdrawn) == (0, 1, 0)
    (after,) = world.rows(more="WHERE key = 'evening-2'")
    assert (after["id"], after["starts_at"]) == (before["id"], moved.starts_at)
    assert (after["first_seen_at"], after["changed_at"]) == (MONDAY, MONDAY + HOUR)


def test_a_vanished_evening_is_withdrawn_and_comes_back(world: World) -> None:
    world.ingest(season(4))

    gone = world.ingest([evening(1), evening(3), evening(4)], MONDAY + HOUR)
    assert gone.withdrawn == 1
    assert world.keys(withdrawn=True) == {"evening-2"}
    assert world.rows(more="WHERE key = 'evening-2'")[0]["withdrawn_at"] == MONDAY + HOUR

    back = world.ingest(season(4), MONDAY + 2 * HOUR)
    assert (back.added, back.changed) == (0, 1)
    assert world.keys(withdrawn=True) == set()
    assert world.rows(more="WHERE key = 'evening-2'")[0]["first_seen_at"] == MONDAY


def test_what_has_begun_is_not_withdrawn_when_a_feed_drops_it(world: World) -> None:
    world.ingest(season(4))

    outcome = world.ingest([evening(3), evening(4)], WEDNESDAY + HOUR)

    assert outcome.withdrawn == 0
    assert world.keys() == {f"evening-{day}" for day in (1, 2, 3, 4)}


def test_what_lies_beyond_the_window_is_not_withdrawn(world: World) -> None:
    far = evening(1, key="far", starts_at=MONDAY + rules.AHEAD + 5 * DAY)
    world.ingest([evening(1), far])

    assert world.ingest([evening(1)], MONDAY + HOUR).withdrawn == 0


def test_one_source_never_withdraws_what_another_lists(world: World, add_source: Callable[..., int]) -> None:
    other = World(world.engine, add_source("New Hall"))
    world.ingest(season(3))
    other.ingest(season(4))

    outcome = other.ingest([evening(1)], MONDAY + HOUR)

    assert outcome.withdrawn == 3
    assert len(world.rows(more=f"WHERE source_id = {world.source_id} AND withdrawn_at IS NULL")) == 3


def test_a_limit_stores_the_soonest_and_withdraws_nothing(world: World) -> None:
    shuffled = [*reversed(season(40))]
    outcome = world.ingest(shuffled, limit=10, etag='"1"')

    assert (outcome.added, outcome.left_out, outcome.yielded) == (10, 30, 40)
    assert world.keys() == {f"evening-{day}" for day in range(1, 11)}

    assert world.ingest(season(40), MONDAY + HOUR, limit=30).added == 20
    less = world.ingest(season(40), MONDAY + 2 * HOUR, limit=5)
    assert (less.added, less.changed, less.withdrawn) == (0, 0, 0)


def test_what_is_over_does_not_use_up_the_limit(world: World) -> None:
    world.ingest([evening(-1), evening(0, starts_at=MONDAY - 5 * HOUR), *season(5)], limit=5)

    assert world.keys() == {f"evening-{day}" for day in range(1, 6)}


def test_an_evening_that_is_held_is_kept_up_to_date_beyond_the_limit(world: World) -> None:
    world.ingest(season(20), limit=5)
    moved = evening(2, starts_at=MONDAY + 300 * DAY)

    world.ingest([moved, *(one for one in season(20) if one.key != moved.key)], MONDAY + HOUR, limit=5)

    assert world.rows(more="WHERE key = 'evening-2'")[0]["starts_at"] == moved.starts_at


def test_the_version_is_kept_only_when_nothing_was_left_out(world: World) -> None:
    world.ingest(season(20), limit=5, etag='"1"', last_modified="Mon, 16 Nov 2026 11:00:00 GMT")
    assert (world.source()["etag"], world.source()["last_modified"]) == (None, None)

    world.ingest(season(20), MONDAY + HOUR, limit=20, etag='"1"', last_modified="Mon, 16 Nov 2026 11:00:00 GMT")
    assert (world.source()["etag"], world.source()["last_modified"]) == ('"1"', "Mon, 16 Nov 2026 11:00:00 GMT")

    world.ingest([*season(20), evening(21)], MONDAY + 2 * HOUR, limit=5, etag='"2"')
    assert world.source()["etag"] is None, "an old version must not stand for what was left out of a new one"


@pytest.mark.parametrize("left", [0, 1, 3])
def test_a_source_that_yields_hardly_anything_is_suspected_and_its_listings_stay(world: World, left: int) -> None:
    world.ingest(season(20), etag='"1"')
    before = world.rows("*, xmin")

    outcome = world.ingest(season(left), MONDAY + HOUR, etag='"2"')

    assert (outcome.outcome, outcome.held, outcome.yielded) == ("suspected", 20, left)
    assert world.rows("*, xmin") == before
    source = world.source()
    assert (source["suspected_at"], source["suspicions"], source["last_yield"]) == (MONDAY + HOUR, 1, left)
    assert (source["etag"], source["synced_at"]) == ('"1"', MONDAY), "what is stored is still the old version"


def test_the_third_suspicious_reading_in_a_row_is_believed(world: World) -> None:
    world.ingest(season(20))

    outcomes = [world.ingest([], MONDAY + hours * HOUR).outcome for hours in (1, 2, 3)]

    assert outcomes == ["suspected", "suspected", "stored"]
    assert world.keys() == set()
    assert world.source()["suspected_at"] is None


def test_a_good_reading_or_no_change_ends_a_suspicion(world: World) -> None:
    world.ingest(season(20))
    world.ingest([], MONDAY + HOUR)
    world.ingest(season(20), MONDAY + 2 * HOUR)
    assert (world.source()["suspected_at"], world.source()["suspicions"]) == (None, 0)

    world.ingest([], MONDAY + 3 * HOUR)
    with world.engine.begin() as connection:
        sources.checked(connection, world.source_id, MONDAY + 4 * HOUR)
    assert (world.source()["suspected_at"], world.source()["suspicions"]) == (None, 0)
    assert world.source()["checked_at"] == MONDAY + 4 * HOUR


def test_an_operator_who_believes_a_suspected_source_has_the_next_reading_stored(world: World) -> None:
    world.ingest(season(20))
    world.ingest([], MONDAY + HOUR)
    with world.engine.begin() as connection:
        assert sources.believe(connection, world.source_id)

    assert world.ingest([], MONDAY + 2 * HOUR).withdrawn == 20
    with world.engine.begin() as connection:
        assert not sources.believe(connection, world.source_id), "there is nothing to believe any more"


def test_a_season_that_plays_itself_to_its_end_is_not_suspicious(world: World) -> None:
    world.ingest(season(20))

    outcome = world.ingest([evening(20)], MONDAY + 19 * DAY + HOUR)

    assert (outcome.outcome, outcome.withdrawn) == ("stored", 0)


def test_broken_entries_are_counted_and_the_first_are_told(world: World) -> None:
    broken = [Broken(f"uid-{number}", "no start\0") for number in range(8)]

    outcome = world.ingest([*broken, evening(1)])

    assert (outcome.added, outcome.broken, len(outcome.problems)) == (1, 8, 5)
    source = world.source()
    assert source["last_broken"] == 8
    assert source["last_problems"][0] == {"entry": "uid-0", "problem": "no start\ufffd"}
    world.ingest([evening(1)], MONDAY + HOUR)
    assert (world.source()["last_broken"], world.source()["last_problems"]) == (0, None)


def test_an_evening_whose_entry_is_broken_now_is_not_withdrawn(world: World) -> None:
    world.ingest([evening(1, key="uid-1#20261117"), evening(2), evening(3)])

    outcome = world.ingest([Broken("uid-1", "no start"), evening(2)], MONDAY + HOUR)

    assert outcome.withdrawn == 1
    assert world.keys(withdrawn=True) == {"evening-3"}


def test_a_reading_that_broke_off_withdraws_nothing_and_is_no_version(world: World) -> None:
    world.ingest(season(4))

    outcome = world.ingest([evening(1), evening(5)], MONDAY + HOUR, whole=False, etag='"2"')

    assert (outcome.added, outcome.withdrawn) == (1, 0)
    assert world.source()["etag"] is None


def test_entries_none_of_which_can_be_read_are_an_error_and_change_nothing(world: World) -> None:
    world.ingest(season(3))

    with pytest.raises(UnreadableAnswer, match="none of the 2 entries of Old Hall can be read; a: no start"):
        world.ingest([Broken("a", "no start"), Broken("b", "no title")], MONDAY + HOUR)

    assert world.keys() == {"evening-1", "evening-2", "evening-3"}
    assert world.source()["checked_at"] == MONDAY


def test_of_an_entry_named_twice_the_last_counts(world: World) -> None:
    world.ingest([evening(1, title="Old"), evening(1, title="New")])

    assert [row["title"] for row in world.rows()] == ["New"]


def test_text_that_postgresql_cannot_hold_harms_nobody(world: World) -> None:
    world.ingest([evening(1, key="k" * 5000, title="NUL \0 and \ud83d", categories=("\0",)), evening(2)])
    again = world.ingest([evening(1, key="k" * 5000, title="NUL \0 and \ud83d", categories=("\0",)), evening(2)])

    assert (again.added, again.changed) == (0, 0)
    assert world.rows()[0]["title"] == "NUL \ufffd and ?"


def test_a_reading_that_fails_in_its_middle_leaves_nothing(world: World) -> None:
    world.ingest(season(3))
    before = world.rows("*, xmin"), world.source()

    def found() -> Iterator[Listing]:
        yield from season(500)
        raise RuntimeError("the process died here")

    with pytest.raises(RuntimeError, match="died here"):
        world.ingest(found(), MONDAY + HOUR)

    assert (world.rows("*, xmin"), world.source()) == before
    assert world.ingest(season(4), MONDAY + 2 * HOUR).added == 1, "and the next one finds no trace"


def test_of_two_readings_the_one_fetched_later_wins_whatever_their_order(world: World) -> None:
    world.ingest([evening(1, title="Later")], MONDAY + HOUR)

    outcome = world.ingest([evening(1, title="Earlier")], MONDAY)

    assert outcome.outcome == "outdated"
    assert [row["title"] for row in world.rows()] == ["Later"]


def test_two_readings_of_one_source_at_once_come_one_after_the_other(world: World) -> None:
    copying, proceed = threading.Event(), threading.Event()

    def slowly() -> Iterator[Listing]:
        copying.set()
        assert proceed.wait(20)
        yield evening(1, title="Earlier")

    outcomes: dict[str, Outcome] = {}
    first = threading.Thread(target=lambda: outcomes.update(first=world.ingest(slowly(), MONDAY)))
    first.start()
    assert copying.wait(20)
    later = [evening(1, title="Later")]
    second = threading.Thread(target=lambda: outcomes.update(second=world.ingest(later, MONDAY + HOUR)))
    second.start()
    try:
        waits = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FROM sources%'"
        eventually(lambda: world.sql(waits), what="the second reading waiting for the first")
    finally:
        proceed.set()
        first.join()
        second.join()

    assert (outcomes["first"].added, outcomes["second"].changed) == (1, 1)
    assert [row["title"] for row in world.rows()] == ["Later"]


def test_a_changed_price_is_a_change_and_the_same_price_in_other_digits_is_none(world: World) -> None:
    priced = replace(evening(1), price_low=Decimal("10.00"))
    world.ingest([priced])

    assert world.ingest([replace(priced, price_low=Decimal(10))], MONDAY + HOUR).changed == 0
    assert world.ingest([replace(priced, price_low=Decimal(11))], MONDAY + 2 * HOUR).changed == 1
