"""Reads how many calls eBay says are left of the day: asking is free, and the one way to tell a full day from haste."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from shared.upstreams.ebay.tokens import UPSTREAM
from shared.upstreams.fields import Audit, Fields

PATH: Final = "/developer/analytics/v1_beta/rate_limit/"
ASKED: Final = {"api_name": "browse", "api_context": "buy"}
RESOURCE: Final = "buy.browse"


def closed_for(raw: dict[str, Any], now: datetime) -> float | None:
    """Return the seconds until there are calls again; None while there are some. Raises UnreadableAnswer."""
    for limit in Fields(raw, "", Audit(UPSTREAM)).children("rateLimits"):
        for resource in limit.children("resources"):
            if resource.text("name") != RESOURCE:
                continue
            for rate in resource.children("rates"):
                reset = rate.moment_or_none("reset")
                if rate.whole_or_none("remaining") == 0 and reset is not None and reset > now:
                    return (reset - now).total_seconds()
    return None
