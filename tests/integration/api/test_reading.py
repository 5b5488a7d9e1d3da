"""Reading through the API: the database first, TheTVDB when it must be, and one of all who ask at once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import MOVIE, PERSON, SERIES, Start, World

pytestmark = pytest.mark.anyio

EVERYTHING = [
    ("series", 81189),
    ("series", 78878),
    ("series", 8990000),
    ("series", 8990002),
    ("movie", 8990001),
    ("movie", 12586),
    ("movie", 290),
    ("person", 312388),
    ("person", 465388),
    ("person", 8990601),
    ("person", 8990603),
]
"""The stand-in's titles, odd and long ones among them, and some of its people."""


@pytest.mark.parametrize(("word", "tvdb_id"), EVERYTHING)
async def test_both_sources_answer_the_same(client: httpx.AsyncClient, world: World, word: str, tvdb_id: int) -> None:
    live = await client.get(f"/{word}/{tvdb_id}")
    assert (live.status_code, live.headers["x-millrace-source"]) == (200, "tvdb"), live.text
    world.save(word, tvdb_id)
    stored = await client.get(f"/{word}/{tvdb_id}")
    assert (stored.status_code, stored.headers["x-millrace-source"]) == (200, "database")
    assert without_time(stored) == without_time(live)
    # The same shape, and the same JSON types: 0 and 0.0 are one number, null is not "".
    assert stored.json()["tvdb_id"] == tvdb_id


async def test_answers_hold_what_a_reader_wants_of_a_series(client: httpx.AsyncClient, world: World) -> None:
    world.save("series", SERIES)
    answer = (await client.get(f"/series/{SERIES}")).json()
    assert answer["name"] == "Breaking Bad"
    assert [season["number"] for season in answer["seasons"]] == sorted(
        season["number"] for season in answer["seasons"]
    )
    assert sum(len(season["episodes"]) for season in answer["seasons"]) > 50
    assert all(
        episode["season_number"] == season["number"] for season in answer["seasons"] for episode in season["episodes"]
    )
    assert any(credit["person_name"] == "Bryan Cranston" for credit in answer["credits"])
    assert answer["genres"]
    assert answer["imdb_id"] == "tt0903747"


async def test_what_is_missing_is_answered_live_and_saved_in_the_background(
    client: httpx.AsyncClient, world: World
) -> None:
    answer = await client.get(f"/movie/{MOVIE}")
    assert (answer.status_code, answer.headers["x-millrace-source"], answer.headers["age"]) == (200, "tvdb", "0")
    (save,) = world.saves()
    assert (save["exchange"], save["routing_key"], save["priority"]) == ("urgent", "scrape.movie.save", 9)
    assert json.loads(save["body"]) == {"tvdb_id": MOVIE}
    assert save["properties"]["app_id"] == "api"


async def test_what_is_fresh_is_answered_without_thetvdb(client: httpx.AsyncClient, world: World) -> None:
    world.save("person", PERSON)
    world.age("person", PERSON, 13.9)
    before = world.asked("*")["received"]
    answer = await client.get(f"/person/{PERSON}")
    assert answer.headers["x-millrace-source"] == "database"
    assert abs(int(answer.headers["age"]) - 13.9 * 86400) < 60
    assert world.asked("*")["received"] == before
    assert world.saves() == []


async def test_what_is_stale_is_answered_live_and_saved_at_normal_priority(
    client: httpx.AsyncClient, world: World
) -> None:
    world.save("series", SERIES)
    world.age("series", SERIES, 7.1)
    answer = await client.get(f"/series/{SERIES}")
    assert answer.headers["x-millrace-source"] == "tvdb"
    assert [(save["exchange"], save["priority"]) for save in world.saves()] == [("scrape", 5)]


async def test_when_thetvdb_fails_the_stale_copy_is_sent_and_says_so(client: httpx.AsyncClient, world: World) -> None:
    world.save("series", SERIES)
    world.age("series", SERIES, 30)
    world.fault("/series/*", status=503)
    answer = await client.get(f"/series/{SERIES}")
    assert (answer.status_code, answer.json()["name"]) == (200, "Breaking Bad")
    assert answer.headers["x-millrace-stale"] == "true"
    assert answer.headers["x-millrace-stale-reason"] == "upstream-away"
    assert world.saves() == []
    world.heal()
    answer = await client.get(f"/series/{SERIES}")
    assert (answer.headers["x-millrace-source"], len(world.saves())) == ("tvdb", 1)


async def test_a_half_answer_does_not_replace_the_copy_it_would_shrink(client: httpx.AsyncClient, world: World) -> None:
    world.save("series", SERIES)
    world.age("series", SERIES, 30)
    world.fault("/series/*", thin=True)
    answer = await client.get(f"/series/{SERIES}")
    assert answer.headers["x-millrace-stale"] == "true"
    assert sum(len(season["episodes"]) for season in answer.json()["seasons"]) > 50


