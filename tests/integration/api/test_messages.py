"""Publishing by HTTP: into the outbox, once for each id, and with a status from the first moment."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from shared import clock, ledger, runlog
from shared.broker.wire import Delivery
from shared.database.engine import open_engine
from tests.integration.api.conftest import World

pytestmark = pytest.mark.anyio

PATH = "/v1/messages/scrape.series.save"
PAYLOAD = {"tvdb_id": 81189}


async def test_a_message_waits_in_the_outbox_as_it_was_asked_for(client: httpx.AsyncClient, world: World) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await client.post(PATH, params={"priority": 8}, headers={"traceparent": trace}, json=PAYLOAD)
    assert answer.status_code == 202
    accepted = answer.json()
    assert (accepted["kind"], accepted["status"]) == ("scrape.series.save", "pending")
    assert answer.headers["location"] == accepted["location"] == f"/v1/messages/{accepted['message_id']}"
    assert "idempotency-replayed" not in answer.headers
    (row,) = world.saves()
    assert json.loads(row["body"]) == PAYLOAD
    assert (row["message_id"], row["exchange"], row["routing_key"]) == (
        accepted["message_id"],
        "urgent",
        "scrape.series.save",
    )
    properties = row["properties"]
    assert (properties["priority"], properties["app_id"], properties["delivery_mode"]) == (8, "api", 2)
    assert properties["headers"]["traceparent"][:36] == trace[:36], "of the same trace"
    assert properties["headers"]["traceparent"][36:52] != trace[36:52], "from this request, not from its caller"
    assert properties["headers"]["traceparent"].endswith("-01")
    assert answer.headers["x-trace-id"] == trace[3:35]


@pytest.mark.parametrize("given", [[], ["garbage" * 100], ["00-1-2-01"], [f"00-{'a' * 32}-{'b' * 16}-01"] * 2])
async def test_a_request_without_a_good_traceparent_begins_a_trace(
    client: httpx.AsyncClient, world: World, given: list[str]
) -> None:
    answer = await client.post(PATH, headers=[("traceparent", one) for one in given], json=PAYLOAD)
    assert answer.status_code == 202
    trace_id = answer.headers["x-trace-id"]
    assert trace_id != "a" * 32
    (row,) = world.saves()
    assert re.fullmatch(rf"00-{trace_id}-[0-9a-f]{{16}}-00", row["properties"]["headers"]["traceparent"])


@pytest.mark.parametrize("how", ["header", "quoted header", "query"])
async def test_one_id_is_published_once(client: httpx.AsyncClient, world: World, how: str) -> None:
    quote = '"' if how == "quoted header" else ""
    headers = {} if how == "query" else {"Idempotency-Key": f"{quote}order-17{quote}"}
    params = {"message_id": "order-17"} if how == "query" else {}
    first = await client.post(PATH, params=params, headers=headers, json=PAYLOAD)
    again = await client.post(PATH, params=params, headers=headers, json=PAYLOAD)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert [row["message_id"] for row in world.saves()] == ["order-17"]


async def test_one_id_is_published_once_also_by_twenty_at_the_same_moment(
    client: httpx.AsyncClient, world: World
) -> None:
    answers = await asyncio.gather(
        *(client.post(PATH, headers={"Idempotency-Key": "order-18"}, json=PAYLOAD) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert sum("idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert len(world.saves()) == 1


async def test_one_id_for_two_messages_is_a_mistake(client: httpx.AsyncClient, world: World) -> None:
    key = {"Idempotency-Key": "order-19"}
    await client.post(PATH, headers=key, json=PAYLOAD)
    other_payload = await client.post(PATH, headers=key, json={"tvdb_id": 1})
    other_kind = await client.post("/v1/messages/scrape.movie.save", headers=key, json=PAYLOAD)
    for answer in (other_payload, other_kind):
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:millrace:problem:id-taken")
    assert len(world.saves()) == 1


async def test_the_same_payload_written_differently_is_the_same_message(client: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "order-20"}
    await client.post(PATH, headers=key, content=b'{"tvdb_id":81189}')
    answer = await client.post(PATH, headers=key, content=b'{ "tvdb_id" : 81189 }')
    assert (answer.status_code, answer.headers["idempotency-replayed"]) == (202, "true")


async def test_delay_and_expiry_are_moments_in_the_message(client: httpx.AsyncClient, world: World) -> None:
    before = clock.milliseconds(clock.now())
    answer = await client.post(PATH, params={"delay": 60, "expires": 90.5}, json=PAYLOAD)
    (row,) = world.sql("SELECT not_before, properties -> 'headers' AS headers FROM outbox")
    assert 60_000 <= row["headers"]["not_before"] - before < 70_000
    assert row["headers"]["expires_at"] - row["headers"]["not_before"] == 30_500
    assert row["not_before"] == clock.from_milliseconds(row["headers"]["not_before"])
    status = (await client.get(answer.json()["location"])).json()
    assert datetime.fromisoformat(status["not_before"]) == row["not_before"]


async def test_a_fact_can_be_told_too(client: httpx.AsyncClient, world: World) -> None:
    answer = await client.post("/v1/messages/facts.movie.saved", json={"tvdb_id": 290, "name": "The Ash Lad"})
    assert answer.status_code == 202
    assert [row["exchange"] for row in world.saves()] == ["facts"]


async def test_a_status_follows_the_message_through_its_life(client: httpx.AsyncClient, world: World) -> None:
    await client.post(PATH, headers={"Idempotency-Key": "life"}, json=PAYLOAD)

    async def status() -> dict[str, Any]:
        answer = await client.get("/v1/messages/life")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    pending = await status()
    assert (pending["status"], pending["attempts"], pending["queue"]) == ("pending", [], None)
    assert pending["accepted_at"] is not None
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    entry = runlog.Entry("life", "scrape.series.save", "content", "series:81189", "life", None, at, at)
    failed = runlog.Attempt(0, at.isoformat(), at.isoformat(), "retried", "UpstreamAway", "503", "Trace", None, 5.0)
    good = runlog.Attempt(1, at.isoformat(), at.isoformat(), "done")
    engine = open_engine(world.database_url, pool=1)
    try:
        with engine.connect() as connection:
            runlog.begin(connection, entry)
        assert ((running := await status())["status"], running["queue"]) == ("running", "content")
        with engine.begin() as connection:
            runlog.fail(connection, entry, failed, final=False, at=at)
        retrying = await status()
        assert retrying["status"] == "retrying"
        assert [(one["outcome"], one["error"], one["delay"]) for one in retrying["attempts"]] == [
            ("retried", "UpstreamAway", 5.0)
        ]
        with engine.begin() as connection:
            runlog.finish(connection, entry, good, {"episodes": 62}, at)
    finally:
        engine.dispose()
    done = await status()
    assert (done["status"], done["result"], len(done["attempts"])) == ("succeeded", {"episodes": 62}, 2)
    assert datetime.fromisoformat(done["finished_at"]) == at


async def test_a_message_that_died_leads_to_its_dead_letter(client: httpx.AsyncClient, world: World) -> None:
    await client.post(PATH, headers={"Idempotency-Key": "doomed"}, json=PAYLOAD)
    engine = open_engine(world.database_url, pool=1)
    try:
        with engine.begin() as connection:
            delivery = Delivery("dead-letters", "scrape", "content", "doomed", b'{"tvdb_id":81189}', {}, {})
            ledger.keep(connection, delivery)
    finally:
        engine.dispose()
    letter = (await client.get("/v1/messages/doomed")).json()["dead_letter"]
    assert (await client.get(f"/v1/dead-letters/{letter}")).json()["message_id"] == "doomed"


@pytest.mark.parametrize("message_id", ["nobody", "0198c0de-0000-7000-8000-000000000000", "a%00b", "%ff"])
async def test_nothing_is_known_of_a_message_that_nobody_sent(client: httpx.AsyncClient, message_id: str) -> None:
    answer = await client.get(f"/v1/messages/{message_id}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:millrace:problem:no-such-message")


async def test_ids_are_remembered_for_thirty_days(client: httpx.AsyncClient, world: World) -> None:
    await client.post(PATH, headers={"Idempotency-Key": "old"}, json=PAYLOAD)
    world.sql("UPDATE accepted_messages SET accepted_at = now() - interval '31 days'")
    await client.post(PATH, headers={"Idempotency-Key": "new"}, json=PAYLOAD)
    assert [row["message_id"] for row in world.sql("SELECT message_id FROM accepted_messages")] == ["new"]


async def test_the_id_of_a_stranger_may_hold_anything(client: httpx.AsyncClient, world: World) -> None:
    world.sql(
        """INSERT INTO sync_log (message_id, kind, queue, status, started_at)
           VALUES ('orders/17 a?b', 'scrape.series.save', 'content', 'running', now())"""
    )
    answer = await client.get("/v1/messages/orders%2F17%20a%3Fb")
    assert (answer.status_code, answer.json()["message_id"]) == (200, "orders/17 a?b")
