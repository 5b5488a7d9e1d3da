"""Daily snapshots over HTTP, on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import Engine

from producers.api.app import create_app
from producers.api.snapshots import PriceSnapshot
from shared.catalog.minifigures.observations import store_observations
from shared.catalog.minifigures.snapshots import aggregate
from shared.settings import Settings
from tests.integration.processing.days import DAY, NOON, seen

pytestmark = pytest.mark.anyio

URL = "/minifigures/SW0001A/snapshots"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(engine: Engine, database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    with engine.begin() as connection:
        for days in range(3):
            at = NOON + timedelta(days=days)
            offers = [seen("1", "10.00"), seen("2", "20.00"), seen("3", "7.00", currency="EUR")]
            store_observations(connection, [each.model_copy(update={"observed_at": at}) for each in offers], at)
            aggregate(connection, at.date(), at)
    app = create_app(Settings(DATABASE_URL=database_url))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client,
    ):
        yield client


async def test_the_newest_day_comes_first_and_pages_follow_each_other(client: httpx.AsyncClient) -> None:
    whole = (await client.get(URL)).json()
    assert whole["next"] is None
    told = [PriceSnapshot.model_validate(one) for one in whole["snapshots"]]
    assert [(one.snapshot_date, one.currency) for one in told] == [
        (DAY + timedelta(days=days), currency) for days in (2, 1, 0) for currency in ("USD", "EUR")
    ]
    assert (told[0].min_price, told[0].max_price, told[0].median_price, told[0].listing_count) == (10, 20, 15, 2)
    first = (await client.get(URL, params={"limit": 4})).json()
    second = (await client.get(URL, params={"limit": 4, "cursor": first["next"]})).json()
    assert (first["snapshots"] + second["snapshots"], second["next"]) == (whole["snapshots"], None)


async def test_days_condition_and_currency_can_be_chosen(client: httpx.AsyncClient) -> None:
    answer = await client.get(URL, params={"from": str(DAY), "to": str(DAY), "currency": "EUR", "condition": "USED"})
    assert [one["min_price"] for one in answer.json()["snapshots"]] == [7]
    assert (await client.get(URL, params={"condition": "NEW"})).json()["snapshots"] == []


async def test_who_has_an_answer_is_told_so(client: httpx.AsyncClient) -> None:
    tag = (await client.get(URL)).headers["ETag"]
    assert (await client.get(URL, headers={"If-None-Match": tag})).status_code == 304


@pytest.mark.parametrize(
    ("params", "status"),
    [({"currency": "usd"}, 422), ({"cursor": "x"}, 422), ({"from": "2026-11-22", "to": "2026-11-21"}, 422)],
)
async def test_what_makes_no_sense_is_a_problem(client: httpx.AsyncClient, params: dict[str, str], status: int) -> None:
    answer = await client.get(URL, params=params)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_an_item_that_is_not_there_is_404(client: httpx.AsyncClient) -> None:
    assert (await client.get("/minifigures/nobody/snapshots")).status_code == 404
