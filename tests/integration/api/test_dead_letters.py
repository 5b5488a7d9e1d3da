"""Dead letters by HTTP and on the command line: found, understood, sent back once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from producers.cli.root import app as cli
from shared import clock, ledger
from shared.broker.wire import DEATH_HEADER, Delivery
from shared.database.engine import open_engine
from tests.integration.api.conftest import World

pytestmark = pytest.mark.anyio


@pytest.fixture
def letters(world: World) -> list[int]:
    """Keep three dead letters: two of series, then one of a movie."""
    engine = open_engine(world.database_url, pool=1)
    deaths = (("series", "content", 1), ("series", "content.urgent", 2), ("movie", "content", 3))
    try:
        with engine.begin() as connection:
            for word, queue, number in deaths:
                death = {
                    "queue": queue,
                    "kind": f"scrape.{word}.save",
                    "reason": "rejected",
                    "at": clock.milliseconds(clock.now()) + number,
                    "error": "UpstreamRefused",
                    "message": f"tvdb: 400, {word} [{number}]",
                    "frame": "shared/upstreams/http.py:get",
                    "traceback": "Traceback (most recent call last):\n  UpstreamRefused",
                    "entity": f"{word}:{number}",
                }
                body = json.dumps({"tvdb_id": number}).encode()
                properties = {"type": death["kind"], "message_id": f"m{number}", "app_id": "test", "priority": 7}
                headers = {DEATH_HEADER: death, "x-own": "kept"}
                ledger.keep(
                    connection, Delivery("dead-letters", "dead-letter", queue, f"m{number}", body, properties, headers)
                )
    finally:
        engine.dispose()
    return [row["id"] for row in world.sql("SELECT id FROM dead_letters ORDER BY last_died_at")]


def millrace(world: World, *arguments: str) -> Any:
    return CliRunner().invoke(cli, list(arguments), env={"DATABASE_URL": world.database_url, "COLUMNS": "200"})


async def test_the_list_has_the_newest_death_first_and_no_bodies(client: httpx.AsyncClient, letters: list[int]) -> None:
    listed = (await client.get("/v1/dead-letters")).json()["dead_letters"]
    assert [letter["id"] for letter in listed] == letters[::-1]
    assert listed[0]["error"] == "tvdb: 400, movie [3]"
    assert all("body" not in letter for letter in listed)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"kind": "scrape.movie.save"}, [2]),
        ({"queue": "content"}, [2, 0]),
        ({"queue": "content", "kind": "scrape.series.save"}, [0]),
        ({"state": "open", "limit": 1}, [2]),
        ({"state": "resolved"}, []),
    ],
)
async def test_the_list_can_be_narrowed(
    client: httpx.AsyncClient, letters: list[int], query: dict[str, Any], wanted: list[int]
) -> None:
    listed = (await client.get("/v1/dead-letters", params=query)).json()["dead_letters"]
    assert [letter["id"] for letter in listed] == [letters[place] for place in wanted]


async def test_a_state_that_is_none_is_422(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/dead-letters", params={"state": "dead"})).status_code == 422


async def test_a_letter_is_shown_whole(client: httpx.AsyncClient, letters: list[int]) -> None:
    letter = (await client.get(f"/v1/dead-letters/{letters[0]}")).json()
    assert json.loads(letter["body"]) == {"tvdb_id": 1}
    assert letter["properties"]["headers"]["x-own"] == "kept"
    assert (letter["queue"], letter["state"], letter["deaths"]) == ("content", "open", 1)
    assert letter["traceback"].startswith("Traceback")
    assert (letter["attempts"], letter["actions"]) == ([], [])


async def test_replay_sends_the_message_back_to_its_queue_under_its_own_id(
    client: httpx.AsyncClient, world: World, letters: list[int]
) -> None:
    answer = await client.post(f"/v1/dead-letters/{letters[1]}/replay", headers={"X-Millrace-Actor": "ida"})
    assert answer.status_code == 202
    assert answer.json() == {
        "id": letters[1],
        "state": "replaying",
        "message_id": "m2",
        "location": "/v1/messages/m2",
    }
    assert answer.headers["location"] == "/v1/messages/m2"
    (row,) = world.saves()
    assert (row["exchange"], row["routing_key"], row["message_id"]) == ("work", "content.urgent", "m2")
    assert row["properties"]["headers"]["replay"] == 1
    letter = (await client.get(f"/v1/dead-letters/{letters[1]}")).json()
    assert (letter["state"], letter["replays"]) == ("replaying", 1)
    assert [(action["actor"], action["action"]) for action in letter["actions"]] == [("ida", "replay")]


async def test_of_ten_clicks_one_is_a_replay_and_nine_are_told_why_not(
    client: httpx.AsyncClient, world: World, letters: list[int]
) -> None:
    answers = await asyncio.gather(*(client.post(f"/v1/dead-letters/{letters[0]}/replay") for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 9
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert refused.json()["type"] == "urn:millrace:problem:dead-letter-not-open"
    assert len(world.saves()) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/replay")])
async def test_a_letter_that_is_none_is_404(client: httpx.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, f"/v1/dead-letters/999{path}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:millrace:problem:no-such-dead-letter")


def test_the_command_line_lists_them(world: World, letters: list[int]) -> None:
    table = millrace(world, "dead-letters", "list")
    assert table.exit_code == 0, table.output
    assert "scrape.movie.save" in table.output
    assert "UpstreamRefused: tvdb: 400, movie [3]" in table.output
    told = json.loads(millrace(world, "dead-letters", "list", "--queue", "content", "--json").output)
    assert [letter["id"] for letter in told] == [letters[2], letters[0]]


def test_the_command_line_shows_one(world: World, letters: list[int]) -> None:
    shown = millrace(world, "dead-letters", "show", str(letters[0]))
    assert shown.exit_code == 0, shown.output
    for said in ('{"tvdb_id": 1}', "UpstreamRefused", "Traceback", "x-own", f"millrace replay {letters[0]}"):
        assert said in shown.output
    assert json.loads(millrace(world, "dead-letters", "show", str(letters[0]), "--json").output)["message_id"] == "m1"


def test_the_command_line_replays_all_or_none(world: World, letters: list[int]) -> None:
    refused = millrace(world, "replay", str(letters[0]), "999")
    assert (refused.exit_code, world.saves()) == (1, [])
    assert "there is no dead letter 999" in refused.stderr
    done = millrace(world, "replay", str(letters[0]), str(letters[1]), "--actor", "ida")
    assert done.exit_code == 0, done.output
    assert [row["message_id"] for row in world.saves()] == ["m1", "m2"]
    again = millrace(world, "replay", str(letters[0]))
    assert again.exit_code == 1
    assert "is replaying, not open" in again.stderr
    assert {row["actor"] for row in world.sql("SELECT actor FROM dead_letter_actions")} == {"ida"}


def test_a_state_that_is_none_is_a_usage_error(world: World) -> None:
    assert millrace(world, "dead-letters", "list", "--state", "dead").exit_code == 2
