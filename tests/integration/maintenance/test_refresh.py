"""Refresh sweeps: whom they ask for, in which order, and when they hold back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from shared import outbox
from shared.broker.wire import compose
from shared.contracts.kinds import CONTRACTS
from shared.contracts.maintenance import RefreshContent, RefreshPeople
from shared.contracts.screen import SaveSeries
from shared.maintenance import refresh
from shared.runlog import AlreadyDone
from tests.integration.maintenance.conftest import Pool

SERIES, MOVIE, PERSON = "scrape.series.save", "scrape.movie.save", "scrape.person.save"


def held(pool: Pool, table: str, ages: dict[int, float], gone: bool = False) -> None:
    """Store entities that were last compared so many days ago."""
    now = datetime.now(UTC)
    extra = {"series": ("original_name",), "movies": ("original_name",), "people": ()}[table]
    names = ("tvdb_id", "synced_at", "gone_at", "name", *extra)
    for tvdb_id, days in ages.items():
        row = (tvdb_id, now - timedelta(days=days), now if gone else None, *["x"] * (1 + len(extra)))
        pool.sql(
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(['%s'] * len(names))})",  # noqa: S608
            *row,
        )


def asked(pool: Pool, kind: str = SERIES) -> list[int]:
    return [body["tvdb_id"] for body in pool.outbox(kind)]


def sent(pool: Pool) -> dict[str, str]:
    """Let the relay send everything; return the message of each entity that a sweep has asked for."""
    pool.sql("DELETE FROM outbox")
    return {row["entity"]: row["message_id"] for row in pool.sql("SELECT entity, message_id FROM refresh_asks")}


def saved(pool: Pool, entity: str, message_id: str, status: str = "succeeded") -> None:
    """Let a save end; one that succeeds makes the entity fresh."""
    pool.run_row(message_id, status, 0, entity=entity)
    if status == "succeeded":
        pool.sql("UPDATE series SET synced_at = now() WHERE tvdb_id = %s", int(entity.partition(":")[2]))


def test_the_stalest_are_asked_for_first_series_and_movies_alike_up_to_the_limit(pool: Pool) -> None:
    held(pool, "series", {1: 10, 2: 30, 3: 8})
    held(pool, "movies", {1: 20, 2: 9})
    assert pool.handle(RefreshContent(limit=4)) == {"asked": 4, "on_their_way": 0}
    rows = pool.sql(
        "SELECT routing_key, (convert_from(body, 'UTF8')::jsonb -> 'tvdb_id')::integer AS tvdb_id, properties"
        " FROM outbox ORDER BY id"
    )
    assert [(row["routing_key"], row["tvdb_id"]) for row in rows] == [(SERIES, 2), (MOVIE, 1), (SERIES, 1), (MOVIE, 2)]
    assert {row["properties"]["priority"] for row in rows} == {1}


def test_what_is_fresh_enough_is_left_alone_and_people_stay_fresh_longer(pool: Pool) -> None:
    held(pool, "series", {1: 6.9, 2: 7.1})
    held(pool, "people", {3: 13.9, 4: 14.1})
    pool.handle(RefreshContent())
    pool.handle(RefreshPeople())
    assert (asked(pool), asked(pool, PERSON)) == ([2], [4])


def test_what_upstream_said_to_be_gone_is_left_alone(pool: Pool) -> None:
    held(pool, "series", {1: 100}, gone=True)
    assert pool.handle(RefreshContent())["asked"] == 0


def test_a_second_sweep_asks_for_nothing_that_the_first_has_asked_for(pool: Pool) -> None:
    held(pool, "series", {1: 30, 2: 20, 3: 10})
    pool.handle(RefreshContent(limit=2))
    again = pool.handle(RefreshContent(limit=100))
    assert again == {"asked": 1, "on_their_way": 2}
    assert asked(pool) == [1, 2, 3]
    assert pool.handle(RefreshContent(limit=100)) == {"asked": 0, "on_their_way": 3}


def test_a_sweep_backs_off_while_most_of_the_last_one_is_on_its_way_and_goes_on_when_it_is_done(pool: Pool) -> None:
    held(pool, "series", {number: 100 - number for number in range(1, 11)})
    pool.handle(RefreshContent(limit=4))
    messages = sent(pool)

    result = pool.handle(RefreshContent(limit=4))
    assert result == {"asked": 0, "on_their_way": 4, "told": "still 4 on their way; none asked for"}

    for entity in ("series:1", "series:2"):
        saved(pool, entity, messages[entity])
    assert pool.handle(RefreshContent(limit=4)) == {"asked": 2, "on_their_way": 2}
    assert asked(pool) == [5, 6]


def test_saves_asked_for_by_others_are_not_asked_for_again_and_count_as_on_their_way(
    pool: Pool, engine: Engine
) -> None:
    held(pool, "series", {1: 40, 2: 30, 3: 20, 4: 10})
    with engine.begin() as connection:
        outbox.put(connection, [compose(CONTRACTS, SaveSeries(tvdb_id=1))])
    pool.run_row("begun", "running", 0, entity="series:2")
    pool.run_row("again", "retrying", 0, entity="series:3")
    assert pool.handle(RefreshContent(limit=100)) == {"asked": 1, "on_their_way": 3}
    assert asked(pool) == [1, 4]


def test_a_save_that_a_reader_has_just_asked_for_is_not_asked_for_again(pool: Pool) -> None:
    held(pool, "series", {1: 40, 2: 30})
    pool.sql(
        "INSERT INTO refreshes (entity, holder, leased_until, message_id, asked_at)"
        " VALUES ('series:1', 'api', now(), 'm', now())"
    )
    pool.handle(RefreshContent(limit=100))
    assert asked(pool) == [2]


def test_an_entity_whose_save_died_waits_a_day_and_then_comes_after_those_not_tried_yet(
    pool: Pool,
) -> None:
    held(pool, "series", {1: 100, 2: 50})
    pool.handle(RefreshContent(limit=1))
    saved(pool, "series:1", sent(pool)["series:1"], "failed")
    assert pool.handle(RefreshContent(limit=1)) == {"asked": 1, "on_their_way": 0}
    assert asked(pool) == [2]
    saved(pool, "series:2", sent(pool)["series:2"])

    assert pool.handle(RefreshContent(limit=5))["asked"] == 0
    pool.sql("UPDATE refresh_asks SET asked_at = asked_at - interval '25 hours'")
    held(pool, "series", {3: 20})
    pool.handle(RefreshContent(limit=5))
    assert asked(pool) == [3, 1]


def test_a_save_that_vanished_is_asked_for_again_after_a_day(pool: Pool) -> None:
    held(pool, "series", {1: 100})
    pool.handle(RefreshContent())
    first = sent(pool)
    pool.sql("UPDATE refresh_asks SET asked_at = asked_at - interval '25 hours'")
    assert pool.handle(RefreshContent()) == {"asked": 1, "on_their_way": 0}
    assert sent(pool) != first


def test_many_are_asked_for_in_slices_a_minute_apart(pool: Pool) -> None:
    pool.sql(
        "INSERT INTO people (tvdb_id, name, synced_at) SELECT n, 'x', now() - interval '1 year' FROM generate_series"
        "(1, 250) AS n"
    )
    assert pool.handle(RefreshPeople(limit=1000))["asked"] == 250
    rows = pool.sql(
        "SELECT count(*) AS rows, round(extract(epoch FROM not_before - now()) / 60)::integer AS minutes"
        " FROM outbox GROUP BY 2 ORDER BY 2"
    )
    assert [tuple(row.values()) for row in rows] == [(100, 0), (100, 1), (50, 2)]


def test_the_same_message_twice_asks_once(pool: Pool) -> None:
    held(pool, "series", {1: 100})
    message = compose(CONTRACTS, RefreshContent())
    pool.handle(RefreshContent(), message)
    before = pool.sql("SELECT ctid, * FROM outbox"), pool.sql("SELECT ctid, * FROM refresh_asks")
    with pytest.raises(AlreadyDone):
        pool.handle(RefreshContent(), message)
    assert (pool.sql("SELECT ctid, * FROM outbox"), pool.sql("SELECT ctid, * FROM refresh_asks")) == before


def test_two_sweeps_at_the_same_moment_ask_for_different_entities(pool: Pool, engine: Engine) -> None:
    held(pool, "series", {1: 100, 2: 50})
    now = datetime.now(UTC)
    arguments: tuple[Any, ...] = ({"series": SERIES}, now - timedelta(days=7), 10, now)
    with engine.begin() as first:
        found = refresh.sweep(first, *arguments).stale
        with engine.begin() as second:
            second.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                refresh.sweep(second, *arguments)
            second.rollback()
        refresh.note(first, [(one, f"m{one.tvdb_id}") for one in found], now)
    with engine.begin() as second:
        assert refresh.sweep(second, *arguments).stale == []
