"""What a health check says: an item for each thing looked at, its state, what was seen, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

State = Literal["ok", "warn", "bad"]

ORDER: Final[tuple[State, ...]] = ("ok", "warn", "bad")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was looked at; `next_step` is for whoever is to mend it, None when there is nothing to mend."""

    name: str
    state: State
    told: str
    next_step: str | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """All that was looked at."""

    items: Sequence[Item]

    @property
    def state(self) -> State:
        """Return the worst state of all."""
        return worst(item.state for item in self.items)

    def of(self, state: State) -> list[Item]:
        """Return the items in one state."""
        return [item for item in self.items if item.state == state]

    def plain(self) -> dict[str, Any]:
        """Return it as JSON can hold it."""
        return {"state": self.state, "items": [asdict(item) for item in self.items]}


def worst(states: Any) -> State:
    """Return the worst of some states; ok if there is none."""
    return max(states, key=ORDER.index, default="ok")


def graded(value: float, warn: float, bad: float) -> State:
    """Return ok below `warn`, bad from `bad` on, and warn in between."""
    return "bad" if value >= bad else "warn" if value >= warn else "ok"


def span(seconds: float) -> str:
    """Say how long something is, in the unit that suits it: 40 s, 15 min, 3 h, 12 days."""
    for size, name in ((172_800, "days"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / {'days': 86_400, 'h': 3_600, 'min': 60}[name]:.0f} {name}"
    return f"{seconds:.0f} s"
