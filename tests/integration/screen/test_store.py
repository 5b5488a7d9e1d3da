"""The screen store on a real PostgreSQL: complete, repeatable, newest first, and side by side."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, event, func, select, text

from shared.catalog.screen.records import (
    Alias,
    Credit,
    Episode,
    Genre,
    Movie,
    Person,
    RemoteIds,
    Season,
    Series,
)
from shared.catalog.screen.rules import Counts
from shared.catalog.screen.store import mark_gone, people_to_fetch, save_movie, save_person, save_series, series_counts
from shared.catalog.screen.tables import (
    aliases,
    credits,  # noqa: A004 - the table's public name
    episodes,
    genres,
    movies,
    people,
    seasons,
    series,
)
from shared.database.engine import open_engine

MONDAY = datetime(2026, 11, 16, 12, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)
LAST_YEAR = datetime(2025, 5, 1, tzinfo=UTC)
THIS_YEAR = datetime(2026, 5, 1, tzinfo=UTC)
CHILDREN = (seasons, episodes, credits, genres, aliases)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url, pool=8, name="screen-tests")
    yield opened
    opened.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Open a transaction on empty tables."""
    with engine.connect() as opened, opened.begin() as transaction:
        yield opened
        transaction.rollback()


ids = count(1_000_000, 1000)


def a_credit(tvdb_id: int, person: int | None = 300, **changes: Any) -> Credit:
    return Credit(tvdb_id=tvdb_id, person_tvdb_id=person, person_name=f"Person {person}", job="Actor", **changes)


