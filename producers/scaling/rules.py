"""How many processes a pool should have: a pure function of its load, of what bounds it, and of what was needed lately.

What comes in must be worked on (messages a second times seconds of a process for each), and what waits must be gone
before the oldest of it is older than the pool's objective. More is recommended at once, less when it has been enough
for a while, so that nothing flaps.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from math import ceil
from typing import Final

CALM: Final = 120.0
"""Seconds for which fewer processes must have been enough before fewer are recommended."""

SPARE: Final = 0.8
"""Share of its time that a process may be busy with what comes in: a queue before one that always is never ends."""

HASTE: Final = 0.25
"""Share of the objective in which what waits shall be gone when its oldest is (nearly) too old already."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a pool has to do: `ready` messages wait, `in_flight` are worked on by as many processes.

    `arrivals` is in messages a second, `mean_seconds` the time of a process for one; None is unknown. Ages in seconds.
    """

    ready: int
    in_flight: int
    processes: int
    oldest_age: float | None
    objective: float
    arrivals: float | None
    mean_seconds: float | None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What more processes than which would be useless or harmful; None is no bound.

    `most` is the pool's own. `connections` is how many processes the database has connections for. `upstream` is how
    many messages a second the pool's upstream lets through, `upstream_name` what it is called.
    """

    most: int
    connections: int | None = None
    upstream: float | None = None
    upstream_name: str = "the upstream"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A number of processes, and why, in words."""

    processes: int
    reason: str


def needed(load: Load) -> tuple[float, str]:
    """Return how many processes the load is worth, and why; bounded by nothing."""
    waits = f"{load.ready} waiting"
    if load.ready == 0 and not load.arrivals:
        return 0.0, "nothing waits"
    if load.mean_seconds is None:
        # Nothing was finished yet, so nobody knows how long one takes: what is there may show it, and an old queue
        # is worth one more.
        late = load.oldest_age is not None and load.oldest_age > load.objective / 2
        now = max(load.processes, 1)
        return float(now + late), f"{waits}, and none was finished yet that would tell how long one takes"
    flow = (load.arrivals or 0.0) * load.mean_seconds / SPARE
    left = max(load.objective - (load.oldest_age or 0.0), load.objective * HASTE)
    drain = load.ready * load.mean_seconds / left
    told = f"{waits}, {_seconds(load.mean_seconds)} each, to be done in {_seconds(left)}"
    if load.arrivals:
        told += f", and {load.arrivals:.3g} a second coming in"
    return flow + drain, told


@dataclass(slots=True)
class Rules:
    """The rules of one pool, which remember what was needed lately; `calm` is in seconds, and 0 remembers nothing.

    Until it has been watched for so long, a pool is taken to need the processes that it was found with.
    """

    calm: float = CALM
    _lately: deque[tuple[float, int, str]] = field(default_factory=deque)
    """(moment, processes, reason) of what was needed, falling: who is followed by a higher one counts no more."""

    def recommend(self, at: float, load: Load, bounds: Bounds) -> Recommendation:
        """Return the recommendation of the moment `at`, in seconds of any clock; to be asked in the order of time."""
        if self.calm and not self._lately:
            self._lately.append((at, load.processes, f"{load.processes} were found, and not watched for long"))
        wish, why = needed(load)
        count = max(ceil(wish - 1e-9), 1)
        while self._lately and self._lately[-1][1] <= count:
            self._lately.pop()
        while self._lately and self._lately[0][0] < at - self.calm:
            self._lately.popleft()
        self._lately.append((at, count, why))
        since, count, why = self._lately[0]
        if since < at:
            why = f"{why}, {_seconds(at - since)} ago; fewer after {_seconds(self.calm)} of calm"
        return _bounded(count, why, load, bounds)


def _bounded(count: int, why: str, load: Load, bounds: Bounds) -> Recommendation:
    limits = [(bounds.most, f"the pool's most is {bounds.most}")]
    if bounds.connections is not None:
        limits.append((bounds.connections, f"the database has connections for {max(bounds.connections, 0)}"))
    if bounds.upstream is not None and load.mean_seconds is not None:
        useful = ceil(bounds.upstream * load.mean_seconds)
        limits.append((useful, f"{bounds.upstream_name} lets {bounds.upstream:.3g} a second through"))
    least, limit = min(limits)
    if least < count:
        count, why = least, f"{why}, but {limit}"
    if load.in_flight > max(count, 1):
        return Recommendation(load.in_flight, f"{load.in_flight} are busy ({why})")
    return Recommendation(max(count, 1), why)


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value < 1000 else f"{value:.0f} s"  # noqa: PLR2004 - no 1e+03
