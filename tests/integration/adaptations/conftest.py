"""A real PostgreSQL, and small readings of Wikidata to put into it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from shared.catalog.adaptations.records import Adaptations, Edge, ScreenWork, Work
from shared.database.engine import open_engine

MONDAY = datetime(2026, 11, 16, 2, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)
WEDNESDAY = MONDAY + timedelta(days=2)

TABLES = ("works", "screen_works", "adaptation_edges", "wikidata_redirects", "adaptation_readings")

DUNE = Work("Q190192", "Dune", "novel", ("Frank Herbert",), 1965)
EMMA = Work("Q179189", "Emma", "novel", ("Jane Austen",), 1815)
FILM_1984 = ScreenWork("Q114819", "Dune", "movie", 1984, "tt0087182", None, 841, None)
FILM_2021 = ScreenWork("Q60834962", "Dune: Part One", "movie", 2021, "tt1160419", None, 438631, None)
SERIES_2000 = ScreenWork("Q2384684", "Frank Herbert's Dune", "series", 2000, "tt0142032", 72040, None, 1693)
CLUELESS = ScreenWork("Q202548", "Clueless", "movie", 1995, "tt0112697")


def a_reading(*pairs: tuple[ScreenWork, Work]) -> Adaptations:
    """Return the reading in which each of these screen works is based on the work beside it."""
    works = {work.wikidata_id: work for _, work in pairs}
    screen_works = {each.wikidata_id: each for each, _ in pairs}
    edges = (Edge(each.wikidata_id, work.wikidata_id) for each, work in pairs)
    return Adaptations(tuple(works.values()), tuple(screen_works.values()), tuple(edges))


FOUR = a_reading((FILM_1984, DUNE), (FILM_2021, DUNE), (SERIES_2000, DUNE), (CLUELESS, EMMA))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url, pool=4, name="adaptations-tests")
    yield opened
    opened.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """Open a transaction on empty tables."""
    with engine.connect() as opened, opened.begin() as transaction:
        yield opened
        transaction.rollback()


def rows(connection: Connection, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of one statement with `%s` in it."""
    return [tuple(row) for row in connection.exec_driver_sql(statement, values)]


def live_edges(connection: Connection) -> set[tuple[str, str]]:
    """Return the edges that stand, by the Wikidata ids of their ends."""
    found = rows(
        connection,
        """SELECT s.wikidata_id, w.wikidata_id FROM adaptation_edges AS e
           JOIN screen_works AS s ON s.id = e.screen_work_id JOIN works AS w ON w.id = e.work_id
           WHERE e.withdrawn_at IS NULL""",
    )
    return {(screen_work, work) for screen_work, work in found}


def versions(connection: Connection, *tables: str) -> list[Any]:
    """Return which version of each row there is: a row that was written again, even alike, has another."""
    return [rows(connection, f"SELECT ctid::text, xmin::text FROM {table} ORDER BY 1") for table in tables]  # noqa: S608
