"""Asking for snapshots and discounts by HTTP, what became of it, and backfills called off and taken up again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from producers.cli.root import app as millrace
from shared import clock, runlog
from shared.catalog.minifigures import backfills
from shared.catalog.minifigures.records import Item
from shared.catalog.minifigures.store import save_items
from tests.integration.accounts.conftest import World

pytestmark = pytest.mark.anyio

SNAPSHOTS = "/v1/admin/aggregate-snapshots"
RECOMPUTE = "/api/v1/admin/discounts/trigger-recompute"
STATUS = "/api/v1/admin/discounts/task-status"
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)


@pytest.fixture
def operator(world: World) -> dict[str, str]:
    return world.token("operator")


@pytest.fixture
def viewer(world: World) -> dict[str, str]:
    return world.token("viewer")


def outbox(world: World) -> list[dict[str, Any]]:
    return world.sql(
        """SELECT message_id, routing_key, convert_from(body, 'UTF8')::json AS body,
                  properties ->> 'correlation_id' AS correlation_id, (properties ->> 'priority')::int AS priority
           FROM outbox ORDER BY id"""
    )


@pytest.mark.parametrize(
    ("body", "kind", "payload"),
    [
        ({}, "aggregation.snapshots.daily", {"target_date": None}),
        ({"target_date": "2026-11-01"}, "aggregation.snapshots.daily", {"target_date": "2026-11-01"}),
        (
            {"start_date": "2026-10-01", "end_date": "2026-10-31"},
            "aggregation.snapshots.backfill",
            {"start_date": "2026-10-01", "end_date": "2026-10-31"},
        ),
    ],
)
async def test_snapshots_are_asked_for_by_a_message_that_waits_in_the_outbox(
    client: httpx.AsyncClient,
    world: World,
    operator: dict[str, str],
    body: dict[str, Any],
    kind: str,
    payload: dict[str, Any],
) -> None:
    answer = await client.post(SNAPSHOTS, json=body, headers=operator)
    assert answer.status_code == 202, answer.text
    (row,) = outbox(world)
    assert (row["routing_key"], row["body"]) == (kind, payload)
    assert answer.json()["message_id"] == row["message_id"]
    status = await client.get(answer.headers["location"], headers=operator)
    assert (status.json()["kind"], status.json()["status"]) == (kind, "pending")


async def test_snapshots_of_an_item_are_asked_for_if_there_is_one(
    client: httpx.AsyncClient, world: World, operator: dict[str, str]
) -> None:
    missing = await client.post(SNAPSHOTS, json={"minifigure_id": 4711}, headers=operator)
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:millrace:problem:no-such-minifigure")
    world.do(save_items, [Item("sw0001a", "minifigure", "Battle Droid")], clock.now())
    ((item,),) = [row.values() for row in world.sql("SELECT id FROM minifigures")]
    body = {"minifigure_id": item, "target_date": "2026-11-01"}
    assert (await client.post(SNAPSHOTS, json=body, headers=operator)).status_code == 202
    assert [(row["routing_key"], row["body"]) for row in outbox(world)] == [("aggregation.snapshots.minifigure", body)]


@pytest.mark.parametrize(
    "body",
    [
        {"start_date": "2026-10-01"},
        {"end_date": "2026-10-01"},
        {"start_date": "2026-10-02", "end_date": "2026-10-01"},
        {"start_date": "2000-01-01", "end_date": "2026-10-01"},
        {"start_date": "2026-10-01", "end_date": "2026-10-02", "target_date": "2026-10-01"},
        {"start_date": "2026-10-01", "end_date": "2026-10-02", "minifigure_id": 1},
        {"target_date": "yesterday"},
        {"minifigure_id": 0},
        {"day": "2026-10-01"},
    ],
    ids=str,
)
async def test_days_that_make_no_sense_are_refused(
    client: httpx.AsyncClient, world: World, operator: dict[str, str], body: dict[str, Any]
) -> None:
    answer = await client.post(SNAPSHOTS, json=body, headers=operator)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:millrace:problem:invalid-request")
    assert outbox(world) == []


# -- Discounts and tasks -------------------------------------------------------------------------------------------


def work(world: World, message_id: str, outcome: Any) -> None:
    """Do what a worker does with a message: begin, and end well with a result, or for good with an error."""
    now = clock.now()
    entry = runlog.Entry(message_id, "price.discounts.recompute", "processing", None, message_id, None, now, now)
    world.do(runlog.begin, entry)
    if isinstance(outcome, Exception):
        attempt = runlog.Attempt(
            0, now.isoformat(), now.isoformat(), "dead", error=type(outcome).__name__, message=str(outcome)
        )
        with world.engine.begin() as connection:
            runlog.fail(connection, entry, attempt, final=True, at=now)
    else:
        world.do(runlog.finish, entry, runlog.Attempt(0, now.isoformat(), now.isoformat(), "done"), outcome, now)


async def once_asked(world: World, outcome: Any) -> None:
    """Work on the first message that is asked for."""
    for _ in range(200):
        if rows := await asyncio.to_thread(outbox, world):
            await asyncio.to_thread(work, world, rows[0]["message_id"], outcome)
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody asked for anything")


async def test_a_recomputation_is_asked_for_and_answered_at_once(
    client: httpx.AsyncClient, world: World, operator: dict[str, str], viewer: dict[str, str]
) -> None:
    answer = await client.post(RECOMPUTE, params={"days_threshold": 7, "async_task": "true"}, headers=operator)
    assert answer.status_code == 202
    task = answer.json()
    (row,) = outbox(world)
    assert (row["routing_key"], row["body"], row["priority"]) == (
        "price.discounts.recompute",
        {"days_threshold": 7},
        5,
    )
    assert task["task_id"] == row["message_id"]
    assert answer.headers["location"] == task["location"] == f"{STATUS}/{task['task_id']}"
    status = (await client.get(task["location"], headers=viewer)).json()
    assert (status["status"], status["ready"], status["result"], status["attempts"]) == ("pending", False, None, [])
    work(world, task["task_id"], {"changed": 3})
    status = (await client.get(task["location"], headers=viewer)).json()
    assert (status["status"], status["ready"], status["result"], status["error"]) == (
        "succeeded",
        True,
        {"changed": 3},
        None,
    )
    assert [one["outcome"] for one in status["attempts"]] == ["done"]


async def test_who_waits_gets_the_result_of_that_very_task(
    client: httpx.AsyncClient, world: World, operator: dict[str, str]
) -> None:
    worker = asyncio.create_task(once_asked(world, {"changed": 5}))
    answer = await client.post(RECOMPUTE, params={"async_task": "false"}, headers=operator)
    await worker
    assert (answer.status_code, answer.json()["status"], answer.json()["result"]) == (200, "succeeded", {"changed": 5})
    (row,) = outbox(world)
    assert (answer.json()["task_id"], row["body"], row["priority"]) == (row["message_id"], {"days_threshold": 30}, 9)


async def test_who_waits_for_what_fails_is_told_so(
    client: httpx.AsyncClient, world: World, operator: dict[str, str]
) -> None:
    worker = asyncio.create_task(once_asked(world, ValueError("no such tier")))
    answer = await client.post(RECOMPUTE, params={"async_task": "false"}, headers=operator)
    await worker
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:millrace:problem:task-failed")
    assert "ValueError: no such tier" in answer.json()["detail"]
    status = (await client.get(answer.headers["location"], headers=operator)).json()
    assert (status["status"], status["error"]) == ("failed", "ValueError: no such tier")


async def test_who_waits_too_long_is_told_where_to_ask_again(
    client: httpx.AsyncClient, world: World, operator: dict[str, str]
) -> None:
    answer = await client.post(RECOMPUTE, params={"async_task": "false", "patience": 0.1}, headers=operator)
    assert (answer.status_code, answer.json()["status"]) == (202, "pending")
    work(world, answer.json()["task_id"], {"changed": 0})
    assert (await client.get(answer.headers["location"], headers=operator)).json()["result"] == {"changed": 0}


async def test_a_task_of_any_kind_has_a_status_and_an_unknown_one_none(
    client: httpx.AsyncClient, operator: dict[str, str]
) -> None:
    await client.post("/v1/messages/scrape.series.save?message_id=a.b:c", json={"tvdb_id": 81189}, headers=operator)
    assert (await client.get(f"{STATUS}/a.b:c", headers=operator)).json()["kind"] == "scrape.series.save"
    unknown = await client.get(f"{STATUS}/no/such", headers=operator)
    assert (unknown.status_code, unknown.json()["type"]) == (404, "urn:millrace:problem:no-such-message")


# -- Backfills -----------------------------------------------------------------------------------------------------


@pytest.fixture
def backfill(world: World) -> str:
    """One of which two days are done; its id is a stranger's, with a slash."""
    name = "shop/october"
    for day in (FIRST, FIRST + timedelta(days=1)):
        assert world.do(backfills.begin_day, name, day, LAST, clock.now())
        world.do(backfills.end_day, name, day, 10)
    return name


