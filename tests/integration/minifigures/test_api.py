"""`/minifigures` on a real PostgreSQL, and asking for news of the catalogue and its prices."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text

from producers.api.app import create_app
from producers.api.minifigures import Minifigure, PriceListing, WholeMinifigure
from shared.catalog.minifigures.records import Item, Offer
from shared.catalog.minifigures.store import item_by_number, save_items, save_offers
from shared.settings import Settings
from tests.integration.minifigures.conftest import BOBA, FALCON, MONDAY, YODA

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
ADMIN = {"Authorization": "Bearer let-me-in"}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(DATABASE_URL=database_url, MILLRACE_ADMIN_TOKEN="let-me-in"))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as client,
    ):
        yield client


@pytest.fixture(autouse=True)
def catalogue(engine: Engine) -> None:
    put(engine, [BOBA, YODA, FALCON])


def put(engine: Engine, items: Sequence[Item]) -> None:
    with engine.begin() as connection:
        save_items(connection, items, MONDAY)


def offered(engine: Engine, number: str, offers: Sequence[Offer], at: datetime, condition: Any = "NEW") -> None:
    with engine.begin() as connection:
        item = item_by_number(connection, number).id
        save_offers(connection, item, condition, "ebay", offers, at, whole=True)


def offer(number: int, condition: Any = "NEW", **more: Any) -> Offer:
    return Offer(f"v1|{number:03}|0", f"LEGO no. {number}", condition, Decimal("12.50"), "USD", "fixed", **more)


async def numbers(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await client.get("/minifigures", params=query)
    assert answer.status_code == 200, answer.text
    return [item["set_number"] for item in answer.json()["minifigures"]]


async def pages(client: httpx.AsyncClient, path: str, name: str, **query: Any) -> AsyncIterator[list[dict[str, Any]]]:
    cursor = None
    while True:
        answer = await client.get(path, params={**query, **({"cursor": cursor} if cursor else {})})
        body = answer.json()
        yield body[name]
        cursor = body["next"]
        if cursor is None:
            return


# The catalogue


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["75192-1", "sw0002", "sw0051"]),
        ({"theme": "star wars"}, ["75192-1", "sw0002", "sw0051"]),
        ({"theme": "City"}, []),
        ({"year": 2000}, ["sw0002"]),
        ({"type": "set"}, ["75192-1"]),
        ({"type": "minifigure", "limit": 1}, ["sw0002"]),
        ({"q": "FETT"}, ["sw0002"]),
        ({"q": "SW00"}, ["sw0002", "sw0051"]),
        ({"q": "%"}, []),
        ({"theme": "Star Wars", "year": 2017, "type": "set", "q": "falcon"}, ["75192-1"]),
    ],
)
async def test_the_catalogue_is_searched(client: httpx.AsyncClient, query: dict[str, Any], found: list[str]) -> None:
    assert await numbers(client, **query) == found


async def test_pages_neither_repeat_nor_skip_while_items_are_added(client: httpx.AsyncClient, engine: Engine) -> None:
    put(engine, [Item(f"tst{number:03}", "minifigure", f"Figure {number}") for number in range(0, 40, 2)])
    seen: list[str] = []
    more = iter(range(1, 40, 2))
    async for page in pages(client, "/minifigures", "minifigures", q="tst", limit=3):
        seen += [item["set_number"] for item in page]
        put(engine, [Item(f"tst{next(more):03}", "minifigure", "Late")])
    assert seen == sorted(set(seen))
    assert set(seen) >= {f"tst{number:03}" for number in range(0, 40, 2)}


async def test_the_last_page_says_that_it_is(client: httpx.AsyncClient) -> None:
    whole = (await client.get("/minifigures", params={"limit": 3})).json()
    assert whole["next"] is None
    assert (await client.get("/minifigures", params={"limit": 2})).json()["next"] is not None


async def test_an_item_is_found_by_its_number_in_any_case(client: httpx.AsyncClient, engine: Engine) -> None:
    offered(engine, "sw0002", [], MONDAY)
    body = (await client.get("/minifigures/SW0002")).json()
    assert (body["name"], body["priced_at"]) == (BOBA.name, {"NEW": "2026-11-16T12:00:00Z"})
    assert WholeMinifigure.model_validate(body, strict=False).model_dump().keys() == body.keys()
    listed = (await client.get("/minifigures", params={"q": "sw0002"})).json()["minifigures"][0]
    assert Minifigure.model_validate(listed).model_dump().keys() == listed.keys()


@pytest.mark.parametrize("path", ["/minifigures/sw9999", "/minifigures/sw9999/prices", "/minifigures/%25"])
async def test_what_the_catalogue_has_not_is_a_404_that_says_how_to_add_it(
    client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:millrace:problem:no-such-minifigure")
    assert "sync-catalog" in answer.json()["next"]


@pytest.mark.parametrize(
    "address",
    [
        "/minifigures?cursor=x",
        "/minifigures?cursor=WzFd",
        "/minifigures?limit=0",
        "/minifigures?type=book",
        "/minifigures?q=%00",
        "/minifigures/sw0002/prices?cursor=WyJzdzAwMDIiXQ",
        "/minifigures/sw0002/prices?condition=BROKEN",
        "/minifigures/sw0002/prices?from=yesterday",
        "/minifigures/sw0002/prices?from=2026-11-17&to=2026-11-16",
    ],
)
async def test_nonsense_is_refused_with_the_field_at_fault(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:millrace:problem:invalid-request")
    assert answer.json()["errors"][0]["field"].startswith("query.")


async def test_a_tag_changes_exactly_when_the_answer_does(client: httpx.AsyncClient, engine: Engine) -> None:
    offered(engine, "sw0002", [offer(1)], MONDAY)
    for path in ("/minifigures", "/minifigures/sw0002", "/minifigures/sw0002/prices"):
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    offered(engine, "sw0002", [offer(1), offer(2)], MONDAY + timedelta(hours=1))
    changed = await client.get("/minifigures/sw0002/prices", headers={"If-None-Match": first.headers["ETag"]})
    assert (changed.status_code, changed.headers["ETag"] == first.headers["ETag"]) == (200, False)


# Prices


async def test_offers_are_listed_the_newest_day_first(client: httpx.AsyncClient, engine: Engine) -> None:
    offered(engine, "sw0002", [offer(1), offer(2)], MONDAY)
    offered(engine, "sw0002", [offer(1, shipping=Decimal(0))], MONDAY + DAY)
    offered(engine, "sw0002", [offer(3, "USED")], MONDAY, "USED")
    offered(engine, "sw0051", [offer(4)], MONDAY)
    body = (await client.get("/minifigures/Sw0002/prices")).json()
    assert [(one["observed_on"], one["item_id"]) for one in body["listings"]] == [
        ("2026-11-17", "v1|001|0"),
        ("2026-11-16", "v1|003|0"),
        ("2026-11-16", "v1|002|0"),
        ("2026-11-16", "v1|001|0"),
    ]
    newest, _, gone, _ = body["listings"]
    assert (newest["price"], newest["shipping"], newest["ended_at"]) == (12.5, 0, None)
    assert (gone["shipping"], gone["ended_at"]) == (None, "2026-11-17T12:00:00Z")
    assert PriceListing.model_validate(newest).model_dump().keys() == newest.keys()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"condition": "USED"}, ["v1|003|0"]),
        ({"condition": "SEALED"}, []),
        ({"from": "2026-11-17"}, ["v1|001|0"]),
        ({"to": "2026-11-16"}, ["v1|003|0", "v1|001|0"]),
        ({"from": "2026-11-16", "to": "2026-11-16", "condition": "NEW"}, ["v1|001|0"]),
    ],
)
async def test_offers_are_chosen_by_condition_and_day(
    client: httpx.AsyncClient, engine: Engine, query: dict[str, str], found: list[str]
) -> None:
    offered(engine, "sw0002", [offer(1)], MONDAY)
    offered(engine, "sw0002", [offer(1)], MONDAY + DAY)
    offered(engine, "sw0002", [offer(3, "USED")], MONDAY, "USED")
    body = (await client.get("/minifigures/sw0002/prices", params=query)).json()
    assert [one["item_id"] for one in body["listings"]] == found


async def test_pages_of_offers_stay_as_they_are_while_newer_ones_come(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    offered(engine, "sw0002", [offer(number) for number in range(10)], MONDAY)
    seen: list[str] = []
    day = 1
    async for page in pages(client, "/minifigures/sw0002/prices", "listings", limit=3):
        seen += [one["item_id"] for one in page]
        offered(engine, "sw0002", [offer(number) for number in range(20)], MONDAY + day * DAY)
        day += 1
    assert seen == [f"v1|{number:03}|0" for number in reversed(range(10))]


# Asking


def outbox(engine: Engine) -> list[tuple[str, Any]]:
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT routing_key, convert_from(body, 'UTF8') FROM outbox ORDER BY id"))
        return [(kind, json.loads(body)) for kind, body in rows]


async def test_a_sync_is_asked_for_and_its_status_can_be(client: httpx.AsyncClient, engine: Engine) -> None:
    query: dict[str, str | int] = {"theme": "Star Wars", "year": 2020, "limit": 100}
    answer = await client.post("/v1/admin/sync-catalog", params=query, headers=ADMIN)
    assert (answer.status_code, answer.json()["kind"]) == (202, "scrape.minifigures.catalog")
    assert outbox(engine) == [("scrape.minifigures.catalog", query)]
    status = await client.get(answer.headers["Location"], headers=ADMIN)
    assert (status.status_code, status.json()["status"]) == (200, "pending")


async def test_prices_are_asked_for(client: httpx.AsyncClient, engine: Engine) -> None:
    item = (await client.get("/minifigures/sw0002")).json()["id"]
    answer = await client.post(f"/v1/admin/fetch-prices/{item}", params={"condition": "USED"}, headers=ADMIN)
    assert (answer.status_code, answer.headers["Location"]) == (202, f"/v1/messages/{answer.json()['message_id']}")
    assert outbox(engine) == [("price.minifigure.fetch", {"minifigure_id": item, "condition": "USED"})]


async def test_prices_of_what_is_not_there_are_not_asked_for(client: httpx.AsyncClient, engine: Engine) -> None:
    answer = await client.post("/v1/admin/fetch-prices/4711", headers=ADMIN)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:millrace:problem:no-such-minifigure")
    assert outbox(engine) == []
