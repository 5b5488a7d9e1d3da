"""Reads wanted at the same moment share a statement, and nobody is told what was true before they came."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Sequence

import pytest

from producers.api.batches import Batches

pytestmark = pytest.mark.anyio


class Table:
    """Notes what is fetched together, and answers when its gate is open."""

    def __init__(self) -> None:
        self.fetched: list[list[int]] = []
        self.gate = asyncio.Event()
        self.error: Exception | None = None
        self.version = 0

    async def __call__(self, keys: Sequence[int]) -> list[str]:
        self.fetched.append(list(keys))
        version = self.version
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return [f"{key} v{version}" for key in keys]


@pytest.fixture
def table() -> Table:
    return Table()


def batches(table: Table, largest: int = 10, at_once: int = 1) -> Batches[int, str]:
    return Batches(table, largest=largest, at_once=at_once)


async def test_who_comes_alone_is_served_at_once(table: Table) -> None:
    table.gate.set()
    assert await batches(table).get(1) == "1 v0"
    assert table.fetched == [[1]]


async def test_who_comes_while_one_is_under_way_shares_the_next(table: Table) -> None:
    reads = batches(table)
    first = reads.get(1)
    await under_way(table, 1)
    later = [reads.get(key) for key in (2, 3, 2)]
    await asyncio.sleep(0)
    table.gate.set()
    assert await asyncio.gather(first, *later) == ["1 v0", "2 v0", "3 v0", "2 v0"]
    assert table.fetched == [[1], [2, 3]]


async def test_who_come_in_the_same_turn_are_served_together(table: Table) -> None:
    table.gate.set()
    reads = batches(table)
    assert await asyncio.gather(*(reads.get(key) for key in (1, 2, 1))) == ["1 v0", "2 v0", "1 v0"]
    assert table.fetched == [[1, 2]]


async def test_nobody_gets_what_was_fetched_before_they_came(table: Table) -> None:
    reads = batches(table)
    early = reads.get(1)
    await under_way(table, 1)
    table.version = 1
    late = reads.get(1)
    table.gate.set()
    assert (await early, await late) == ("1 v0", "1 v1")


async def test_a_batch_has_a_largest_size(table: Table) -> None:
    table.gate.set()
    reads = batches(table, largest=2)
    await asyncio.gather(*(reads.get(key) for key in range(6)))
    assert [len(keys) for keys in table.fetched] == [2, 2, 2]


async def test_so_many_are_under_way_at_once_and_no_more(table: Table) -> None:
    reads = batches(table, largest=3, at_once=2)
    wanted = []
    for key in range(5):
        wanted.append(reads.get(key))
        await under_way(table, min(key + 1, 2))
    assert table.fetched == [[0], [1]]
    table.gate.set()
    await asyncio.gather(*wanted)
    assert table.fetched == [[0], [1], [2, 3, 4]]


async def test_an_error_is_told_to_all_whom_it_concerns_and_the_next_batch_is_tried(table: Table) -> None:
    reads = batches(table)
    table.error = LookupError("away")
    wanted = [reads.get(key) for key in (1, 2, 3)]
    table.gate.set()
    told = await asyncio.gather(*wanted, return_exceptions=True)
    assert [repr(one) for one in told] == ["LookupError('away')"] * 3
    table.error = None
    assert await reads.get(1) == "1 v0"


async def test_who_goes_away_takes_nothing_from_the_others(table: Table) -> None:
    reads = batches(table)
    first, second, third = reads.get(1), reads.get(2), reads.get(2)
    first.cancel()
    second.cancel()
    table.gate.set()
    assert await third == "2 v0"


async def test_an_error_that_nobody_waits_for_any_more_is_no_complaint(table: Table) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    reads = batches(table)
    table.error = LookupError("away")
    wanted = reads.get(1)
    await under_way(table, 1)
    wanted.cancel()
    table.gate.set()
    await asyncio.sleep(0.01)
    gc.collect()
    assert complaints == []


async def under_way(table: Table, count: int) -> None:
    """Wait until so many batches have been begun."""
    async with asyncio.timeout(2):
        while len(table.fetched) < count:  # noqa: ASYNC110 - every turn of the loop counts
            await asyncio.sleep(0)
