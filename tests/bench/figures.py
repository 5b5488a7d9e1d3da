"""What was measured: every value of every round, and how ours compares with a peer's of the same round."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who does a thing, named as the table shows it."""

    what: str
    who: str
    unit: str
    ours: bool = False

    @property
    def less_is_better(self) -> bool:
        """Whether this is a time, and not a rate."""
        return not self.unit.endswith("/s")


@dataclass(frozen=True, slots=True)
class Aim:
    """What ours should reach beside a peer: `at_least` times as good, 1 being the same."""

    ours: Contender
    peer: Contender
    at_least: float | None = None
    """None where the ratio is only of interest."""
    peer_shown_as: str | None = None
    """Name of a peer that stands in the table a second time, where it did another thing than ours."""


@dataclass(slots=True)
class Figures:
    """All values of a run, in rounds: the n-th values of two contenders were measured side by side."""

    values: dict[Contender, list[float]] = field(default_factory=dict)

    def add(self, contender: Contender, value: float) -> None:
        """Note the value of a round."""
        self.values.setdefault(contender, []).append(value)

    def median(self, contender: Contender) -> float:
        """Return the median over the rounds."""
        return median(self.values[contender])

    def spread(self, contender: Contender) -> tuple[float, float]:
        """Return the least and the greatest value."""
        return min(self.values[contender]), max(self.values[contender])

    def ratio(self, aim: Aim) -> float | None:
        """Return how many times as good ours is: the median of the rounds' own ratios. None when not measured."""
        if aim.ours not in self.values or aim.peer not in self.values:
            return None
        pairs = zip(self.values[aim.ours], self.values[aim.peer], strict=False)
        if aim.ours.less_is_better:
            return median(_divide(theirs, ours) for ours, theirs in pairs)
        return median(_divide(ours, theirs) for ours, theirs in pairs)


def percentile(values: Iterable[float], part: float) -> float:
    """Return the value that `part` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def _divide(one: float, other: float) -> float:
    return one / other if other else float("inf")
