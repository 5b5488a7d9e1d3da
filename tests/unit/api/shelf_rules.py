"""What every shelf must do; run by the unit tests on the fake, by the integration tests on PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from producers.api.shelf import Shelf
from shared.broker.ids import new_id
from shared.broker.wire import Message, compose
from shared.contracts.kinds import CONTRACTS
from shared.contracts.screen import SaveSeries
from shared.refreshes import Busy, Mine, Told

ENTITY = "series:4711"
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)


class ShelfUnderTest(Shelf, Protocol):
    """A shelf of which a test can turn the clock and play the worker."""

    async def lapse(self, entity: str) -> None: ...

    async def finish(self, message_id: str) -> None: ...

    async def saves(self, entity: str) -> list[str]: ...


def save() -> Message:
    return compose(CONTRACTS, SaveSeries(tvdb_id=4711), app_id="test", message_id=new_id())


class ShelfRules:
    """A subclass has a fixture `shelf`."""

    async def test_a_lease_is_given_to_one_holder_only(self, shelf: ShelfUnderTest) -> None:
        assert await shelf.take(ENTITY, "anna") == Mine()
        assert await shelf.take(ENTITY, "berta") == Busy()

    async def test_a_released_lease_is_free_at_once(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        await shelf.release(ENTITY, "anna")
        assert await shelf.take(ENTITY, "berta") == Mine()

    async def test_nobody_releases_the_lease_of_another(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        await shelf.release(ENTITY, "berta")
        assert await shelf.take(ENTITY, "berta") == Busy()

    async def test_the_lease_of_a_dead_holder_lapses(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        await shelf.lapse(ENTITY)
        assert await shelf.take(ENTITY, "berta") == Mine()

    async def test_an_answer_is_told_to_whoever_asks_next(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        assert await shelf.settle(ENTITY, "anna", '{"name": "Skavl"}', AT, save())
        assert await shelf.take(ENTITY, "berta") == Told('{"name": "Skavl"}', AT)

    async def test_that_there_is_nothing_is_told_as_well(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        assert not await shelf.settle(ENTITY, "anna", None, AT, None)
        assert await shelf.take(ENTITY, "berta") == Told(None, AT)
        assert await shelf.saves(ENTITY) == []

    async def test_an_answer_counts_only_until_its_save_is_done(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        await shelf.settle(ENTITY, "anna", "{}", AT, asked := save())
        await shelf.finish(asked.message_id)
        assert await shelf.take(ENTITY, "berta") == Mine()

    async def test_a_lease_under_way_does_not_end_with_an_earlier_save(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        await shelf.settle(ENTITY, "anna", "{}", AT, asked := save())
        await shelf.finish(asked.message_id)
        await shelf.take(ENTITY, "berta")
        assert await shelf.take(ENTITY, "carla") == Busy()

    async def test_no_second_save_is_asked_for_while_one_is_on_its_way(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        await shelf.settle(ENTITY, "anna", "{}", AT, first := save())
        await shelf.lapse(ENTITY)
        await shelf.take(ENTITY, "berta")
        assert not await shelf.settle(ENTITY, "berta", "{}", AT, save())
        assert await shelf.saves(ENTITY) == [first.message_id]

    async def test_a_save_is_asked_for_again_once_the_first_is_done(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        await shelf.settle(ENTITY, "anna", "{}", AT, first := save())
        await shelf.finish(first.message_id)
        await shelf.take(ENTITY, "berta")
        assert await shelf.settle(ENTITY, "berta", "{}", AT, second := save())
        assert await shelf.saves(ENTITY) == [first.message_id, second.message_id]

    async def test_who_lost_the_lease_asks_for_nothing_and_tells_nothing(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        await shelf.lapse(ENTITY)
        await shelf.take(ENTITY, "berta")
        assert not await shelf.settle(ENTITY, "anna", "{}", AT, save())
        assert await shelf.saves(ENTITY) == []
        assert await shelf.take(ENTITY, "carla") == Busy()

    async def test_an_answer_stays_when_its_holder_lets_go_of_the_lease(self, shelf: ShelfUnderTest) -> None:
        await shelf.take(ENTITY, "anna")
        await shelf.settle(ENTITY, "anna", "{}", AT, save())
        await shelf.release(ENTITY, "anna")
        assert await shelf.take(ENTITY, "berta") == Told("{}", AT)
