"""Readiness tells a database that is there from one that can be used."""

from __future__ import annotations

import httpx
import pytest

from tests.integration.api.conftest import World

pytestmark = pytest.mark.anyio


async def test_ready_with_a_database_at_the_newest_schema_and_no_broker(client: httpx.AsyncClient) -> None:
    answer = await client.get("/ready")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "database": "reachable"})


async def test_a_database_that_was_never_migrated_is_not_ready_and_the_problem_says_what_to_do(
    client: httpx.AsyncClient, world: World
) -> None:
    world.sql("DROP TABLE refreshes")
    for path in ("/ready", "/series/1"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:millrace:problem:schema-old")
        assert "refreshes" in answer.json()["detail"]
        assert "migrations" in answer.json()["next"]
