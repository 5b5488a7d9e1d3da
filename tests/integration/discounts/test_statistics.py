"""How much is held: counted, kept and served."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from producers.api.app import create_app
from producers.api.statistics import Statistics
from shared.catalog import statistics
from shared.settings import Settings
from tests.integration.discounts.stock import NOON, Shop

pytestmark = pytest.mark.anyio

HELD = """
INSERT INTO works (wikidata_id, title, work_type, changed_at, gone_at)
    SELECT 'Q' || n, 'Work', (ARRAY['novel', 'novel', 'play', NULL])[1 + n % 4], now(),
        CASE WHEN n > 8 THEN now() END
    FROM generate_series(1, 10) AS n;
INSERT INTO screen_works (wikidata_id, title, screen_type, changed_at)
    SELECT 'Q' || 100 + n, 'Film', 'movie', now() FROM generate_series(1, 3) AS n;
INSERT INTO adaptation_edges (work_id, screen_work_id, added_at, withdrawn_at)
    SELECT (SELECT min(id) FROM works), id, now(), CASE WHEN wikidata_id = 'Q101' THEN now() END FROM screen_works;
INSERT INTO minifigures (set_number, item_type, name, synced_at)
    VALUES ('sw0001', 'minifigure', 'A', now()), ('sw0002', 'minifigure', 'B', now()), ('1-1', 'set', 'C', now());
INSERT INTO sources (name, url, kind, time_zone, added_at) VALUES ('Hall', 'http://hall', 'ical', 'UTC', now());
INSERT INTO venue_listings (source_id, key, title, starts_at, all_day, time_zone, status, first_seen_at, changed_at,
                            withdrawn_at)
    SELECT 1, n::text, 'Evening', now(), false, 'UTC', 'scheduled', now(), now(), CASE WHEN n = 1 THEN now() END
    FROM generate_series(1, 5) AS n;
INSERT INTO people (tvdb_id, name, synced_at, gone_at) VALUES (1, 'A', now(), NULL), (2, 'B', now(), now());
INSERT INTO movies (tvdb_id, name, original_name, synced_at) VALUES (1, 'A', 'A', now());
"""
TOTALS = {
    "works": 8,
    "screen_works": 3,
    "adaptations": 2,
    "listings": 4,
    "series": 0,
    "movies": 1,
    "people": 1,
    "minifigures": 2,
    "sets": 1,
    "users": 3,
}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(DATABASE_URL=database_url))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client,
    ):
        yield client


@pytest.fixture
def held(shop: Shop) -> None:
    shop.run(HELD)
    for name, days in (("ann", 1), ("bob", 30), ("cy", 31)):
        seen = NOON - timedelta(days=days)
        shop.run(
            "INSERT INTO users (name, password_hash, role, last_seen_at) VALUES (%s, '', 'viewer', %s)", name, seen
        )


def update(engine: Engine, at: datetime = NOON) -> dict[str, Any] | None:
    with engine.begin() as connection:
        return statistics.update(connection, at)


@pytest.mark.usefixtures("held")
def test_what_its_upstream_has_no_more_is_not_counted(engine: Engine) -> None:
    counted = update(engine)
    assert counted == {
        "totals": TOTALS,
        "active_users": 2,
        "works_by_type": {"novel": 4, "play": 2, "unknown": 2},
    }


def test_an_empty_database_has_statistics(engine: Engine) -> None:
    counted = update(engine)
    assert counted is not None
    assert set(counted["totals"].values()) == {0}
    assert counted["works_by_type"] == {}


@pytest.mark.usefixtures("held")
def test_a_day_has_one_row_the_one_counted_last(engine: Engine, shop: Shop) -> None:
    update(engine)
    shop.run("DELETE FROM movies")
    update(engine, NOON + timedelta(hours=1))
    assert update(engine, NOON) is None, "a message that is late counts nothing that is newer away"
    update(engine, NOON + timedelta(days=1))
    rows = shop.rows("SELECT day, totals ->> 'movies' AS movies, computed_at FROM site_statistics ORDER BY day")
    assert [(row["day"].day, row["movies"], row["computed_at"]) for row in rows] == [
        (22, "0", NOON + timedelta(hours=1)),
        (23, "0", NOON + timedelta(days=1)),
    ]


@pytest.mark.usefixtures("held")
async def test_the_latest_are_served_as_they_were_counted(
    client: httpx.AsyncClient, engine: Engine, shop: Shop
) -> None:
    missing = await client.get("/statistics")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:millrace:problem:no-statistics")
    update(engine, NOON - timedelta(days=1))
    update(engine)
    shop.run("DELETE FROM movies")
    answer = await client.get("/statistics")
    body = answer.json()
    assert (body["totals"], body["computed_at"]) == (TOTALS, "2026-11-22T12:00:00Z")
    assert Statistics.model_validate(body).model_dump().keys() == body.keys()
    tag = answer.headers["ETag"]
    assert (await client.get("/statistics", headers={"If-None-Match": tag})).status_code == 304
    update(engine, NOON + timedelta(hours=1))
    assert (await client.get("/statistics", headers={"If-None-Match": tag})).status_code == 200
