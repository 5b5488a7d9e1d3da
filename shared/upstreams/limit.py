"""A process's own pace towards one upstream, so that asking stays polite before anybody has to say 429.

It counts in this process alone; what all pools together may ask of an upstream is not decided here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from shared.errors import LimitReached

# A wait shorter than the shortest delay tier is cheaper in place than as a trip through the broker.
PATIENCE: Final = 2.0
"""Seconds that `take` waits at most; a longer wait is the message's, not the process's."""


class Limit:
    """Lets `burst` requests pass at once and `per_second` on average, from any thread."""

    def __init__(
        self,
        upstream: str,
        per_second: float,
        burst: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._upstream = upstream
        self._interval = 1.0 / per_second
        self._slack = (burst - 1) * self._interval
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._due = clock()  # when the next request is due, were they evenly spaced
        self._silent_until = clock()

    def take(self) -> float:
        """Wait for this request's turn and return the seconds waited.

        Raises LimitReached, and takes no turn, when that would be longer than PATIENCE.
        """
        with self._lock:
            now = self._clock()
            wait = max(self._due - self._slack - now, self._silent_until - now, 0.0)
            if wait > PATIENCE:
                raise LimitReached(self._upstream, wait)
            self._due = max(self._due, now + wait) + self._interval
        if wait:
            self._sleep(wait)
        return wait

    def hold(self, seconds: float) -> None:
        """Let nothing pass for so many seconds, because the upstream has asked for silence."""
        with self._lock:
            self._silent_until = max(self._silent_until, self._clock() + seconds)
