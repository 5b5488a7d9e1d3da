"""The console on a real PostgreSQL, with a user of each role, and something to look at."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest
from fastapi import FastAPI

from shared import clock, ledger
from shared.accounts import sessions
from shared.accounts.roles import Role
from shared.broker.wire import DEATH_HEADER, Delivery
from shared.contracts.kinds import CONTRACTS
from shared.schedules import seeding
from shared.schedules.firing import moment
from tests.integration.accounts.conftest import (  # noqa: F401 - fixtures
    HERE,
    NAMES,
    World,
    anyio_backend,
    app,
    password_hash,
    reached,
    world,
)

SCHEDULE: Final = "maintenance.health"
MARKUP: Final = "<script>alert(1)</script>"


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    """Return a client that says of every request that it comes from our own pages."""
    async with reached(app, HERE, "http://api") as client:
        client.headers["Sec-Fetch-Site"] = "same-origin"
        yield client


@pytest.fixture
def letters(world: World) -> list[int]:  # noqa: F811
    """Keep thirty dead letters, of which the last died last."""
    now = clock.milliseconds(clock.now()) - 100_000
    for number in range(30):
        death = {
            "queue": "person" if number % 3 == 0 else "content",
            "kind": "scrape.person.save" if number % 3 == 0 else "scrape.series.save",
            "reason": "invalid" if number % 2 else "rejected",
            "at": now + number * 1000,
            "error": "UpstreamRefused",
            "message": f"letter {number} {MARKUP}",
            "traceback": "Traceback (most recent call last):\n  UpstreamRefused",
        }
        body = json.dumps({"tvdb_id": number, "text": MARKUP}).encode()
        headers = {DEATH_HEADER: death, "x-own": MARKUP}
        properties = {"type": death["kind"], "message_id": f"m/{number}"}
        world.do(
            ledger.keep,
            Delivery("dead-letters", "dead-letter", str(death["queue"]), f"m/{number}", body, properties, headers),
        )
    return [row["id"] for row in world.sql("SELECT id FROM dead_letters ORDER BY last_died_at")]


@pytest.fixture
def schedules(world: World) -> None:  # noqa: F811
    """Bring the schedules of the code to the database."""
    world.do(lambda connection: seeding.sync(connection, CONTRACTS, moment(connection)))


def signed_in(world: World, role: Role) -> dict[str, str]:  # noqa: F811
    """Return the cookie of a fresh session."""
    return {sessions.COOKIE: world.do(sessions.open_session, world.people[role], "a browser")}


__all__ = ["NAMES", "World"]
