"""One look for all who ask at about the same time."""

from __future__ import annotations

import asyncio

import pytest

from producers.console.glance import Glance, Seen

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


class Scene:
    """Something to look at: counts the looks, lets them wait, and fails when told."""

    def __init__(self) -> None:
        self.looks = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def look(self) -> int:
        self.looks += 1
        looks = self.looks
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return looks


async def test_ten_who_ask_together_are_one_look() -> None:
    scene = Scene()
    glance = Glance(scene.look, (), fresh=60)
    assert await asyncio.gather(*(glance.look() for _ in range(10))) == [Seen(1)] * 10
    assert await glance.look() == Seen(1)


async def test_who_asks_later_is_shown_what_is_then() -> None:
    scene = Scene()
    glance = Glance(scene.look, (), fresh=0)
    assert [await glance.look(), await glance.look()] == [Seen(1), Seen(2)]


async def test_a_slow_look_keeps_nobody_waiting_and_is_not_begun_twice() -> None:
    scene = Scene()
    glance = Glance(scene.look, (), fresh=0, patience=0.01)
    assert await glance.look() == Seen(1)
    scene.gate.clear()
    first, second = await glance.look(), await glance.look()
    assert (first.value, second.value, scene.looks) == (1, 1, 2)
    assert "no answer within 0.01 s; what is shown is 0 s old" in str(second.problem)
    scene.gate.set()
    await asyncio.sleep(0)
    assert scene.looks == 2


async def test_an_expected_error_is_shown_and_what_was_seen_before_is_not() -> None:
    scene = Scene()
    glance = Glance(scene.look, (OSError,), fresh=0)
    await glance.look()
    scene.error = OSError("away")
    assert await glance.look() == Seen(None, "away")
    scene.error = None
    assert await glance.look() == Seen(3)


async def test_any_other_error_is_everybodys() -> None:
    scene = Scene()
    scene.error = KeyError("bug")
    with pytest.raises(KeyError):
        await Glance(scene.look, (OSError,)).look()
