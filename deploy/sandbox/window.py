"""How many requests an upstream takes within any span of time."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

SECOND = timedelta(seconds=1)


class Window:
    """Lets `most` requests pass in any span of `within`, by a clock; what it refuses does not count."""

    def __init__(self, most: int, clock: Callable[[], datetime], within: timedelta = SECOND) -> None:
        self._most = most
        self._clock = clock
        self._within = within
        self._passed: deque[datetime] = deque()

    def take(self) -> bool:
        """Count a request, unless it is one too many."""
        now = self._clock()
        while self._passed and now - self._passed[0] >= self._within:
            self._passed.popleft()
        if len(self._passed) >= self._most:
            return False
        self._passed.append(now)
        return True

    def clear(self) -> None:
        """Forget all that passed."""
        self._passed.clear()
