"""What the exporter asks, and what it is told: facts of one moment, each a value of a metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prometheus_client import Gauge


@dataclass(frozen=True, slots=True)
class Fact:
    """The value of one series, by the gauge that declares it."""

    gauge: Gauge
    value: float
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """Something to look at again and again; `look` returns all it tells, or raises when it does not answer.

    `share` is the part of the time that looking may take at most: whoever needs long to answer is asked less often.
    """

    name: str
    look: Callable[[], Sequence[Fact]]
    share: float = 0.5
