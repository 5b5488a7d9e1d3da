"""Reads that are wanted at the same moment, fetched with one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable, Sequence
from functools import partial
from itertools import islice
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Batches(Generic[K, V]):
    """Fetches values by key; `fetch` returns them in the order of the keys it is given.

    Who comes while nothing is under way is served at once, with those who came in the same turn of the loop. Who comes
    while `at_once` batches are under way waits for the next one, together with all who come meanwhile, `largest` keys
    at most; two who want the same share it. Nobody gets what was fetched before they came.
    """

    def __init__(
        self, fetch: Callable[[Sequence[K]], Coroutine[Any, Any, Sequence[V]]], *, largest: int, at_once: int
    ) -> None:
        self._fetch = fetch
        self._largest = largest
        self._at_once = at_once
        self._waiting: dict[K, asyncio.Future[V]] = {}
        self._under_way: set[asyncio.Task[Sequence[V]]] = set()

    def get(self, key: K) -> asyncio.Future[V]:
        """Return the coming value of a key, or what `fetch` raises; may be cancelled without harm to others."""
        value = self._waiting.get(key)
        if value is None:
            loop = asyncio.get_running_loop()
            if not self._waiting:
                # After all who are already in line to ask: whoever arrived together is served together.
                loop.call_soon(self._start)
            value = self._waiting[key] = loop.create_future()
        return asyncio.shield(value)

    def _start(self) -> None:
        while self._waiting and len(self._under_way) < self._at_once:
            batch = {key: self._waiting.pop(key) for key in list(islice(self._waiting, self._largest))}
            task = asyncio.create_task(self._fetch(list(batch)))
            self._under_way.add(task)
            task.add_done_callback(partial(self._landed, list(batch.values())))

    def _landed(self, values: Sequence[asyncio.Future[V]], task: asyncio.Task[Sequence[V]]) -> None:
        self._under_way.discard(task)
        if task.cancelled():
            for value in values:
                value.cancel()
        elif (error := task.exception()) is not None:
            for value in values:
                value.set_exception(error)
                value.exception()  # whoever wanted it may have gone; asyncio need not complain
        else:
            for value, fetched in zip(values, task.result(), strict=True):
                value.set_result(fetched)
        self._start()
