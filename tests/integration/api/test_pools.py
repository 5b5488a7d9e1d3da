"""`/v1/pools` beside a real broker, and without one."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
import pytest

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.rabbitmq import Broker
from producers.api.app import create_app
from shared.broker import topology
from shared.settings import Settings

pytestmark = pytest.mark.anyio

ADMIN = {"Authorization": "Bearer let-me-in"}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


async def pools(settings: Settings) -> httpx.Response:
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", headers=ADMIN) as client,
    ):
        return await client.get("/v1/pools")


def settings(database_url: str, **more: Any) -> Settings:
    return Settings(DATABASE_URL=database_url, MILLRACE_ADMIN_TOKEN="let-me-in", **more)


async def test_every_queue_of_every_pool_is_told_with_its_numbers(
    database_url: str, rabbitmq_url: str, broker: Broker
) -> None:
    told = settings(database_url, RABBITMQ_URL=rabbitmq_url, RABBITMQ_MANAGEMENT_URL=broker.management_url)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        answer = await pools(told)
        found = answer.raise_for_status().json()["pools"]
        queues = [queue for pool in found for queue in pool["queues"]]
        if all(one["ready"] == 0 and one["consumers"] == 0 for one in queues):
            break
        await asyncio.sleep(0.2)
    assert [(pool["name"], queue["name"]) for pool in found for queue in pool["queues"]] == [
        (pool.name, queue) for pool in topology.POOLS for queue in pool.queues
    ]
    numbers = {(one["ready"], one["unacked"], one["consumers"], one["declared"], one["oldest_age"]) for one in queues}
    assert numbers == {(0, 0, 0, True, 0.0)}
    assert {(pool["processes"], pool["recommended"], pool["reason"]) for pool in found} == {(0, 1, "nothing waits")}


@pytest.mark.parametrize("known", [True, False], ids=["nobody answers", "no address"])
async def test_without_the_management_api_the_problem_says_what_to_do(database_url: str, known: bool) -> None:
    nowhere = {"RABBITMQ_MANAGEMENT_URL": f"http://guest:hunter2@{LOOPBACK}:{free_port()}"} if known else {}
    answer = await pools(settings(database_url, **nowhere))
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    assert "RABBITMQ_MANAGEMENT_URL" in answer.text
    assert "hunter2" not in answer.text


async def test_a_pool_of_which_nobody_runs_cannot_be_scaled_and_the_problem_says_so(
    database_url: str, rabbitmq_url: str
) -> None:
    app = create_app(settings(database_url, RABBITMQ_URL=rabbitmq_url))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", headers=ADMIN) as client,
    ):
        nobody = await client.post("/v1/pools/content/scale", json={"processes": 4})
        unknown = await client.post("/v1/pools/contents/scale", json={"processes": 4})
        none = await client.post("/v1/pools/content/scale", json={"processes": 0})
    assert [answer.status_code for answer in (nobody, unknown, none)] == [409, 404, 422]
    assert "no instance of the pool content answers" in nobody.text
