"""Waiting for a condition with a deadline: what tests do instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

TICK = 0.05
"""Seconds between two looks."""


def eventually(look: Callable[[], T], *, within: float = 20.0, what: str = "what was waited for") -> T:
    """Return what `look` returns as soon as that is true; fails, showing the last look, `within` so many seconds."""
    deadline = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < deadline, f"{what} did not come within {within:g} s; last seen: {seen!r}"
        time.sleep(TICK)
    return seen


def throughout(look: Callable[[], object], *, seconds: float, what: str = "what was to stay so") -> None:
    """Fail as soon as `look` is false, if it is at any time during so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert look(), f"{what}: it was not so {deadline - time.monotonic():.1f} s before the end"
        time.sleep(TICK)
