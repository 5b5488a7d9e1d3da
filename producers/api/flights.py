"""One piece of work for everybody who wants the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Flights(Generic[T]):
    """Work under way, by key. It belongs to nobody who waits for it: who goes away takes nothing with them."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Task[T]] = {}

    async def join(self, key: str, begin: Callable[[], Coroutine[Any, Any, T]], patience: float) -> T:
        """Return what the work of that key comes to, beginning it if nobody has; raises its error.

        Raises TimeoutError after `patience` seconds; the work goes on.
        """
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(begin(), name=key)
            task.add_done_callback(self._landed)
        return await asyncio.wait_for(asyncio.shield(task), patience)

    async def close(self) -> None:
        """End what is under way and wait for it to be ended."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _landed(self, task: asyncio.Task[T]) -> None:
        del self._under_way[task.get_name()]
        if not task.cancelled():
            task.exception()  # everybody who waited for it may have gone; it was noted here
