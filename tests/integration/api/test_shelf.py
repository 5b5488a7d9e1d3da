"""The shelf in PostgreSQL keeps the rules, also when many ask at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from producers.api.database import Database
from producers.api.shelf import DatabaseShelf
from shared.refreshes import Busy, Mine
from tests.integration.api.conftest import World
from tests.unit.api.shelf_rules import AT, ENTITY, ShelfRules, save

pytestmark = pytest.mark.anyio


class SteerableShelf(DatabaseShelf):
    """The real shelf, with a hand on the clock and on the workers."""

    def __init__(self, database: Database, world: World) -> None:
        super().__init__(database)
        self.world = world

    async def lapse(self, entity: str) -> None:
        self.world.sql("UPDATE refreshes SET leased_until = now() - interval '1 s' WHERE entity = %s", entity)

    async def finish(self, message_id: str) -> None:
        self.world.sql(
            """INSERT INTO sync_log (message_id, kind, queue, status, started_at)
               VALUES (%s, 'scrape.series.save', 'content', 'succeeded', now())""",
            message_id,
        )

    async def saves(self, entity: str) -> list[str]:
        wanted = f'{{"tvdb_id":{entity.removeprefix("series:")}}}'
        return [save["message_id"] for save in self.world.saves() if save["body"] == wanted]


@pytest.fixture
async def shelf(world: World) -> AsyncIterator[SteerableShelf]:
    database = Database(world.database_url, 4)
    await database.open()
    yield SteerableShelf(database, world)
    await database.close()


class TestDatabaseShelf(ShelfRules):
    pass


async def test_of_twenty_who_ask_at_the_same_moment_one_gets_the_lease(shelf: SteerableShelf) -> None:
    turns = await asyncio.gather(*(shelf.take(ENTITY, str(number)) for number in range(20)))
    assert sorted(type(turn).__name__ for turn in turns) == ["Busy"] * 19 + ["Mine"]


async def test_of_twenty_who_find_a_lapsed_lease_one_gets_it(shelf: SteerableShelf) -> None:
    await shelf.take(ENTITY, "anna")
    await shelf.lapse(ENTITY)
    turns = await asyncio.gather(*(shelf.take(ENTITY, str(number)) for number in range(20)))
    assert sum(turn == Mine() for turn in turns) == 1


async def test_a_renewed_lease_lasts(shelf: SteerableShelf) -> None:
    await shelf.take(ENTITY, "anna")
    await shelf.lapse(ENTITY)
    await shelf.renew(ENTITY, "anna")
    assert await shelf.take(ENTITY, "berta") == Busy()


async def test_a_save_of_which_nothing_is_heard_is_asked_for_again(shelf: SteerableShelf, world: World) -> None:
    await shelf.take(ENTITY, "anna")
    await shelf.settle(ENTITY, "anna", "{}", AT, save())
    await shelf.lapse(ENTITY)
    world.sql("UPDATE refreshes SET asked_at = now() - interval '11 minutes'")
    await shelf.take(ENTITY, "berta")
    assert await shelf.settle(ENTITY, "berta", "{}", AT, save())


async def test_the_message_is_in_the_outbox_only_if_the_answer_is_told(shelf: SteerableShelf, world: World) -> None:
    await shelf.take(ENTITY, "anna")
    await shelf.settle(ENTITY, "anna", "{}", AT, asked := save())
    assert [row["message_id"] for row in world.sql("SELECT message_id FROM refreshes")] == [asked.message_id]
    assert [row["message_id"] for row in world.saves()] == [asked.message_id]


async def test_rows_that_nobody_needs_any_more_are_swept(shelf: SteerableShelf, world: World) -> None:
    world.sql(
        """INSERT INTO refreshes (entity, holder, leased_until)
           SELECT 'movie:' || n, 'x', now() - interval '61 minutes' FROM generate_series(1, 30) AS n"""
    )
    for number in (1, 2):
        await shelf.take(f"series:{number}", "anna")
        await shelf.settle(f"series:{number}", "anna", "{}", AT, None)
    assert {row["entity"] for row in world.sql("SELECT entity FROM refreshes")} == {"series:1", "series:2"}
