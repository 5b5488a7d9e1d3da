"""How long the first message of a queue has waited, estimated without touching it.

A quorum queue does not tell, and taking a message to look at it would count as a delivery. But a queue is first in,
first out: its first message arrived when so many had arrived in all as have left it by now. So a short history of
arrivals is kept, and the moment is looked up in it. What has arrived is what was acknowledged, plus what is there.

The estimate is off by what is not known of the time between two looks (one interval), and where the broker itself
does not keep the order: what is returned to a queue, and on RabbitMQ 4 what has a higher priority, leaves it earlier.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

POINTS: Final = 400
"""Looks that are remembered at most; then every second one is forgotten, and what was between is interpolated."""

SETTLING: Final = 15.0
"""Seconds for which acknowledgements may be missing in the broker's numbers, which are not all of one moment. What is
missing for longer has left without one: purged, expired, dead-lettered."""


@dataclass(frozen=True, slots=True)
class Age:
    """Seconds; `guessed` when the message was there before anybody looked, and may be older, or not quite so old."""

    seconds: float
    guessed: bool = False


@dataclass(slots=True)
class Ages:
    """The history of one queue; to be given looks in their order."""

    _history: deque[tuple[float, float]] = field(default_factory=deque)
    """(moment, messages that had arrived in all by then); neither ever falls."""
    _began: float = float("-inf")
    """The first look; what the history says of the time before it is a guess."""
    _acked: float = 0.0
    _count: int = 0
    """The broker's own count of acknowledgements at the last look."""
    _lost: float = 0.0
    """Messages that have left without an acknowledgement."""
    _missing: deque[tuple[float, float]] = field(default_factory=deque)
    """(moment, messages missing in the sum) of all looks since nothing was."""

    @property
    def arrived(self) -> float:
        """Messages that have arrived in all, counted from a moment before the first look."""
        return self._history[-1][1] if self._history else 0.0

    def look(self, at: float, *, ready: int, unacked: int, acked: int, rate: float = 0.0) -> Age:
        """Return the age of the first waiting message at the moment `at`, in seconds of any clock.

        `acked` is the broker's count of acknowledgements, which begins anew with the broker. `rate` is the number of
        messages that leave in a second, by the broker's word; it is used once, to guess what was before the first look:
        by Little's law a message that leaves now has waited for as long as all that wait behind it take to leave.
        """
        there = ready + unacked
        if not self._history:
            self._began, self._count = at, acked
            if ready and rate > 0:
                self._history.append((at - ready / rate, float(there - ready)))
            self._history.append((at, float(there)))
        arrived = self._arrived(at, there, acked)
        if at > self._history[-1][0]:
            self._history.append((at, arrived))
        left = arrived - ready
        self._forget(left)
        return self._age(at, left) if ready else Age(0.0)

    def _arrived(self, at: float, there: int, acked: int) -> float:
        # A count that has fallen is a new one, of a broker that was started again.
        self._acked += acked - self._count if acked >= self._count else acked
        self._count = acked
        before = self.arrived
        missing = before - (self._acked + there + self._lost)
        if missing <= 0:
            self._missing.clear()
            return before - missing
        self._missing.append((at, missing))
        if there == 0 or at - self._missing[0][0] > SETTLING:
            self._lost += min(fewer for _, fewer in self._missing) if there else missing
            self._missing.clear()
        return before

    def _forget(self, left: float) -> None:
        """Forget what came before the first message that waits, and every second look when there are too many."""
        while len(self._history) > 1 and self._history[1][1] <= left:
            self._history.popleft()
        if len(self._history) > POINTS:
            points = list(self._history)
            self._history = deque(points[:-1:2])
            self._history.append(points[-1])
        while len(self._missing) > POINTS:
            self._missing.popleft()

    def _age(self, at: float, left: float) -> Age:
        """Return how long ago the message arrived that came after `left` others."""
        (since, before), *later = self._history
        if before > left or not later:
            return Age(at - since, guessed=since <= self._began)
        until, after = later[0]
        came = since + (until - since) * (left - before) / (after - before)
        return Age(at - came, guessed=until <= self._began)
