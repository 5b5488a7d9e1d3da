"""`GET /venue-listings` and `/sources` on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from producers.api.app import create_app
from producers.api.venues import ListedSource, VenueListing
from shared import clock
from shared.catalog.venues import rules, store
from shared.catalog.venues.records import Broken, Listing
from shared.settings import Settings
from tests.integration.venues.conftest import DAY, evening

pytestmark = pytest.mark.anyio

NOW = clock.now().replace(microsecond=0)
HOUR = timedelta(hours=1)

Put = Callable[..., None]


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
def put(engine: Engine) -> Put:
    def ingest(source_id: int, found: Sequence[Listing | Broken], at: Any = NOW) -> None:
        with engine.begin() as connection:
            store.ingest(connection, source_id, found, at, rules.window(at))

    return ingest


def day(number: int, **changes: Any) -> Listing:
    """Return a listing that starts so many days from now."""
    return evening(number, starts_at=NOW + number * DAY, **changes)


async def keys(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await client.get("/venue-listings", params=query)
    assert answer.status_code == 200, answer.text
    return [listing["key"] for listing in answer.json()["listings"]]


async def test_upcoming_listings_come_the_soonest_first_and_those_under_way_are_among_them(
    client: httpx.AsyncClient, add_source: Callable[..., int], put: Put
) -> None:
    exhibition = evening(0, key="exhibition", starts_at=NOW - 3 * DAY, ends_at=NOW + 3 * DAY)
    put(add_source(), [day(3), day(1), day(2), exhibition, day(-2)])

    assert await keys(client) == ["exhibition", "evening-1", "evening-2", "evening-3"]


async def test_a_listing_is_told_whole(client: httpx.AsyncClient, add_source: Callable[..., int], put: Put) -> None:
    source = add_source("Old Hall")
    put(source, [day(1, price_low=Decimal("10.50"), availability="on_sale")])

    (told,) = (await client.get("/venue-listings")).json()["listings"]

    assert told.keys() == VenueListing.model_fields.keys()
    listing = VenueListing.model_validate(told)
    assert (listing.source_id, listing.source, listing.price_low) == (source, "Old Hall", 10.5)
    assert (listing.starts_at, listing.categories) == (NOW + DAY, ["Concerts", "Jazz, and more"])
    assert told["starts_at"].endswith("Z")


async def test_listings_are_chosen_by_time_venue_and_source(
    client: httpx.AsyncClient, add_source: Callable[..., int], put: Put
) -> None:
    old, new = add_source("Old Hall"), add_source("New Hall")
    put(old, [day(number) for number in range(-3, 6)])
    put(new, [day(2, key="new", venue="100% New_Hall")])

    assert await keys(client, source=new) == ["new"]
    assert await keys(client, venue="old h") == [f"evening-{number}" for number in range(6)]
    assert await keys(client, venue="100% new_") == ["new"]
    assert await keys(client, venue="%") == ["new"]
    between = {"from": (NOW - 2 * DAY).isoformat(), "to": (NOW + DAY).isoformat()}
    assert await keys(client, source=old, **between) == ["evening--2", "evening--1", "evening-0"]
    assert await keys(client, **{"from": (NOW + 4 * DAY).date().isoformat(), "source": old}) != []


async def test_withdrawn_listings_are_left_out_unless_asked_for(
    client: httpx.AsyncClient, add_source: Callable[..., int], put: Put
) -> None:
    source = add_source()
    put(source, [day(1), day(2), day(3)], NOW - HOUR)
    put(source, [day(1), day(3)])

    assert await keys(client) == ["evening-1", "evening-3"]
    assert await keys(client, withdrawn=True) == ["evening-1", "evening-2", "evening-3"]


async def test_pages_hold_every_listing_once_even_of_the_same_moment(
    client: httpx.AsyncClient, add_source: Callable[..., int], put: Put
) -> None:
    put(add_source(), [day(1, key=f"matinee-{number:02}") for number in range(11)] + [day(2), day(3)])

    found, cursor, pages = [], None, 0
    while cursor is not None or not pages:
        answer = (await client.get("/venue-listings", params={"limit": 4, "cursor": cursor or []})).json()
        found += [listing["key"] for listing in answer["listings"]]
        cursor, pages = answer["next"], pages + 1

    assert found == [*(f"matinee-{number:02}" for number in range(11)), "evening-2", "evening-3"]
    assert pages == 4


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense!"},
        {"cursor": "WzFd"},
        {"cursor": "WzkyMjMzNzIwMzY4NTQ3NzU4MDcsMV0"},
        {"from": "yesterday"},
        {"from": "2027-01-02", "to": "2027-01-01"},
        {"limit": 0},
        {"limit": 501},
        {"source": 0},
        {"venue": "\0"},
        {"withdrawn": "perhaps"},
    ],
    ids=str,
)
async def test_a_wrong_request_is_a_problem_that_names_the_field(client: httpx.AsyncClient, query: Any) -> None:
    answer = await client.get("/venue-listings", params=query)

    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"].startswith("query.")


async def test_the_tag_changes_exactly_when_the_answer_does(
    client: httpx.AsyncClient, add_source: Callable[..., int], put: Put
) -> None:
    source = add_source()
    put(source, [day(1)], NOW - HOUR)
    tag = (await client.get("/venue-listings")).headers["ETag"]

    put(source, [day(1)])
    same = await client.get("/venue-listings", headers={"If-None-Match": tag})
    assert (same.status_code, same.content) == (304, b"")

    put(source, [day(1, title="Another")], clock.now())
    other = await client.get("/venue-listings", headers={"If-None-Match": tag})
    assert other.status_code == 200
    assert other.headers["ETag"] != tag


async def test_sources_tell_how_they_are(client: httpx.AsyncClient, add_source: Callable[..., int], put: Put) -> None:
    good, bad = add_source("Good"), add_source("Bad")
    put(good, [day(1), Broken("x", "no start")])
    put(bad, [day(number) for number in range(1, 9)], NOW - HOUR)
    put(bad, [])

    answer = (await client.get("/sources")).json()

    told = [ListedSource.model_validate(source) for source in answer["sources"]]
    assert [(one.name, one.suspected, one.last_broken) for one in told] == [("Good", False, 1), ("Bad", True, 0)]
    assert told[0].synced_at == NOW
    first = (await client.get("/sources", params={"limit": 1})).json()
    assert [one["id"] for one in first["sources"]] == [good]
    second = (await client.get("/sources", params={"limit": 1, "cursor": first["next"]})).json()
    assert ([one["id"] for one in second["sources"]], second["next"]) == ([bad], None)
