"""`/v1/schedules` on a real PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from producers.api.app import create_app
from shared.contracts.kinds import CONTRACTS
from shared.database.engine import driver
from shared.schedules import firing
from shared.settings import Settings

pytestmark = pytest.mark.anyio

TOKEN = "let-me-in"
HOURLY = "scrape.source.ingest_all"
OWN = {"name": "own", "kind": HOURLY, "crontab": "0 6 * * *", "time_zone": "America/New_York"}


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def a_client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(DATABASE_URL=url, MILLRACE_ADMIN_TOKEN=TOKEN))
    headers = {"Authorization": f"Bearer {TOKEN}", "X-Millrace-Actor": "ann"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", headers=headers) as client,
    ):
        yield client


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with a_client(database_url) as client:
        yield client


@pytest.fixture
async def refusing(empty_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with a_client(empty_url) as client:
        yield client


async def test_nobody_without_the_token_reads_or_changes_anything(refusing: httpx.AsyncClient) -> None:
    asked = [
        ("GET", ""),
        ("POST", ""),
        ("POST", "/sync"),
        *((method, "/own") for method in ("GET", "PATCH", "DELETE")),
        ("POST", "/own/run-now"),
    ]
    for method, path in asked:
        answer = await refusing.request(method, f"/v1/schedules{path}", headers={"Authorization": ""})
        assert answer.status_code == 401, (method, path)


async def test_a_schedule_is_added_shown_changed_and_removed(client: httpx.AsyncClient) -> None:
    added = await client.post("/v1/schedules", json=OWN)
    assert added.status_code == 201, added.text
    assert added.headers["Location"] == "/v1/schedules/own"
    body = added.json()
    assert (body["state"], body["when"]) == ("waiting", "0 6 * * * America/New_York")
    assert body["next_due_local"][10:19] == "T06:00:00"
    due = datetime.fromisoformat(body["next_due_at"])
    assert due == datetime.fromisoformat(body["next_due_local"])
    assert due.utcoffset() == UTC.utcoffset(None)

    shown = (await client.get("/v1/schedules/own")).json()
    assert shown | {"firings": []} == body | {"last_success_at": None, "firings": []}
    assert shown["changed_by"] == "ann"

    changed = await client.patch("/v1/schedules/own", json={"interval_seconds": 60, "crontab": None})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["when"], changed.json()["crontab"]) == ("every 1m", None)

    disabled = await client.patch("/v1/schedules/own", json={"enabled": False})
    assert (disabled.json()["state"], disabled.json()["next_due_at"]) == ("disabled", None)

    assert (await client.delete("/v1/schedules/own")).status_code == 204
    gone = await client.get("/v1/schedules/own")
    assert (gone.status_code, gone.json()["type"]) == (404, "urn:millrace:problem:no-such-schedule")


async def test_the_list_comes_in_pages_with_honest_tags(client: httpx.AsyncClient) -> None:
    for name in ("c", "a", "b"):
        await client.post("/v1/schedules", json={**OWN, "name": name})
    first = await client.get("/v1/schedules", params={"limit": 2})
    assert [one["name"] for one in first.json()["schedules"]] == ["a", "b"]
    rest = await client.get("/v1/schedules", params={"limit": 2, "cursor": first.json()["next"]})
    assert [one["name"] for one in rest.json()["schedules"]] == ["c"]
    assert rest.json()["next"] is None
    known = {"If-None-Match": first.headers["ETag"]}
    assert (await client.get("/v1/schedules", params={"limit": 2}, headers=known)).status_code == 304
    await client.patch("/v1/schedules/a", json={"priority": 1})
    assert (await client.get("/v1/schedules", params={"limit": 2}, headers=known)).status_code == 200
    assert (await client.get("/v1/schedules", params={"cursor": "!"})).status_code == 422


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"crontab": "0 0 30 2 *"}, {"body.crontab"}),
        ({"time_zone": "Mars/Olympus", "priority": 11}, {"body.time_zone", "body.priority"}),
        ({"payload": {"limit_per_source": "x", "more": 1}}, {"body.payload.limit_per_source", "body.payload.more"}),
        ({"kind": "scrape.nothing"}, {"body.kind"}),
        ({"interval_seconds": 60}, {"body.crontab"}),
        ({"crontab": None}, {"body.crontab"}),
        ({"crontab": None, "once_at": "2001-01-01T00:00:00Z"}, {"body.once_at"}),
        ({"crontab": None, "once_at": "9999-12-31T23:59:59-12:00"}, {"body.once_at"}),
        ({"crontab": None, "once_at": "0001-01-01T00:00:00+12:00"}, {"body.once_at"}),
        ({"crontab": None, "once_at": "3000-01-01T00:00:00Z"}, {"body.once_at"}),
        ({"name": "No Name"}, {"body.name"}),
        ({"grace_seconds": -1}, {"body.grace_seconds"}),
        ({"missed_run": "maybe"}, {"body.missed_run"}),
        ({"priority": "5"}, {"body.priority"}),
        ({"enabled": 1}, {"body.enabled"}),
        ({"hourly": True}, {"body.hourly"}),
        ({"name": "a\0b"}, {"body.name"}),
        ({"payload": {"limit_per_source": "\0"}}, {"body.payload.limit_per_source"}),
        ({"interval_seconds": 2**40, "crontab": None}, {"body.interval_seconds"}),
    ],
)
async def test_what_cannot_be_is_refused_field_by_field(
    refusing: httpx.AsyncClient, body: dict[str, Any], fields: set[str]
) -> None:
    refused = await refusing.post("/v1/schedules", json={**OWN, **body})
    assert refused.status_code == 422, refused.text
    assert {one["field"] for one in refused.json()["errors"]} == fields
    assert (await refusing.get("/v1/schedules")).json()["schedules"] == []


async def test_a_change_that_cannot_be_is_refused(client: httpx.AsyncClient) -> None:
    await client.post("/v1/schedules", json=OWN)
    for body in ({}, {"name": "other"}, {"crontab": "0 0 30 2 *"}, {"payload": {"x": 1}}, {"priority": -1}):
        assert (await client.patch("/v1/schedules/own", json=body)).status_code == 422, body
    assert (await client.patch("/v1/schedules/nope", json={"priority": 1})).status_code == 404
    assert (await client.post("/v1/schedules", json=OWN)).json()["type"] == "urn:millrace:problem:schedule-exists"


async def test_those_of_the_code_are_seeded_and_stay(client: httpx.AsyncClient) -> None:
    outcomes = {one["name"]: one["outcome"] for one in (await client.post("/v1/schedules/sync")).json()}
    assert outcomes[HOURLY] == "added"
    refused = await client.delete(f"/v1/schedules/{HOURLY}")
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:millrace:problem:schedule-seeded")
    await client.patch(f"/v1/schedules/{HOURLY}", json={"enabled": False})
    again = {one["name"]: one for one in (await client.post("/v1/schedules/sync")).json()}
    assert (again[HOURLY]["outcome"], again[HOURLY]["why"]) == ("kept", "changed by ann")
    reset = await client.post("/v1/schedules/sync", params={"reset": HOURLY})
    assert {one["name"]: one["outcome"] for one in reset.json()}[HOURLY] == "changed"
    assert (await client.get(f"/v1/schedules/{HOURLY}")).json()["state"] == "waiting"


async def test_run_now_is_accepted_once_for_one_key(client: httpx.AsyncClient) -> None:
    await client.post("/v1/schedules", json=OWN)
    key = {"Idempotency-Key": "mine"}
    answers = [await client.post("/v1/schedules/own/run-now", headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["Location"] == "/v1/messages/mine"
    assert (await client.get("/v1/messages/mine")).json()["status"] == "pending"
    fresh = (await client.post("/v1/schedules/own/run-now")).json()["message_id"]
    firings = (await client.get("/v1/schedules/own")).json()["firings"]
    assert [(one["message_id"], one["asked_by"]) for one in firings] == [(fresh, "ann"), ("mine", "ann")]
    await client.patch("/v1/schedules/own", json={"payload": {"limit_per_source": 1}})
    assert (await client.post("/v1/schedules/own/run-now", headers=key)).status_code == 409


async def test_a_moment_without_an_offset_is_what_the_clock_of_its_zone_shows(client: httpx.AsyncClient) -> None:
    once = {**OWN, "crontab": None, "once_at": "2199-07-01T06:00:00"}
    assert (await client.post("/v1/schedules", json=once)).json()["next_due_at"] == "2199-07-01T10:00:00Z"


async def test_what_fired_is_shown_with_what_became_of_it(client: httpx.AsyncClient, engine: Engine) -> None:
    added = (await client.post("/v1/schedules", json=OWN)).json()
    due = datetime.fromisoformat(added["next_due_at"])
    with engine.begin() as connection:
        (fired,) = firing.fire_due(connection, CONTRACTS, due)
        driver(connection).execute(
            "INSERT INTO sync_log (message_id, kind, queue, status, started_at, finished_at)"
            " VALUES (%s, %s, 'scraping', 'succeeded', %s, %s)",
            (fired.message_id, HOURLY, due, due),
        )
    shown = (await client.get("/v1/schedules/own")).json()
    assert (shown["last_message_id"], shown["last_due_at"]) == (fired.message_id, added["next_due_at"])
    assert shown["last_success_at"] == added["next_due_at"]
    assert [one["status"] for one in shown["firings"]] == ["succeeded"]