def a_series(tvdb_id: int = 500, **changes: Any) -> Series:
    first = Series(
        tvdb_id=tvdb_id,
        name="English Title",
        original_name="原題",
        overview="In English.",
        status="Ended",
        year=2000,
        first_aired=date(2000, 4, 26),
        network="Network One",
        country="jpn",
        language="jpn",
        average_runtime=24,
        image="https://artworks.thetvdb.com/a.jpg",
        score=2.5,
        remote_ids=RemoteIds("tt0000500", 77, "Q500"),
        upstream_updated_at=LAST_YEAR,
        seasons=(Season(7001, 1), Season(7002, 2, name="The Second")),
        episodes=tuple(Episode(tvdb_id * 10 + n, 1 + n // 2, 1 + n % 2, name=f"Episode {n}") for n in range(4)),
        credits=(
            a_credit(tvdb_id * 10 + 1, series_tvdb_id=tvdb_id, role="One"),
            a_credit(tvdb_id * 10 + 2, series_tvdb_id=tvdb_id, role="Two"),
            a_credit(tvdb_id * 10 + 3, None, series_tvdb_id=tvdb_id),
        ),
        genres=(Genre(2, "Science Fiction"), Genre(17, "Animation")),
        aliases=(Alias("jpn", "原題"), Alias("fra", "Titre")),
    )
    return replace(first, **changes)


def a_person(**changes: Any) -> Person:
    filmography = (
        a_credit(5001, series_tvdb_id=500, title="English Title", title_year=2000, role="One"),
        a_credit(5009, series_tvdb_id=500, episode_tvdb_id=5002, title="English Title", role="Guest"),
    )
    first = Person(300, "Person 300", gender="other", upstream_updated_at=LAST_YEAR, credits=filmography)
    return replace(first, **changes)


def rows(connection: Connection, table: Table) -> list[Any]:
    return list(connection.execute(select(table).order_by(*table.primary_key)).mappings())


def versions(connection: Connection, *tables: Table) -> list[Any]:
    """Return which version of each row there is: a row that was written again, even alike, has another."""
    return [
        connection.execute(select(text("ctid::text"), text("xmin::text")).select_from(each)).all() for each in tables
    ]


# Complete


def test_a_series_is_stored_with_all_its_parts(connection: Connection) -> None:
    assert save_series(connection, a_series(), MONDAY)
    (row,) = rows(connection, series)
    assert (row["tvdb_id"], row["name"], row["original_name"]) == (500, "English Title", "原題")
    assert (row["first_aired"], row["imdb_id"], row["tmdb_id"]) == (date(2000, 4, 26), "tt0000500", 77)
    assert (row["synced_at"], row["gone_at"]) == (MONDAY, None)
    assert [(each["number"], each["name"]) for each in rows(connection, seasons)] == [(1, None), (2, "The Second")]
    assert [each["season_number"] for each in rows(connection, episodes)] == [1, 1, 2, 2]
    assert [each["role"] for each in rows(connection, credits)] == ["One", "Two", None]
    assert [each["name"] for each in rows(connection, genres)] == ["Science Fiction", "Animation"]
    assert [each["name"] for each in rows(connection, aliases)] == ["Titre", "原題"]


def test_a_movie_is_stored_with_all_its_parts(connection: Connection) -> None:
    movie = Movie(
        600,
        "English Title",
        "Originaltittel",
        box_office=Decimal("1250000.50"),
        studios=("Studio One", "Studio, Two"),
        credits=(a_credit(6001, movie_tvdb_id=600),),
        genres=(Genre(18, "Adventure"),),
        aliases=(Alias("nor", "Originaltittel"),),
    )
    assert save_movie(connection, movie, MONDAY)
    (row,) = rows(connection, movies)
    assert row["box_office"] == Decimal("1250000.50")
    assert row["studios"] == ["Studio One", "Studio, Two"]
    assert row["distributors"] == []
    assert [len(rows(connection, each)) for each in (credits, genres, aliases)] == [1, 1, 1]


def test_a_series_and_a_movie_of_one_number_keep_their_genres_apart(connection: Connection) -> None:
    save_series(connection, a_series(), MONDAY)
    save_movie(connection, Movie(500, "A Movie", "A Movie", genres=(Genre(2, "Science Fiction"),)), MONDAY)
    save_movie(connection, Movie(500, "A Movie", "A Movie"), TUESDAY)
    assert [each["entity_type"] for each in rows(connection, genres)] == ["series", "series"]


def test_a_series_with_nothing_in_it_is_stored(connection: Connection) -> None:
    assert save_series(connection, Series(500, "Bare", "Bare"), MONDAY)
    assert [rows(connection, each) for each in CHILDREN] == [[], [], [], [], []]


def test_the_statements_do_not_grow_with_the_episodes(connection: Connection) -> None:
    statements: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    save_series(connection, a_series(500), MONDAY)
    few = len(statements)
    many = tuple(Episode(n, 1, n) for n in range(1, 1001))
    save_series(connection, a_series(501, episodes=many), MONDAY)
    assert len(statements) == 2 * few
    assert few <= 15


# Repeatable


def test_saving_twice_writes_nothing_but_the_time_of_the_comparison(connection: Connection) -> None:
    save_series(connection, a_series(), MONDAY)
    before, (row,) = versions(connection, *CHILDREN), rows(connection, series)
    assert save_series(connection, a_series(), TUESDAY)
    assert versions(connection, *CHILDREN) == before
    assert rows(connection, series) == [{**row, "synced_at": TUESDAY}]


def test_saving_person_and_series_in_turn_settles(connection: Connection) -> None:
    for _ in range(2):
        save_series(connection, a_series(), MONDAY)
        save_person(connection, a_person(), MONDAY)
    before = versions(connection, *CHILDREN)
    save_series(connection, a_series(), TUESDAY)
    save_person(connection, a_person(), TUESDAY)
    assert versions(connection, *CHILDREN) == before


def test_only_what_changed_is_written(connection: Connection) -> None:
    save_series(connection, a_series(), MONDAY)
    changed = tuple(replace(each, name="Renamed") if each.tvdb_id == 5002 else each for each in a_series().episodes)
    before = {each["tvdb_id"]: each for each in rows(connection, episodes)}
    (old,) = versions(connection, episodes)
    save_series(connection, a_series(episodes=changed), TUESDAY)
    (new,) = versions(connection, episodes)
    assert len(set(old) - set(new)) == 1
    after = {each["tvdb_id"]: each for each in rows(connection, episodes)}
    assert {key for key in after if after[key] != before[key]} == {5002}


def test_what_vanished_upstream_vanishes_here(connection: Connection) -> None:
    save_series(connection, a_series(), MONDAY)
    full = a_series()
    less = replace(
        full,
        seasons=full.seasons[:1],
        episodes=full.episodes[:2],
        credits=full.credits[1:],
        genres=(),
        aliases=full.aliases[1:],
    )
    save_series(connection, less, TUESDAY)
    assert [len(rows(connection, each)) for each in CHILDREN] == [1, 2, 2, 0, 1]


def test_what_vanished_from_one_series_stays_in_another(connection: Connection) -> None:
    save_series(connection, a_series(500), MONDAY)
    save_series(connection, a_series(501), MONDAY)
    save_series(connection, Series(500, "Bare", "Bare"), TUESDAY)
    assert [len(rows(connection, each)) for each in CHILDREN] == [2, 4, 3, 2, 2]


def test_a_season_may_change_its_id_and_two_may_swap_numbers(connection: Connection) -> None:
    save_series(connection, a_series(), MONDAY)
    save_series(connection, a_series(seasons=(Season(7002, 1), Season(7003, 2))), TUESDAY)
    assert [(each["number"], each["tvdb_id"]) for each in rows(connection, seasons)] == [(1, 7002), (2, 7003)]


def test_an_episode_that_moved_to_another_series_is_in_both_until_the_first_is_saved_again(
    connection: Connection,
) -> None:
    moved = Episode(1, 1, 1)
    save_series(connection, a_series(500, episodes=(moved, Episode(2, 1, 2))), MONDAY)
    save_series(connection, a_series(501, episodes=(moved,)), MONDAY)
    save_series(connection, a_series(500, episodes=(Episode(2, 1, 2),)), TUESDAY)
    assert [(each["series_tvdb_id"], each["tvdb_id"]) for each in rows(connection, episodes)] == [(500, 2), (501, 1)]


# Credits have two owners


def test_a_credit_known_from_both_sides_is_one_row_with_what_each_says(connection: Connection) -> None:
    save_series(connection, a_series(), MONDAY)
    save_person(connection, a_person(), MONDAY)
    found = {each["tvdb_id"]: each for each in rows(connection, credits)}
    assert set(found) == {5001, 5002, 5003, 5009}
    assert (found[5001]["title"], found[5001]["listed_by_title"], found[5001]["listed_by_person"]) == (
        "English Title",
        True,
        True,
    )
    save_series(connection, a_series(), TUESDAY)
    assert {each["tvdb_id"]: each for each in rows(connection, credits)} == found


def test_a_guest_only_the_person_lists_survives_the_series(connection: Connection) -> None:
    save_person(connection, a_person(), MONDAY)
    save_series(connection, a_series(), MONDAY)
    assert 5009 in {each["tvdb_id"] for each in rows(connection, credits)}


def test_a_credit_ends_when_neither_side_lists_it(connection: Connection) -> None:
    save_series(connection, a_series(), MONDAY)
    save_person(connection, a_person(), MONDAY)
    save_series(connection, a_series(credits=()), TUESDAY)
    assert {each["tvdb_id"] for each in rows(connection, credits)} == {5001, 5009}
    save_person(connection, a_person(credits=()), TUESDAY)
    assert rows(connection, credits) == []


def test_a_person_in_several_roles_has_a_row_for_each(connection: Connection) -> None:
    save_series(connection, a_series(), MONDAY)
    mine = select(func.count()).where(credits.c.person_tvdb_id == 300)
    assert connection.execute(mine).scalar() == 2
    assert rows(connection, people) == []


# Newest first


def test_an_older_record_changes_nothing_but_the_time_of_the_comparison(connection: Connection) -> None:
    save_series(connection, a_series(name="New", upstream_updated_at=THIS_YEAR), MONDAY)
    before, (row,) = versions(connection, *CHILDREN), rows(connection, series)
    assert not save_series(connection, a_series(name="Old", episodes=(), upstream_updated_at=LAST_YEAR), TUESDAY)
    assert rows(connection, series) == [{**row, "synced_at": TUESDAY}]
    assert versions(connection, *CHILDREN) == before


def test_a_newer_record_wins_though_it_was_fetched_earlier(connection: Connection) -> None:
    save_series(connection, a_series(name="Old", upstream_updated_at=LAST_YEAR), TUESDAY)
    assert save_series(connection, a_series(name="New", upstream_updated_at=THIS_YEAR), MONDAY)
    (row,) = rows(connection, series)
    assert (row["name"], row["synced_at"]) == ("New", TUESDAY)


@pytest.mark.parametrize("updated_at", [LAST_YEAR, None])
def test_of_two_records_of_one_age_the_one_fetched_later_wins(
    connection: Connection, updated_at: datetime | None
) -> None:
    save_series(connection, a_series(name="Later", upstream_updated_at=updated_at), TUESDAY)
    assert not save_series(connection, a_series(name="Earlier", upstream_updated_at=updated_at), MONDAY)
    (row,) = rows(connection, series)
    assert (row["name"], row["synced_at"]) == ("Later", TUESDAY)


# Gone


def test_what_is_gone_is_marked_and_kept(connection: Connection) -> None:
    save_series(connection, a_series(), MONDAY)
    assert mark_gone(connection, "series", 500, TUESDAY)
    assert not mark_gone(connection, "series", 500, WEDNESDAY)
    (row,) = rows(connection, series)
    assert (row["gone_at"], row["synced_at"]) == (TUESDAY, MONDAY)
    assert len(rows(connection, episodes)) == 4


def test_what_was_never_stored_cannot_be_gone(connection: Connection) -> None:
    assert not mark_gone(connection, "person", 300, MONDAY)


def test_what_comes_back_is_no_longer_gone(connection: Connection) -> None:
    save_person(connection, a_person(), MONDAY)
    mark_gone(connection, "person", 300, TUESDAY)
    save_person(connection, a_person(), WEDNESDAY)
    assert rows(connection, people)[0]["gone_at"] is None


def test_an_answer_and_a_404_that_overtake_each_other_leave_the_later_one_standing(connection: Connection) -> None:
    save_person(connection, a_person(), MONDAY)
    mark_gone(connection, "person", 300, WEDNESDAY)
    save_person(connection, a_person(), TUESDAY)
    assert rows(connection, people)[0]["gone_at"] == WEDNESDAY
    save_person(connection, a_person(), WEDNESDAY + timedelta(hours=1))
    assert not mark_gone(connection, "person", 300, TUESDAY)


# People still to be fetched


def test_people_are_to_be_fetched_that_are_unknown_or_stale_and_not_just_found_gone(connection: Connection) -> None:
    save_person(connection, a_person(tvdb_id=1, credits=()), MONDAY)
    save_person(connection, a_person(tvdb_id=2, credits=()), WEDNESDAY)
    save_person(connection, a_person(tvdb_id=3, credits=()), MONDAY)
    mark_gone(connection, "person", 3, WEDNESDAY)
    assert people_to_fetch(connection, [9, 3, 2, 1], before=TUESDAY) == [9, 1]
    assert people_to_fetch(connection, [], before=TUESDAY) == []


# Counts


def test_counts_are_those_of_what_the_series_itself_lists(connection: Connection) -> None:
    assert series_counts(connection, 500) is None
    save_series(connection, a_series(), MONDAY)
    save_person(connection, a_person(), MONDAY)
    assert series_counts(connection, 500) == Counts(seasons=2, episodes=4, credits=3)


# Side by side


def in_parallel(engine: Engine, *saves: Callable[[Connection], object]) -> None:
    """Run saves at once, each in a transaction of its own; an error of any is raised here."""
    together = threading.Barrier(len(saves))

    def run(save: Callable[[Connection], object]) -> None:
        with engine.begin() as opened:
            together.wait(timeout=30)
            save(opened)

    with ThreadPoolExecutor(len(saves)) as threads:
        for done in [threads.submit(run, save) for save in saves]:
            done.result(timeout=60)


def test_two_workers_may_save_the_same_series_at_once(engine: Engine) -> None:
    tvdb_id = next(ids)
    big = tuple(Episode(n, 1, n) for n in range(1, 400))
    older = a_series(tvdb_id, name="Old", episodes=big[:200], upstream_updated_at=LAST_YEAR)
    newer = a_series(tvdb_id, name="New", episodes=big, upstream_updated_at=THIS_YEAR)
    in_parallel(
        engine,
        *(lambda opened: save_series(opened, older, MONDAY) for _ in range(3)),
        *(lambda opened: save_series(opened, newer, MONDAY) for _ in range(3)),
    )
    with engine.begin() as opened:
        name = opened.execute(select(series.c.name).where(series.c.tvdb_id == tvdb_id)).scalar()
        assert (name, series_counts(opened, tvdb_id)) == ("New", Counts(2, 399, 3))


def test_a_series_and_the_people_in_it_may_be_saved_at_once(engine: Engine) -> None:
    base = next(ids)
    numbers = range(base, base + 200)
    cast = tuple(a_credit(n, base + n % 4, series_tvdb_id=base, role=str(n)) for n in numbers)

    def the_series(turn: int) -> Callable[[Connection], object]:
        shown = cast if turn % 2 else cast[50:]
        record = a_series(base, credits=shown[::-1], upstream_updated_at=None)
        return lambda opened: save_series(opened, record, MONDAY + timedelta(minutes=turn))

    def the_person(who: int, turn: int) -> Callable[[Connection], object]:
        mine = tuple(each for each in cast if each.person_tvdb_id == base + who)
        record = a_person(tvdb_id=base + who, credits=mine if turn % 3 else mine[:20], upstream_updated_at=None)
        return lambda opened: save_person(opened, record, MONDAY + timedelta(minutes=turn))

    for turn in range(8):
        in_parallel(engine, the_series(turn), *(the_person(who, turn) for who in range(4)))
    with engine.begin() as opened:
        assert series_counts(opened, base) == Counts(2, 4, 200)


def test_a_save_takes_shared_credits_from_the_lowest_up_so_that_nobody_waits_in_a_circle(engine: Engine) -> None:
    base = next(ids)
    cast = tuple(a_credit(n, base, series_tvdb_id=base, role="One") for n in range(base, base + 20))
    recast = tuple(replace(credit, role="Two") for credit in reversed(cast))
    with engine.begin() as opened:
        save_series(opened, a_series(base, credits=cast), MONDAY)

    def save() -> None:
        with engine.begin() as opened:
            save_series(opened, a_series(base, credits=recast), TUESDAY)

    mine = select(credits.c.tvdb_id).where(credits.c.series_tvdb_id == base)
    with ThreadPoolExecutor(1) as threads, engine.connect() as neighbour, engine.connect() as watcher:
        neighbour.execute(mine.where(credits.c.tvdb_id == base).with_for_update())
        saving = threads.submit(save)
        wait_until_one_waits_for_a_lock(watcher)
        free = watcher.execute(mine.with_for_update(skip_locked=True)).scalars().all()
        watcher.rollback()
        neighbour.rollback()
        saving.result(timeout=30)
    assert sorted(free) == list(range(base + 1, base + 20))


def wait_until_one_waits_for_a_lock(watcher: Connection) -> None:
    deadline = time.monotonic() + 30
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE application_name = 'screen-tests' AND wait_event_type = 'Lock' AND datname = current_database()"
    )
    while not watcher.execute(waiting).scalar():
        watcher.rollback()
        assert time.monotonic() < deadline, "the save never came to wait"
