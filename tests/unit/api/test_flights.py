"""One piece of work for everybody who wants the same at the same time."""

from __future__ import annotations

import asyncio

import pytest

from producers.api.flights import Flights

pytestmark = pytest.mark.anyio


class Work:
    """Counts how often it is begun; ends when told to."""

    def __init__(self) -> None:
        self.begun = 0
        self.end = asyncio.Event()
        self.cancelled = False

    async def __call__(self) -> int:
        self.begun += 1
        try:
            await self.end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return self.begun


async def test_a_hundred_who_want_the_same_share_one_piece_of_work() -> None:
    flights, work = Flights[int](), Work()
    waiting = [asyncio.create_task(flights.join("a", work, 10)) for _ in range(100)]
    await asyncio.sleep(0)
    work.end.set()
    assert await asyncio.gather(*waiting) == [1] * 100


async def test_different_wishes_are_different_work() -> None:
    flights, one, other = Flights[int](), Work(), Work()
    one.end.set()
    other.end.set()
    await asyncio.gather(flights.join("a", one, 10), flights.join("b", other, 10))
    assert (one.begun, other.begun) == (1, 1)


async def test_who_comes_after_the_end_begins_anew() -> None:
    flights, work = Flights[int](), Work()
    work.end.set()
    assert await flights.join("a", work, 10) == 1
    assert await flights.join("a", work, 10) == 2


async def test_a_leader_who_goes_away_takes_nothing_with_them() -> None:
    flights, work = Flights[int](), Work()
    leader = asyncio.create_task(flights.join("a", work, 10))
    await asyncio.sleep(0)
    follower = asyncio.create_task(flights.join("a", work, 10))
    await asyncio.sleep(0)
    leader.cancel()
    await asyncio.wait([leader])
    work.end.set()
    assert await follower == 1
    assert not work.cancelled


async def test_everybody_hears_of_an_error() -> None:
    async def fail() -> int:
        await asyncio.sleep(0)
        raise LookupError("gone")

    flights = Flights[int]()
    heard = await asyncio.gather(*(flights.join("a", fail, 10) for _ in range(3)), return_exceptions=True)
    assert [repr(one) for one in heard] == ["LookupError('gone')"] * 3


async def test_an_error_nobody_waits_for_any_more_is_no_complaint() -> None:
    end = asyncio.Event()

    async def fail() -> int:
        await end.wait()
        raise LookupError("gone")

    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
    flights = Flights[int]()
    with pytest.raises(TimeoutError):
        await flights.join("a", fail, 0.01)
    end.set()
    await asyncio.sleep(0.01)
    assert complaints == []


async def test_work_goes_on_when_patience_ends_and_the_next_one_gets_its_result() -> None:
    flights, work = Flights[int](), Work()
    with pytest.raises(TimeoutError):
        await flights.join("a", work, 0.01)
    work.end.set()
    assert await flights.join("a", work, 10) == 1


async def test_closing_ends_what_is_under_way() -> None:
    flights, work = Flights[int](), Work()
    waiting = asyncio.create_task(flights.join("a", work, 10))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await flights.close()
    assert work.cancelled
    with pytest.raises(asyncio.CancelledError):
        await waiting
