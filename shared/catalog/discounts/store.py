"""Stores the discounts domain: batches as they are told, and the tiers that an operator sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from shared.broker.wire import storable
from shared.catalog.discounts.rules import Floor, Tier
from shared.contracts.prices import BatchReceived
from shared.database.engine import driver

_GIVEN: Final = """
WITH given AS (
    SELECT sku, lot, expires_on, quantity, base_price, currency, name, least(told_at, %(at)s) AS told_at, place
    FROM unnest(%(sku)s::text[], %(lot)s::text[], %(expires_on)s::date[], %(quantity)s::integer[],
                %(base_price)s::numeric[], %(currency)s::text[], %(name)s::text[], %(told_at)s::timestamptz[])
        WITH ORDINALITY AS given (sku, lot, expires_on, quantity, base_price, currency, name, told_at, place)
)
"""

_SAVE_PRODUCTS: Final = f"""
{_GIVEN}, latest AS (
    SELECT DISTINCT ON (sku) sku, name, CASE WHEN name IS NOT NULL THEN told_at END AS named_at
    FROM given
    ORDER BY sku, name IS NULL, told_at DESC, place DESC
)
INSERT INTO products AS held (sku, name, named_at, added_at)
SELECT sku, name, named_at, %(at)s FROM latest ORDER BY sku
ON CONFLICT (sku) DO UPDATE SET name = excluded.name, named_at = excluded.named_at
    WHERE excluded.named_at >= coalesce(held.named_at, '-infinity')
        AND (held.name, held.named_at) IS DISTINCT FROM (excluded.name, excluded.named_at)
"""  # noqa: S608 - our own words

_SAVE_BATCHES: Final = f"""
{_GIVEN}, latest AS (
    SELECT DISTINCT ON (sku, lot) * FROM given ORDER BY sku, lot, told_at DESC, place DESC
)
INSERT INTO batches AS held (sku, lot, expires_on, quantity, base_price, currency, received_at, told_at)
SELECT sku, lot, expires_on, quantity, base_price, currency, %(at)s, told_at FROM latest ORDER BY sku, lot
ON CONFLICT (sku, lot) DO UPDATE
SET expires_on = excluded.expires_on, quantity = excluded.quantity, base_price = excluded.base_price,
    currency = excluded.currency, told_at = excluded.told_at
WHERE excluded.told_at >= held.told_at
    AND (held.expires_on, held.quantity, held.base_price, held.currency, held.told_at) IS DISTINCT FROM
        (excluded.expires_on, excluded.quantity, excluded.base_price, excluded.currency, excluded.told_at)
"""  # noqa: S608

_SAVE_TIERS: Final = """
INSERT INTO discount_tiers AS held (days_left, min_quantity, percent)
SELECT * FROM unnest(%(days_left)s::integer[], %(min_quantity)s::integer[], %(percent)s::numeric[])
ON CONFLICT (days_left, min_quantity) DO UPDATE SET percent = excluded.percent WHERE held.percent <> excluded.percent
"""

_SAVE_FLOOR: Final = """
INSERT INTO discount_floor AS held (percent, price) VALUES (%(percent)s, %(price)s)
ON CONFLICT (one) DO UPDATE SET percent = excluded.percent, price = excluded.price
WHERE (held.percent, held.price) <> (excluded.percent, excluded.price)
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """Which discounts are given: the tiers, those of the last days first, and the floor."""

    tiers: tuple[Tier, ...]
    floor: Floor


def receive(
    connection: Connection, batches: Sequence[BatchReceived], told_at: Sequence[datetime], at: datetime
) -> None:
    """Store what was told of batches and when each was published; of one told repeatedly the latest counts.

    What was published before that which is stored changes nothing, in whichever order they arrive; of two published at
    the same time the one that arrives later counts. A time that is still to come counts as `at`.
    """
    columns: dict[str, Any] = {
        name: [getattr(batch, name) for batch in batches]
        for name in ("sku", "lot", "expires_on", "quantity", "base_price", "currency")
    }
    columns["name"] = [None if batch.name is None else storable(batch.name) for batch in batches]
    raw = driver(connection)
    for statement in (_SAVE_PRODUCTS, _SAVE_BATCHES):
        raw.execute(statement, {**columns, "told_at": list(told_at), "at": at})


def terms(connection: Connection) -> Terms:
    """Return the terms that hold now."""
    raw = driver(connection)
    tiers = raw.execute("SELECT days_left, percent, min_quantity FROM discount_tiers ORDER BY days_left, min_quantity")
    floor = raw.execute("SELECT percent, price FROM discount_floor").fetchone() or ()
    return Terms(tuple(Tier(*row) for row in tiers), Floor(*floor))


def set_terms(connection: Connection, wanted: Terms) -> None:
    """Let these be the terms of the next recomputation: all tiers that there are, and the floor."""
    raw = driver(connection)
    # Two whole tables at once must not become the union of both.
    raw.execute("LOCK TABLE discount_tiers IN SHARE ROW EXCLUSIVE MODE")
    raw.execute(
        "DELETE FROM discount_tiers WHERE (days_left, min_quantity) NOT IN"
        " (SELECT * FROM unnest(%(days_left)s::integer[], %(min_quantity)s::integer[]))",
        _columns(wanted.tiers),
    )
    set_tiers(connection, wanted.tiers)
    set_floor(connection, wanted.floor)


def set_tiers(connection: Connection, tiers: Iterable[Tier]) -> None:
    """Add tiers, or give those that have the same days and stock another percentage."""
    driver(connection).execute(_SAVE_TIERS, _columns(tiers))


def remove_tier(connection: Connection, days_left: int, min_quantity: int = 0) -> bool:
    """Remove a tier; False when there is none."""
    statement = "DELETE FROM discount_tiers WHERE days_left = %s AND min_quantity = %s"
    return driver(connection).execute(statement, (days_left, min_quantity)).rowcount == 1


def set_floor(connection: Connection, floor: Floor) -> None:
    """Let this be what no discount goes below."""
    driver(connection).execute(_SAVE_FLOOR, {"percent": floor.percent, "price": floor.price})


def _columns(tiers: Iterable[Tier]) -> dict[str, list[Any]]:
    tiers = list(tiers)
    return {name: [getattr(tier, name) for tier in tiers] for name in ("days_left", "min_quantity", "percent")}
