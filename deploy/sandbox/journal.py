"""The log of requests received, and the two measures that prove a client's manners.

`busiest_second` is the greatest number of requests of one upstream that arrived within any window of one second;
`open_at_once` the greatest number that were being answered at the same time on one path.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from shared.clock import milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

KEPT = 20_000
"""Requests remembered; a load test counts more, and its counters go on."""

WINDOW = 1.0
"""Seconds; windows are half open, so requests exactly a second apart are not in one."""

PATHS = 10_000
"""Paths whose peak is remembered, so that a long load test cannot fill memory."""


@dataclass(slots=True)
class Entry:
    """One request. `at_ms` is monotonic, counted from the journal's start; `wall_ms` is Unix time.

    `status` is None while the answer is under way and 0 when the connection was cut; `open_on_path` counts this
    request too.
    """

    number: int
    upstream: str
    method: str
    path: str
    query: str
    at_ms: float
    wall_ms: int
    open_on_path: int
    status: int | None = None
    took_ms: float | None = None
    fault: int | None = None


class Journal:
    """Notes requests as they arrive and leave. For one event loop; nothing here waits."""

    def __init__(self, ticks: Callable[[], float], clock: Callable[[], datetime], kept: int = KEPT) -> None:
        self._ticks = ticks
        self._clock = clock
        self._start = ticks()
        self._open: Counter[str] = Counter()
        self._entries: deque[Entry] = deque(maxlen=kept)
        self.clear()

    def clear(self) -> None:
        """Forget what was received; requests under way stay open and still count as such."""
        self._entries.clear()
        self._count = 0
        self._recent: dict[str, deque[float]] = {}
        self._busiest: Counter[str] = Counter()
        self._peaks: dict[str, int] = {}
        self._statuses: Counter[str] = Counter()

    def arrive(self, upstream: str, method: str, path: str, query: str) -> Entry:
        """Note a request at the moment it is received."""
        now = self._ticks()
        recent = self._recent.setdefault(upstream, deque())
        recent.append(now)
        while recent[0] <= now - WINDOW:
            recent.popleft()
        self._busiest[upstream] = max(self._busiest[upstream], len(recent))
        self._open[path] += 1
        here = self._open[path]
        if here > 1 and here > self._peaks.get(path, 1) and (path in self._peaks or len(self._peaks) < PATHS):
            self._peaks[path] = here
        self._count += 1
        entry = Entry(
            number=self._count,
            upstream=upstream,
            method=method,
            path=path,
            query=query,
            at_ms=round((now - self._start) * 1000, 3),
            wall_ms=milliseconds(self._clock()),
            open_on_path=here,
        )
        self._entries.append(entry)
        return entry

    def leave(self, entry: Entry, status: int) -> None:
        """Note that the answer is complete, or, with status 0, that the connection was cut."""
        entry.status = status
        entry.took_ms = round((self._ticks() - self._start) * 1000 - entry.at_ms, 3)
        self._statuses[f"{entry.upstream} {status}"] += 1
        self._open[entry.path] -= 1
        if not self._open[entry.path]:
            del self._open[entry.path]

    def report(self, path: str = "*", limit: int = KEPT) -> dict[str, Any]:
        """Return the totals and the last `limit` entries whose path fits the glob `path`, oldest first."""
        chosen = [entry for entry in self._entries if fnmatchcase(entry.path, path)]
        return {
            "received": self._count,
            "matching": len(chosen),
            "busiest_second": dict(self._busiest),
            "open_now": sum(self._open.values()),
            "open_at_once": max(self._peaks.values(), default=1 if self._count else 0),
            "open_at_once_by_path": {p: n for p, n in self._peaks.items() if fnmatchcase(p, path)},
            "statuses": dict(self._statuses),
            "requests": [asdict(entry) for entry in (chosen[-limit:] if limit else [])],
        }
