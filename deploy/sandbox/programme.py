"""What is on at an invented venue: the same acts come round again and again, so that there are always some to come.

The evenings of one day and the next are the same but for the first and the last: time passes as it does at a venue.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

EPOCH = date(2024, 1, 1)
ZONE = ZoneInfo("America/New_York")
FURTHEST_MOVE = 365
"""Days by which an evening can be put off or brought forward."""


@dataclass(frozen=True)
class Act:
    """What comes round; `text` fields are shown as they are, so entities and stray spaces in them are on purpose."""

    slug: str
    title: str
    starts: time | None = None
    """None: all day."""
    minutes: int = 120
    days: int = 1
    details: dict[str, str] = field(default_factory=dict)
    """What only one kind of venue tells: the class of its ticket link, its price, its place."""


@dataclass(frozen=True)
class Evening:
    """One evening; `number` counts them from the epoch on, and is its own for ever."""

    key: str
    number: int
    act: Act
    day: date
    title: str

    @property
    def last_day(self) -> date:
        """The last of its days."""
        return self.day + timedelta(days=self.act.days - 1)

    @property
    def starts(self) -> datetime:
        """When it starts, in the venue's zone; midnight when it lasts all day."""
        return datetime.combine(self.day, self.act.starts or time(), ZONE)

    @property
    def ends(self) -> datetime:
        """When it ends; the midnight after when it lasts all day."""
        if self.act.starts is None:
            return datetime.combine(self.last_day + timedelta(days=1), time(), ZONE)
        return datetime.combine(self.last_day, self.act.starts, ZONE) + timedelta(minutes=self.act.minutes)


@dataclass
class Programme:
    """Acts in turn, one each `every` days, announced `ahead` days before. Evenings can be moved, renamed, taken off."""

    acts: Sequence[Act]
    every: int
    ahead: int
    clock: Callable[[], datetime]
    _changed: dict[str, tuple[int, str | None]] = field(default_factory=dict)
    _removed: set[str] = field(default_factory=set)

    def today(self) -> date:
        """Return the day it is at the venue."""
        return self.clock().astimezone(ZONE).date()

    def upcoming(self) -> list[Evening]:
        """Return every evening announced that is not over, the next first."""
        today = self.today()
        return self.between(today, today + timedelta(days=self.ahead))

    def between(self, first: date, last: date) -> list[Evening]:
        """Return the evenings that are on some day of a span, soonest first, also those long over."""
        longest = max(act.days for act in self.acts) + FURTHEST_MOVE
        since = (first - timedelta(days=longest) - EPOCH).days // self.every
        until = (last + timedelta(days=FURTHEST_MOVE) - EPOCH).days // self.every
        evenings = (self._evening(number) for number in range(max(since, 0), until + 1))
        on = [one for one in evenings if one.day <= last and one.last_day >= first and one.key not in self._removed]
        return sorted(on, key=lambda one: (one.starts, one.number))

    def change(self, key: str, days: int, title: str | None) -> None:
        """Put an evening off by so many days (of its first date), and call it something else."""
        self._removed.discard(key)
        self._changed[key] = (days, title)

    def remove(self, key: str) -> None:
        """Take an evening off the programme."""
        self._removed.add(key)

    def restore(self) -> None:
        """Take back every change."""
        self._changed.clear()
        self._removed.clear()

    def _evening(self, number: int) -> Evening:
        round_, which = divmod(number, len(self.acts))
        act = self.acts[which]
        planned = Evening(f"{act.slug}-{round_}", number, act, EPOCH + timedelta(days=number * self.every), act.title)
        days, title = self._changed.get(planned.key, (0, None))
        return replace(planned, day=planned.day + timedelta(days=days), title=title or act.title)