async def test_nothing_stored_and_thetvdb_silent_is_503_with_its_own_seconds(
    client: httpx.AsyncClient, world: World
) -> None:
    world.fault("/movies/*", status=429, headers={"Retry-After": "21"})
    answer = await client.get(f"/movie/{MOVIE}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "21")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_what_nobody_has_is_404_and_asked_for_once(client: httpx.AsyncClient, world: World) -> None:
    for _ in range(3):
        answer = await client.get("/series/4242")
        assert (answer.status_code, answer.json()["type"]) == (404, "urn:millrace:problem:no-such-entity")
    assert world.asked("/series/4242/*")["matching"] == 1
    assert world.saves() == []


async def test_what_thetvdb_has_no_more_is_410_and_a_worker_is_asked_to_note_it(
    client: httpx.AsyncClient, world: World
) -> None:
    world.save("movie", MOVIE)
    world.age("movie", MOVIE, 30)
    world.fault("/movies/*", status=404)
    answer = await client.get(f"/movie/{MOVIE}")
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:millrace:problem:entity-gone")
    assert len(world.saves()) == 1
    world.sql("UPDATE movies SET gone_at = now(), synced_at = now() - interval '30 days'")
    before = world.asked("*")["received"]
    assert (await client.get(f"/movie/{MOVIE}")).status_code == 410
    assert world.asked("*")["received"] == before


async def test_a_hundred_readers_of_two_instances_ask_for_one_save_of_what_is_stale(start: Start, world: World) -> None:
    world.save("series", SERIES)
    world.age("series", SERIES, 30)
    world.control.delete("/control/requests")
    world.fault("/series/*", delay_seconds=0.2)
    answers = await at_once([await start(), await start()], f"/series/{SERIES}", 100)
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["x-millrace-source"] for answer in answers} <= {"tvdb", "database"}
    assert all(
        answer.headers["x-millrace-source"] == "tvdb"
        or answer.headers["x-millrace-stale-reason"] == "refresh-under-way"
        for answer in answers
    )
    assert [save["priority"] for save in world.saves()] == [5]
    assert world.asked(f"/series/{SERIES}/extended")["matching"] == 1


async def test_a_hundred_readers_of_two_instances_ask_thetvdb_once_for_what_is_missing(
    start: Start, world: World
) -> None:
    world.fault("/movies/*", delay_seconds=0.3)
    answers = await at_once([await start(), await start()], f"/movie/{MOVIE}", 100)
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert world.asked("/movies/*")["open_at_once"] == 1
    assert world.asked(f"/movies/{MOVIE}/extended")["matching"] == 1
    assert [save["priority"] for save in world.saves()] == [9]


async def test_a_second_wave_while_the_save_is_on_its_way_asks_for_nothing_more(start: Start, world: World) -> None:
    clients = [await start(), await start()]
    world.save("person", PERSON)
    world.age("person", PERSON, 30)
    for _ in range(2):
        await at_once(clients, f"/person/{PERSON}", 20)
    assert len(world.saves()) == 1
    assert world.asked(f"/people/{PERSON}/extended")["matching"] == 2  # that of `save`, and one


async def test_after_the_save_everything_begins_anew(client: httpx.AsyncClient, world: World) -> None:
    world.save("person", PERSON)
    for saves in (1, 2):
        world.age("person", PERSON, 30)
        assert (await client.get(f"/person/{PERSON}")).headers["x-millrace-source"] == "tvdb"
        assert len(world.saves()) == saves
        world.save("person", PERSON)
        world.sql(
            """INSERT INTO sync_log (message_id, kind, queue, status, started_at)
               VALUES (%s, 'scrape.person.save', 'person', 'succeeded', now())""",
            world.saves()[-1]["message_id"],
        )
        assert (await client.get(f"/person/{PERSON}")).headers["x-millrace-source"] == "database"


CHANGES = {
    "the series": "UPDATE series SET status = 'Upcoming' WHERE tvdb_id = 81189",
    "a season": "UPDATE seasons SET name = 'X' WHERE series_tvdb_id = 81189 AND number = 1",
    "an episode": "UPDATE episodes SET name = 'X' WHERE series_tvdb_id = 81189 AND season_number = 1 AND number = 1",
    "a genre fewer": "DELETE FROM genres WHERE ctid = (SELECT min(ctid) FROM genres WHERE entity_tvdb_id = 81189)",
    "an alias more": "INSERT INTO aliases VALUES ('series', 81189, 'nor', 'Noe annet')",
    "a credit": "UPDATE credits SET role = 'X' WHERE series_tvdb_id = 81189 AND position = 1",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
async def test_the_etag_changes_with_whatever_the_answer_shows(
    client: httpx.AsyncClient, world: World, change: str
) -> None:
    world.save("series", SERIES)
    first = await client.get(f"/series/{SERIES}")
    condition = {"If-None-Match": first.headers["etag"]}
    unchanged = await client.get(f"/series/{SERIES}", headers=condition)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    world.sql(change)
    changed = await client.get(f"/series/{SERIES}", headers=condition)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    assert changed.json() != first.json()


async def test_the_save_of_another_title_leaves_the_etag_alone(client: httpx.AsyncClient, world: World) -> None:
    world.save("series", SERIES)
    first = await client.get(f"/series/{SERIES}")
    world.save("movie", MOVIE)
    again = await client.get(f"/series/{SERIES}", headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304


async def test_search_is_live(client: httpx.AsyncClient, world: World) -> None:
    answer = await client.get("/search", params={"q": "breaking", "limit": 2})
    assert answer.status_code == 200
    assert any(hit["tvdb_id"] == SERIES and hit["entity_type"] == "series" for hit in answer.json()["results"])
    world.fault("/search", status=500)
    answer = await client.get("/search", params={"q": "breaking"})
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:millrace:problem:upstream-away")


async def at_once(clients: list[httpx.AsyncClient], path: str, readers: int) -> list[httpx.Response]:
    """Let readers, spread over the instances, ask at the same moment."""
    return await asyncio.gather(*(clients[number % len(clients)].get(path) for number in range(readers)))


def without_time(answer: httpx.Response) -> dict[str, Any]:
    document: dict[str, Any] = answer.json()
    assert document.pop("synced_at").endswith("Z")
    return document
