"""The database goes away, or only hangs: a problem document within seconds, and all is well when it is back."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import httpx
import psutil
import pytest

from deploy.local.postgres import Database as Server
from shared.database import migrate
from tests.integration.api.conftest import SERIES, World, instance
from tests.services import a_database

pytestmark = pytest.mark.anyio

PATIENCE = 8.0
"""Seconds within which every answer must be there, on a busy machine."""

ASKED = [
    ("GET", f"/series/{SERIES}"),
    ("GET", "/ready"),
    ("GET", "/v1/dead-letters"),
    ("GET", "/v1/messages/unknown"),
    ("POST", "/v1/messages/scrape.series.save"),
    ("POST", "/v1/dead-letters/1/replay"),
]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Start a server of these tests' own, which they may treat badly."""
    with a_database() as started:
        migrate.upgrade(started.url)
        yield started


@pytest.fixture
def world(server: Server) -> Iterator[World]:
    made = World(server.url)
    made.sql("TRUNCATE outbox, accepted_messages, series CASCADE")
    made.save("series", SERIES)
    yield made
    made.close()


async def check_away(client: httpx.AsyncClient) -> None:
    """Ask for everything at the same moment; each is refused in time, with a document that says when to come back."""
    started = time.monotonic()
    answers = await asyncio.gather(
        *(client.request(method, path, json={"tvdb_id": 1} if method == "POST" else None) for method, path in ASKED)
    )
    took = time.monotonic() - started
    for (method, path), answer in zip(ASKED, answers, strict=True):
        assert answer.status_code == 503, f"{method} {path}: {answer.status_code} {answer.text}"
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:millrace:problem:database-away"
        assert int(answer.headers["retry-after"]) > 0
    assert took < PATIENCE
    assert (await client.get("/health")).status_code == 200


async def ready(client: httpx.AsyncClient) -> None:
    """Wait until the API says that it can reach its database."""
    async with asyncio.timeout(PATIENCE):
        while (await client.get("/ready")).status_code != 200:  # noqa: ASYNC110 - nobody but the API knows
            await asyncio.sleep(0.1)


async def check_back(client: httpx.AsyncClient, world: World) -> None:
    """Wait until the database is reached again, and see that it is by every way there is."""
    await ready(client)
    for _ in range(20):  # more often than there are connections that may be dead
        assert (await client.get(f"/series/{SERIES}")).headers["x-millrace-source"] == "database"
    answers = [
        await client.post("/v1/messages/scrape.series.save", json={"tvdb_id": number}) for number in range(1, 11)
    ]
    assert [answer.status_code for answer in answers] == [202] * 10
    assert len(world.saves()) == 10


async def warm_up(client: httpx.AsyncClient) -> None:
    """Let every connection there may be exist."""
    await asyncio.gather(*(client.get(f"/series/{SERIES}") for _ in range(40)))
    await asyncio.gather(*(client.get("/v1/dead-letters") for _ in range(20)))


async def test_a_database_that_is_stopped_and_started(client: httpx.AsyncClient, server: Server, world: World) -> None:
    await warm_up(client)
    server.stop()
    try:
        for _ in range(2):
            await check_away(client)
    finally:
        server.start()
    await check_back(client, world)


async def test_a_database_that_is_restarted_behind_our_back_costs_nobody_an_error(
    client: httpx.AsyncClient, server: Server, world: World
) -> None:
    await warm_up(client)
    server.stop()
    server.start()
    await check_back(client, world)


async def test_a_database_that_hangs(client: httpx.AsyncClient, server: Server, world: World) -> None:
    await warm_up(client)
    family = postgres_processes(server)
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    try:
        await check_away(client)
    finally:
        for pid in family:
            os.kill(pid, signal.SIGCONT)
    await ready(client)
    # What was accepted while nobody could say so may have been committed when it went on; nothing is lost.
    world.sql("TRUNCATE outbox, accepted_messages")
    await check_back(client, world)


async def test_the_api_starts_without_a_database_and_finds_it_later(server: Server, world: World) -> None:
    server.stop()
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(instance(world))
            await check_away(client)
        finally:
            server.start()
        await check_back(client, world)


async def test_many_readers_of_a_database_that_is_away_are_all_answered_in_time(
    client: httpx.AsyncClient, server: Server
) -> None:
    await warm_up(client)
    server.stop()
    try:
        started = time.monotonic()
        answers = await asyncio.gather(*(client.get(f"/series/{SERIES}") for _ in range(200)))
        assert {answer.status_code for answer in answers} == {503}
        assert time.monotonic() - started < PATIENCE
    finally:
        server.start()


def postgres_processes(server: Server) -> list[int]:
    """Return the server's process and all below it."""
    process = psutil.Process(server.pid)
    return [process.pid, *(child.pid for child in process.children(recursive=True))]
