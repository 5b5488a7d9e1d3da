"""How many calls a keyset has left: in a second, and in a day, which ends at midnight in California."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from deploy.sandbox.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

ZONE = ZoneInfo("America/Los_Angeles")


class Quota:
    """Counts calls; `clock` tells the time."""

    def __init__(self, per_second: int, per_day: int, clock: Callable[[], datetime]) -> None:
        self._per_day = per_day
        self._clock = clock
        self._window = Window(per_second, clock)
        self._used: Counter[str] = Counter()

    def take(self) -> bool:
        """Count a call, unless it is one too many."""
        today = self._clock().astimezone(ZONE).date().isoformat()
        if self._used[today] >= self._per_day or not self._window.take():
            return False
        self._used[today] += 1
        return True

    def report(self) -> dict[str, Any]:
        """Return what is left of the day, as the Analytics API says it."""
        now = self._clock().astimezone(ZONE)
        used = self._used[now.date().isoformat()]
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), ZONE).astimezone(UTC)
        rate = {
            "count": used,
            "limit": self._per_day,
            "remaining": self._per_day - used,
            "reset": midnight.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "timeWindow": 86400,
        }
        resources = [{"name": "buy.browse", "rates": [rate]}]
        return {"rateLimits": [{"apiContext": "buy", "apiName": "browse", "apiVersion": "v1", "resources": resources}]}
