"""Looking at something once for everybody who asks at about the same time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen(Generic[T]):
    """What was seen. With a `problem`, in words, it is what was seen before, or None."""

    value: T | None
    problem: str | None = None


class Glance(Generic[T]):
    """A look that costs something: ten who ask within `fresh` seconds cost no more than one.

    Nobody waits longer than `patience` seconds; who asks again while a slow look goes on begins no other. `errors` are
    those that are shown instead of raised.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[T]],
        errors: tuple[type[Exception], ...],
        *,
        fresh: float = 2.0,
        patience: float = 3.0,
    ) -> None:
        self._function = look
        self._errors = errors
        self._fresh = fresh
        self._patience = patience
        self._looking: asyncio.Task[Seen[T]] | None = None
        self._ended = 0.0
        self._last: T | None = None

    async def look(self) -> Seen[T]:
        """Return what was seen a moment ago, or look."""
        looking = self._looking
        if looking is None or (looking.done() and time.monotonic() - self._ended > self._fresh):
            looking = self._looking = asyncio.create_task(self._look())
        await asyncio.wait({looking}, timeout=self._patience)
        if not looking.done():
            ago = f"; what is shown is {time.monotonic() - self._ended:.0f} s old" if self._last is not None else ""
            return Seen(self._last, f"no answer within {self._patience:g} s{ago}")
        return looking.result()

    async def _look(self) -> Seen[T]:
        try:
            self._last = await self._function()
            return Seen(self._last)
        except self._errors as error:
            self._last = None
            return Seen(None, str(error) or type(error).__name__)
        finally:
            self._ended = time.monotonic()
