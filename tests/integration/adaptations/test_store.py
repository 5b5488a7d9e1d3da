"""The adaptations store on a real PostgreSQL: repeatable, whole or not at all, and patient with merged items."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import Connection, Engine

from shared.catalog.adaptations.records import Adaptations, Edge, ScreenWork, TmdbDetails, Work
from shared.catalog.adaptations.store import (
    Changes,
    Looked,
    Totals,
    Written,
    due_for_tmdb,
    held,
    save_reading,
    save_tmdb,
    totals,
)
from tests.integration.adaptations.conftest import (
    CLUELESS,
    DUNE,
    EMMA,
    FILM_1984,
    FILM_2021,
    FOUR,
    MONDAY,
    SERIES_2000,
    TABLES,
    TUESDAY,
    WEDNESDAY,
    a_reading,
    live_edges,
    rows,
    versions,
)

NOTHING = Written(0, 0, 0)
ALL = {(s.wikidata_id, w.wikidata_id) for s, w in zip(FOUR.screen_works, (DUNE, DUNE, DUNE, EMMA), strict=True)}


def saved(connection: Connection, *readings: Adaptations) -> None:
    for number, reading in enumerate(readings):
        assert save_reading(connection, reading, {}, MONDAY.replace(day=1 + number)) is not None


# A reading


def test_a_reading_is_stored_with_both_ends_of_every_edge(connection: Connection) -> None:
    changes = save_reading(connection, FOUR, {}, MONDAY)

    assert changes == Changes(Written(2, 0, 0), Written(4, 0, 0), Written(4, 0, 0), 0)
    assert totals(connection) == Totals(2, 4, 4)
    assert live_edges(connection) == ALL
    assert rows(connection, "SELECT title, work_type, authors, year FROM works ORDER BY year") == [
        ("Emma", "novel", ["Jane Austen"], 1815),
        ("Dune", "novel", ["Frank Herbert"], 1965),
    ]
    assert rows(connection, "SELECT tvdb_id, tmdb_tv_id FROM screen_works WHERE screen_type = 'series'") == [
        (72040, 1693)
    ]


def test_a_second_identical_reading_writes_one_row_the_time_of_it(engine: Engine) -> None:
    everything = [table for table in TABLES if table != "adaptation_readings"]
    with engine.begin() as connection:
        save_reading(connection, FOUR, {}, MONDAY)
        before = versions(connection, *everything)
    with engine.begin() as connection:
        assert save_reading(connection, FOUR, {}, TUESDAY) == Changes(NOTHING, NOTHING, NOTHING, 0)
        assert versions(connection, *everything) == before
        assert rows(connection, "SELECT read_at FROM adaptation_readings") == [(TUESDAY,)]


def test_only_what_changed_is_written(connection: Connection) -> None:
    saved(connection, FOUR)
    later = replace(FOUR, works=(replace(DUNE, authors=("Frank Herbert", "Somebody")), EMMA))

    assert save_reading(connection, later, {}, MONDAY) == Changes(Written(0, 1, 0), NOTHING, NOTHING, 0)
    assert rows(connection, "SELECT title, changed_at FROM works WHERE changed_at = %s", MONDAY) == [("Dune", MONDAY)]


def test_a_reading_that_began_before_the_one_held_changes_nothing(connection: Connection) -> None:
    save_reading(connection, FOUR, {}, TUESDAY)

    assert save_reading(connection, a_reading((CLUELESS, EMMA)), {}, MONDAY) is None
    assert live_edges(connection) == ALL


def test_a_reading_that_is_cut_off_in_the_middle_leaves_no_trace(engine: Engine) -> None:
    with engine.begin() as connection:
        save_reading(connection, FOUR, {}, MONDAY)
        before = versions(connection, *TABLES)
    # The database refuses a year that is none after works and other screen works have been written.
    broken = a_reading((replace(FILM_1984, title="Other", year=10**12), replace(DUNE, title="Other")), (CLUELESS, EMMA))
    with pytest.raises(psycopg.errors.NumericValueOutOfRange), engine.begin() as connection:
        save_reading(connection, broken, {}, TUESDAY)
    with engine.begin() as connection:
        assert versions(connection, *TABLES) == before


def test_an_edge_that_vanishes_is_withdrawn_and_comes_back_as_the_same_row(connection: Connection) -> None:
    without = a_reading((FILM_1984, DUNE), (FILM_2021, DUNE), (SERIES_2000, DUNE))
    save_reading(connection, FOUR, {}, MONDAY)
    mine = (
        "SELECT added_at, withdrawn_at FROM adaptation_edges AS e JOIN works AS w ON w.id = work_id WHERE w.title = %s"
    )

    gone = save_reading(connection, without, {}, TUESDAY)
    assert gone == Changes(Written(0, 0, 1), Written(0, 0, 1), Written(0, 0, 1), 0)
    assert rows(connection, mine, "Emma") == [(MONDAY, TUESDAY)]
    assert rows(connection, "SELECT title FROM works WHERE gone_at = %s", TUESDAY) == [("Emma",)]
    assert totals(connection) == Totals(1, 3, 3)
    assert len(held(connection).ids) == 6  # what is gone may still turn out to have been merged

    back = save_reading(connection, FOUR, {}, WEDNESDAY)
    assert back == Changes(Written(0, 1, 0), Written(0, 1, 0), Written(0, 1, 0), 0)
    assert rows(connection, mine, "Emma") == [(MONDAY, None)]
    assert totals(connection) == Totals(2, 4, 4)


def test_text_that_postgresql_cannot_hold_is_no_reason_to_lose_a_reading(connection: Connection) -> None:
    saved(connection, a_reading((FILM_1984, replace(DUNE, title="Du\0ne", authors=('Quote " and \\', "ünï, {x}")))))

    assert rows(connection, "SELECT title, authors FROM works") == [("Du\ufffdne", ['Quote " and \\', "ünï, {x}"])]


def test_two_processes_may_store_readings_at_once(engine: Engine) -> None:
    together = threading.Barrier(3)

    def save(reading: Adaptations) -> None:
        with engine.begin() as opened:
            together.wait(timeout=30)
            save_reading(opened, reading, {}, MONDAY)

    swapped = a_reading((CLUELESS, EMMA), (SERIES_2000, DUNE), (FILM_2021, DUNE), (FILM_1984, replace(DUNE, year=1)))
    with ThreadPoolExecutor(3) as threads:
        for done in [threads.submit(save, reading) for reading in (FOUR, swapped, FOUR)]:
            done.result(timeout=60)
    with engine.begin() as connection:
        assert live_edges(connection) == ALL
        assert totals(connection) == Totals(2, 4, 4)


def test_a_title_that_is_only_an_id_does_not_replace_a_name(connection: Connection) -> None:
    saved(connection, a_reading((FILM_1984, DUNE)))
    nameless = a_reading((replace(FILM_1984, title=FILM_1984.wikidata_id), replace(DUNE, title=DUNE.wikidata_id)))

    assert save_reading(connection, nameless, {}, TUESDAY) == Changes(NOTHING, NOTHING, NOTHING, 0)
    assert rows(connection, "SELECT title FROM works UNION ALL SELECT title FROM screen_works") == [("Dune",)] * 2


# Merged items


def test_two_works_that_were_merged_become_one_with_the_edges_of_both(connection: Connection) -> None:
    other = Work("Q1", "Dune (novel)")
    saved(connection, a_reading((FILM_1984, DUNE), (FILM_2021, other), (SERIES_2000, other), (SERIES_2000, DUNE)))
    together = a_reading((FILM_1984, DUNE), (FILM_2021, DUNE), (SERIES_2000, DUNE))

    changes = save_reading(connection, together, {"Q1": DUNE.wikidata_id}, TUESDAY)

    assert changes == Changes(NOTHING, NOTHING, NOTHING, 1)
    assert live_edges(connection) == {(s.wikidata_id, DUNE.wikidata_id) for s in together.screen_works}
    assert rows(connection, "SELECT wikidata_id FROM works") == [(DUNE.wikidata_id,)]
    assert rows(connection, "SELECT wikidata_id, redirected_to FROM wikidata_redirects") == [("Q1", DUNE.wikidata_id)]
    assert rows(connection, "SELECT count(*) FROM adaptation_edges WHERE withdrawn_at IS NOT NULL") == [(0,)]


def test_two_screen_works_that_were_merged_become_one_that_keeps_what_tmdb_said(connection: Connection) -> None:
    other = replace(FILM_1984, wikidata_id="Q1", tmdb_movie_id=None, title="Dune, the film")
    saved(connection, a_reading((other, DUNE), (FILM_1984, EMMA)))
    (asked,) = [due for due in due_for_tmdb(connection, 9) if due.wikidata_id == "Q1"]
    save_tmdb(connection, [Looked(asked.id, TmdbDetails(841, "https://p/1.jpg", "Sand.", 1984, "movie"))], MONDAY)

    reading = a_reading((FILM_1984, DUNE), (FILM_1984, EMMA))
    changes = save_reading(connection, reading, {"Q1": FILM_1984.wikidata_id}, TUESDAY)

    assert changes == Changes(NOTHING, NOTHING, NOTHING, 1)
    assert len(live_edges(connection)) == 2
    assert rows(connection, "SELECT wikidata_id, poster, tmdb_synced_at FROM screen_works") == [
        (FILM_1984.wikidata_id, "https://p/1.jpg", None)
    ]


def test_a_work_that_was_merged_into_one_we_did_not_have_only_takes_its_id(connection: Connection) -> None:
    old = replace(DUNE, wikidata_id="Q1")
    saved(connection, a_reading((FILM_1984, old)))
    (before,) = rows(connection, "SELECT id FROM works")

    changes = save_reading(connection, a_reading((FILM_1984, DUNE)), {"Q1": DUNE.wikidata_id}, TUESDAY)

    assert changes == Changes(NOTHING, NOTHING, NOTHING, 1)
    assert rows(connection, "SELECT id FROM works WHERE wikidata_id = %s", DUNE.wikidata_id) == [before]
    assert live_edges(connection) == {(FILM_1984.wikidata_id, DUNE.wikidata_id)}


def test_three_works_and_two_films_may_be_merged_in_one_reading(connection: Connection) -> None:
    works = [Work(f"Q{n}", "Dune") for n in (1, 2, 3)]
    film = replace(FILM_1984, wikidata_id="Q9")
    saved(connection, a_reading((FILM_1984, works[0]), (film, works[1]), (film, works[2]), (FILM_1984, works[1])))
    redirects = {"Q1": DUNE.wikidata_id, "Q2": DUNE.wikidata_id, "Q3": DUNE.wikidata_id, "Q9": FILM_1984.wikidata_id}

    changes = save_reading(connection, a_reading((FILM_1984, DUNE)), redirects, TUESDAY)

    assert changes is not None
    assert changes.merged == 4
    assert rows(connection, "SELECT count(*) FROM adaptation_edges") == [(1,)]
    assert live_edges(connection) == {(FILM_1984.wikidata_id, DUNE.wikidata_id)}


def test_an_id_merged_twice_leads_to_the_end_at_once(connection: Connection) -> None:
    saved(connection, a_reading((FILM_1984, Work("Q1", "Dune"))))
    save_reading(connection, a_reading((FILM_1984, Work("Q2", "Dune"))), {"Q1": "Q2"}, MONDAY)
    save_reading(connection, a_reading((FILM_1984, Work("Q3", "Dune"))), {"Q2": "Q3"}, TUESDAY)

    found = rows(connection, "SELECT wikidata_id, redirected_to FROM wikidata_redirects ORDER BY 1")
    assert found == [("Q1", "Q3"), ("Q2", "Q3")]


def test_a_merge_that_wikidata_turned_round_leaves_no_redirect_in_a_circle(connection: Connection) -> None:
    one, two = a_reading((FILM_1984, Work("Q1", "Dune"))), a_reading((FILM_1984, Work("Q2", "Dune")))
    saved(connection, one)
    save_reading(connection, two, {"Q1": "Q2"}, MONDAY)
    save_reading(connection, one, {"Q2": "Q1"}, TUESDAY)

    assert rows(connection, "SELECT wikidata_id, redirected_to FROM wikidata_redirects") == [("Q2", "Q1")]
    assert live_edges(connection) == {(FILM_1984.wikidata_id, "Q1")}


def test_an_edge_withdrawn_from_one_of_two_merged_works_stands_if_the_other_has_it(connection: Connection) -> None:
    other = Work("Q1", "Dune (novel)")
    saved(connection, a_reading((FILM_1984, other), (FILM_1984, DUNE)), a_reading((FILM_1984, DUNE)))

    save_reading(connection, a_reading((FILM_1984, DUNE)), {"Q1": DUNE.wikidata_id}, TUESDAY)

    assert live_edges(connection) == {(FILM_1984.wikidata_id, DUNE.wikidata_id)}
    assert rows(connection, "SELECT count(*) FROM adaptation_edges") == [(1,)]


# TMDb


def test_those_never_asked_about_come_first_then_those_asked_about_longest_ago(connection: Connection) -> None:
    saved(connection, FOUR)
    ids = {due.wikidata_id: due.id for due in due_for_tmdb(connection, 9)}
    save_tmdb(connection, [Looked(ids[FILM_1984.wikidata_id])], TUESDAY)
    save_tmdb(connection, [Looked(ids[FILM_2021.wikidata_id])], MONDAY)

    order = [due.wikidata_id for due in due_for_tmdb(connection, 9)]

    assert set(order[:2]) == {SERIES_2000.wikidata_id, CLUELESS.wikidata_id}
    assert order[2:] == [FILM_2021.wikidata_id, FILM_1984.wikidata_id]
    assert [due.wikidata_id for due in due_for_tmdb(connection, 3)] == order[:3]


def test_a_screen_work_without_any_id_is_never_due(connection: Connection) -> None:
    saved(connection, a_reading((ScreenWork("Q1", "Dune", "movie"), DUNE)))

    assert due_for_tmdb(connection, 9) == []


def test_a_screen_work_whose_id_was_corrected_is_due_first_and_keeps_what_is_known(connection: Connection) -> None:
    saved(connection, FOUR)
    looked = [
        Looked(due.id, TmdbDetails(1, "https://p/1.jpg", None, 1984, "movie")) for due in due_for_tmdb(connection, 9)
    ]
    save_tmdb(connection, looked, MONDAY)
    corrected = replace(FILM_2021, tmdb_movie_id=99)
    save_reading(connection, a_reading((corrected, DUNE), (CLUELESS, EMMA)), {}, TUESDAY)

    first = due_for_tmdb(connection, 1)

    assert [(due.wikidata_id, due.tmdb_movie_id) for due in first] == [(FILM_2021.wikidata_id, 99)]
    assert rows(connection, "SELECT poster FROM screen_works WHERE tmdb_synced_at IS NULL") == [("https://p/1.jpg",)]


def test_neither_source_overwrites_what_the_other_says(connection: Connection) -> None:
    saved(connection, FOUR)
    (due,) = [due for due in due_for_tmdb(connection, 9) if due.wikidata_id == FILM_1984.wikidata_id]
    save_tmdb(connection, [Looked(due.id, TmdbDetails(841, "https://p/1.jpg", "Sand.", 1985, "tv_movie"))], MONDAY)
    save_reading(connection, FOUR, {}, TUESDAY)

    statement = "SELECT year, screen_type, tmdb_year, tmdb_screen_type, summary FROM screen_works WHERE id = %s"
    assert rows(connection, statement, due.id) == [(1984, "movie", 1985, "tv_movie", "Sand.")]


def test_what_tmdb_says_twice_is_counted_and_written_once(connection: Connection) -> None:
    saved(connection, FOUR)
    looked = [Looked(due.id, TmdbDetails(1, None, "Sand.", 1984, "movie")) for due in due_for_tmdb(connection, 9)]

    assert save_tmdb(connection, looked, MONDAY) == 4
    assert save_tmdb(connection, looked, TUESDAY) == 0
    assert rows(connection, "SELECT DISTINCT tmdb_synced_at FROM screen_works") == [(TUESDAY,)]


def test_what_is_gone_from_tmdb_keeps_what_is_known_and_may_come_back(connection: Connection) -> None:
    saved(connection, a_reading((FILM_1984, DUNE)))
    (due,) = due_for_tmdb(connection, 9)
    there = [Looked(due.id, TmdbDetails(841, "https://p/1.jpg", None, 1984, "movie"))]
    save_tmdb(connection, there, MONDAY)

    assert save_tmdb(connection, [Looked(due.id, gone=True)], TUESDAY) == 1
    assert save_tmdb(connection, [Looked(due.id, gone=True)], WEDNESDAY) == 0
    assert rows(connection, "SELECT poster, tmdb_gone_at FROM screen_works") == [("https://p/1.jpg", TUESDAY)]
    assert save_tmdb(connection, there, WEDNESDAY) == 1
    assert rows(connection, "SELECT tmdb_gone_at FROM screen_works") == [(None,)]


# In number


def test_twenty_thousand_edges_take_seconds_and_the_same_again_no_longer(engine: Engine) -> None:
    works = tuple(Work(f"Q{n}", f"Book {n}", "novel", (f"Author {n % 999}",), 1900 + n % 100) for n in range(1, 9_001))
    screen = tuple(ScreenWork(f"Q{n}", f"Film {n}", "movie", 2000, f"tt{n:07}", None, n) for n in range(9_001, 22_001))
    edges = {Edge(each.wikidata_id, works[n * 7 % 9_000].wikidata_id) for n, each in enumerate(screen)}
    edges |= {Edge(each.wikidata_id, works[n * 11 % 9_000].wikidata_id) for n, each in enumerate(screen[:7_500])}
    reading = Adaptations(works, screen, tuple(edges))
    took = []
    for at in (MONDAY, TUESDAY):
        with engine.begin() as connection:
            began = time.perf_counter()
            changes = save_reading(connection, reading, {f"Q{n}": "Q1" for n in range(90_000, 91_000)}, at)
            took.append(time.perf_counter() - began)
    print(f"{len(edges)} edges: {took[0]:.2f} s at first, {took[1]:.2f} s the same again")  # noqa: T201
    assert changes == Changes(NOTHING, NOTHING, NOTHING, 0)
    with engine.begin() as connection:
        assert totals(connection) == Totals(9_000, 13_000, len(edges))
    assert max(took) < 30
