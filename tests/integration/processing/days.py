"""Days and observations that the tests of prices speak of."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.contracts.prices import Observation

DAY = date(2026, 11, 21)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def seen(item_id: str, price: str, **more: Any) -> Observation:
    """Return an observation of sw0001a, used, in dollars, at noon of DAY."""
    told = {"set_number": "sw0001a", "condition": "USED", "source": "shop", "currency": "USD", "observed_at": NOON}
    return Observation(item_id=item_id, price=Decimal(price), **{**told, **more})
