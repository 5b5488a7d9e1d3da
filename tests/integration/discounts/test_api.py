"""`/discounts` and its tiers on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from producers.api.app import create_app
from producers.api.discounts import Batch, DiscountedBatch, Tiers
from shared import clock
from shared.settings import Settings
from tests.integration.discounts.stock import Shop, batch

pytestmark = pytest.mark.anyio

ADMIN = {"Authorization": "Bearer let-me-in"}
TIERS = "/v1/admin/discount-tiers"


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


def stock(shop: Shop, *told: tuple[str, str, int], **more: Any) -> None:
    """Put batches into stock, as (sku, lot, days left) from today on, and recompute."""
    now = clock.now()
    shop.receive(
        *(batch(sku, lot, expires_on=now.date() + timedelta(days=days), **more) for sku, lot, days in told),
        told=now,
        at=now,
    )
    shop.recompute(now)


async def lots(client: httpx.AsyncClient, **query: Any) -> list[str]:
    answer = await client.get("/discounts", params=query)
    assert answer.status_code == 200, answer.text
    return [one["lot"] for one in answer.json()["discounts"]]


async def test_what_is_discounted_is_listed_the_soonest_expiry_first(client: httpx.AsyncClient, shop: Shop) -> None:
    stock(shop, ("B", "2", 10), ("A", "1", 10), ("C", "3", 2), ("D", "4", 50))
    assert await lots(client) == ["3", "1", "2"]
    assert await lots(client, sku="A") == ["1"]
    assert await lots(client, currency="USD") == []
    body = (await client.get("/discounts", params={"sku": "C"})).json()["discounts"][0]
    assert (body["percent"], body["price"], body["base_price"], body["days_left"]) == (70, 3, 10, 2)
    assert DiscountedBatch.model_validate(body).model_dump().keys() == body.keys()


async def test_pages_neither_repeat_nor_skip(client: httpx.AsyncClient, shop: Shop) -> None:
    stock(shop, *(("A", f"{number:02}", number % 3) for number in range(10)))
    seen: list[str] = []
    cursor = None
    while True:
        query = {"limit": 3} | ({} if cursor is None else {"cursor": cursor})
        body = (await client.get("/discounts", params=query)).json()
        seen += [one["lot"] for one in body["discounts"]]
        cursor = body["next"]
        if cursor is None:
            break
    assert seen == sorted((f"{number:02}" for number in range(10)), key=lambda lot: (int(lot) % 3, lot))


@pytest.mark.parametrize("told", [{"quantity": 0}, {"base_price": "20.00"}, {"currency": "USD"}, {"days": -1}])
async def test_a_discount_that_no_longer_fits_its_batch_is_not_shown_even_before_the_next_recomputation(
    client: httpx.AsyncClient, shop: Shop, told: dict[str, Any]
) -> None:
    stock(shop, ("A", "1", 3))
    assert await lots(client) == ["1"]
    now = clock.now()
    expires_on = now.date() + timedelta(days=told.pop("days", 3))
    shop.receive(batch("A", "1", expires_on=expires_on, **told), told=now, at=now)
    assert await lots(client) == []
    assert (await client.get("/discounts/A/1")).json()["discount"] is None


async def test_a_batch_is_shown_with_what_its_discount_was_before(client: httpx.AsyncClient, shop: Shop) -> None:
    stock(shop, ("A", "1", 10), name="Yoghurt")
    stock(shop, ("A", "1", 2))
    stock(shop, ("B", "1", 90))
    body = (await client.get("/discounts/A/1")).json()
    assert [(one["percent"], one["price"]) for one in body["history"]] == [(70, 3), (30, 7)]
    assert (body["name"], body["discount"]["percent"]) == ("Yoghurt", 70)
    assert Batch.model_validate(body).model_dump().keys() == body.keys()
    other = (await client.get("/discounts/B/1")).json()
    assert (other["discount"], other["history"], other["days_left"]) == (None, [], 90)
    missing = await client.get("/discounts/A/2")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:millrace:problem:no-such-batch")


@pytest.mark.parametrize(("sku", "lot"), [("A/B", "1"), ("A", "B/1"), ("A/B/C", "1/2"), ("50%", "#1?x=&")])
@pytest.mark.parametrize("quoted", [True, False])
async def test_a_batch_is_found_whatever_its_inventory_calls_it(
    client: httpx.AsyncClient, shop: Shop, sku: str, lot: str, quoted: bool
) -> None:
    stock(shop, (sku, lot, 10))
    safe = "" if quoted else "/"
    body = (await client.get(f"/discounts/{quote(sku, safe)}/{quote(lot, safe)}")).json()
    assert (body["sku"], body["lot"]) == (sku, lot)


async def test_a_tag_changes_exactly_when_the_answer_does(client: httpx.AsyncClient, shop: Shop) -> None:
    stock(shop, ("A", "1", 10))
    for path in ("/discounts", "/discounts/A/1"):
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
    stock(shop, ("A", "1", 10), quantity=3)
    assert (await client.get(path, headers={"If-None-Match": first.headers["ETag"]})).status_code == 200


@pytest.mark.parametrize(
    "query", ["cursor=x", "cursor=WzFd", "limit=0", "limit=501", "currency=euro", "sku=%00", "sku=" + "x" * 65]
)
async def test_nonsense_is_refused_with_the_field_at_fault(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/discounts?{query}")
    assert (answer.status_code, answer.json()["errors"][0]["field"].partition(".")[0]) == (422, "query")


# Tiers


def table(*tiers: dict[str, Any], **floor: Any) -> dict[str, Any]:
    return {"tiers": list(tiers), "floor": {"percent": 0, "price": 0, **floor}}


async def test_the_tiers_are_for_admins_alone(client: httpx.AsyncClient) -> None:
    for request in (client.get(TIERS), client.put(TIERS, json=table())):
        assert (await request).status_code == 401


async def test_a_whole_table_is_set_and_counts_from_the_next_recomputation_on(
    client: httpx.AsyncClient, shop: Shop
) -> None:
    stock(shop, ("A", "1", 10))
    wanted = table(
        {"days_left": 20, "percent": "12.5"},
        {"days_left": 10, "min_quantity": 5, "percent": 40},
        percent=10,
        price="0.05",
    )
    answer = await client.put(TIERS, json=wanted, headers=ADMIN)
    assert answer.status_code == 200, answer.text
    assert answer.json() == {
        "tiers": [
            {"days_left": 10, "min_quantity": 5, "percent": 40},
            {"days_left": 20, "min_quantity": 0, "percent": 12.5},
        ],
        "floor": {"percent": 10, "price": 0.05},
    }
    Tiers.model_validate(answer.json())
    shown = await client.get(TIERS, headers={**ADMIN, "If-None-Match": answer.headers["ETag"]})
    assert shown.status_code == 304
    assert (await client.get("/discounts/A/1")).json()["discount"]["percent"] == 30
    shop.recompute(clock.now())
    assert (await client.get("/discounts/A/1")).json()["discount"]["percent"] == 40


@pytest.mark.parametrize(
    "body",
    [
        table({"days_left": 7, "percent": 101}),
        table({"days_left": 7, "percent": -1}),
        table({"days_left": 7, "percent": 1.005}),
        table({"days_left": 7, "percent": "NaN"}),
        table({"days_left": 7.5, "percent": 10}),
        table({"days_left": -1, "percent": 10}),
        table({"days_left": 3651, "percent": 10}),
        table({"days_left": 7, "min_quantity": 2**31, "percent": 10}),
        table({"days_left": 7}),
        table({"days_left": 7, "percent": 10, "colour": "red"}),
        table({"days_left": 7, "percent": 10}, {"days_left": 7, "min_quantity": 0, "percent": 20}),
        table(percent=101),
        table(price=-1),
        table(price=10**10),
        table(*({"days_left": days, "percent": 10} for days in range(101))),
        {"tiers": []},
        [],
    ],
)
async def test_a_table_that_makes_no_sense_is_refused_whole(client: httpx.AsyncClient, body: Any) -> None:
    before = (await client.get(TIERS, headers=ADMIN)).json()
    answer = await client.put(TIERS, json=body, headers=ADMIN)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:millrace:problem:invalid-request")
    assert answer.json()["errors"]
    assert (await client.get(TIERS, headers=ADMIN)).json() == before
