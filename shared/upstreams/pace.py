"""The rules of asking an upstream, pure: whose turn it is, how long silence lasts, when to stop trying.

Turns are spaced by the generic cell rate algorithm: one moment, `due`, says when the next request would be due were
they evenly spaced, and a request may come early by what a burst allows. Times are Unix seconds of one clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from shared.errors import BreakerOpen, LimitReached

LATE: Final = 0.1
"""Seconds after its turn within which a request has to be on its way; a sender that is later takes another turn."""

TRAVEL: Final = 0.05
"""Seconds by which the way to an upstream may differ from one request to the next without breaking a limit."""

THRESHOLD: Final = 10
"""Failures in a row, with no success of anybody in between, that open the breaker."""

FIRST_PAUSE: Final = 15.0
LONGEST_PAUSE: Final = 600.0
"""Seconds for which the breaker stays open; doubled from the first to the longest each time a probe fails."""

PROBE: Final = 90.0
"""Seconds that the one request let through to an upstream that was away has to come back."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How an upstream may be asked: at most `most` requests in any window of `per` seconds, `burst` of them at once.

    `per_day` counts days that end at midnight in `day_zone`. `patience` is for how many seconds a process may wait
    for its turn; a longer wait is the message's, which gives its process to another. `rest` is for an upstream that
    counts how long it works: the silence after each answer, in seconds for each second that it took.
    """

    most: float
    per: float = 1.0
    burst: int = 1
    per_day: int | None = None
    day_zone: str = "UTC"
    patience: float = 2.0
    rest: float = 0.0

    def __post_init__(self) -> None:
        if not 1 <= self.burst <= self.most:
            raise ValueError("a limit allows one request, and no burst beyond what it allows at all")

    @property
    def interval(self) -> float:
        """Seconds between turns, such that no window holds more requests than it may, even if some are late."""
        return (self.per + LATE + TRAVEL) / (self.most + 1 - self.burst)


@dataclass(frozen=True, slots=True)
class State:
    """What everybody who asks an upstream has to know; `open_until` is 0 while the breaker is closed."""

    due: float = 0.0
    silent_until: float = 0.0
    day: str = ""
    used: int = 0
    failures: int = 0
    pauses: int = 0
    open_until: float = 0.0
    probing: bool = False

    @property
    def breaker(self) -> int:
        """0 closed, 1 half open (one request is finding out), 2 open."""
        return 0 if not self.open_until else 1 if self.probing else 2


def take(upstream: str, limit: Limit, state: State, now: float) -> tuple[State, float]:
    """Return the state once this request has its turn, and for how many seconds it has to wait for it.

    Raises BreakerOpen or LimitReached, which say how long to wait, when that is longer than the limit's patience.
    """
    if state.open_until > now:
        raise BreakerOpen(upstream, state.open_until - now)
    wait = max(state.due - (limit.burst - 1) * limit.interval - now, state.silent_until - now, 0.0)
    today = datetime.fromtimestamp(now, ZoneInfo(limit.day_zone))
    used = state.used if state.day == today.date().isoformat() else 0
    if limit.per_day is not None and used >= limit.per_day:
        wait = max(wait, _seconds_left(today))
    if wait > limit.patience:
        raise LimitReached(upstream, wait)
    taken = replace(
        state,
        due=max(state.due, now + wait) + limit.interval,
        day=today.date().isoformat(),
        used=used + 1,
        # Of an upstream that was away, one request at a time finds out whether it is back.
        open_until=now + wait + PROBE if state.open_until else 0.0,
        probing=bool(state.open_until),
    )
    return taken, wait


def hold(state: State, now: float, seconds: float) -> State:
    """Return the state after an upstream has asked for so many seconds of silence."""
    return replace(state, silent_until=max(state.silent_until, now + seconds))


def failed(state: State, now: float) -> State:
    """Return the state after an upstream was away: did not answer, or said that it cannot."""
    counted = replace(state, failures=state.failures + 1)
    # What was under way when the breaker opened says nothing new.
    if counted.failures < THRESHOLD or (state.open_until and not state.probing):
        return counted
    pause = min(FIRST_PAUSE * 2**state.pauses, LONGEST_PAUSE)
    return replace(counted, pauses=min(state.pauses + 1, 10), open_until=now + pause, probing=False)


def succeeded(state: State) -> State:
    """Return the state after an upstream has answered."""
    return replace(state, failures=0, pauses=0, open_until=0.0, probing=False)


def _seconds_left(today: datetime) -> float:
    midnight = datetime.combine(today.date() + timedelta(days=1), time(), today.tzinfo)
    return (midnight.astimezone(UTC) - today.astimezone(UTC)).total_seconds()