async def listed(client: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = await client.get("/v1/backfills", headers=headers)
    return list(answer.json()["backfills"])


async def test_backfills_are_listed_with_how_far_they_are(
    client: httpx.AsyncClient, viewer: dict[str, str], backfill: str
) -> None:
    (told,) = await listed(client, viewer)
    assert (told["id"], told["state"], told["days"], told["done"], told["changed"]) == (
        backfill,
        "running",
        31,
        2,
        20,
    )
    assert (told["start_date"], told["next_date"], told["end_date"]) == ("2026-10-01", "2026-10-03", "2026-10-31")


async def test_a_backfill_that_was_called_off_goes_on_with_the_day_that_comes_next(
    client: httpx.AsyncClient, world: World, operator: dict[str, str], backfill: str
) -> None:
    assert (await client.post(f"/v1/backfills/{backfill}/cancel", headers=operator)).status_code == 204
    assert not world.do(backfills.begin_day, backfill, date(2026, 10, 3), LAST, clock.now())
    assert outbox(world) == []
    answer = await client.post(f"/v1/backfills/{backfill}/resume", headers=operator)
    assert answer.status_code == 202
    (row,) = outbox(world)
    assert row["body"] == {"start_date": "2026-10-03", "end_date": "2026-10-31"}
    assert (row["correlation_id"], row["message_id"]) == (backfill, answer.json()["message_id"])
    assert (await client.get(answer.headers["location"], headers=operator)).json()["status"] == "pending"
    assert world.do(backfills.begin_day, backfill, date(2026, 10, 3), LAST, clock.now())


async def test_of_ten_who_resume_at_once_one_asks_for_the_next_day(
    client: httpx.AsyncClient, world: World, operator: dict[str, str], backfill: str
) -> None:
    world.do(backfills.cancel, backfill)
    answers = await asyncio.gather(
        *(client.post(f"/v1/backfills/{backfill}/resume", headers=operator) for _ in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 9
    assert len(outbox(world)) == 1


async def test_what_cannot_be_called_off_or_taken_up_is_refused(
    client: httpx.AsyncClient, operator: dict[str, str], backfill: str
) -> None:
    running = await client.post(f"/v1/backfills/{backfill}/resume", headers=operator)
    assert (running.status_code, running.json()["type"]) == (409, "urn:millrace:problem:backfill-not-so")
    assert running.json()["detail"] == "backfill shop/october is running"
    for what in ("cancel", "resume"):
        missing = await client.post(f"/v1/backfills/november/{what}", headers=operator)
        assert (missing.status_code, missing.json()["type"]) == (404, "urn:millrace:problem:no-such-backfill")


@pytest.fixture
def run(world: World) -> Callable[..., Result]:
    def command(*words: str) -> Result:
        environment = {"DATABASE_URL": world.database_url, "COLUMNS": "200"}
        return CliRunner().invoke(millrace, ["backfills", *words], env=environment, prog_name="millrace")

    return command


def test_the_same_by_command(run: Callable[..., Result], world: World, backfill: str) -> None:
    (told,) = json.loads(run("list", "--json").stdout)
    assert (told["id"], told["state"], told["done"], told["days"]) == (backfill, "running", 2, 31)
    assert "2 of 31" in run("list").stdout
    assert run("resume", backfill).exit_code == 1
    assert run("cancel", backfill).exit_code == 0
    resumed = json.loads(run("resume", backfill, "--json").stdout)
    assert [row["message_id"] for row in outbox(world)] == [resumed["message_id"]]
    unknown = run("cancel", "november")
    assert (unknown.exit_code, "millrace backfills list" in unknown.stderr) == (1, True)
