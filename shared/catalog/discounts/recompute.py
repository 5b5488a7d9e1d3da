"""Gives batches the discounts that the tiers have for them: one statement a slice decides, writes and tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import class_row
from sqlalchemy import Connection

from shared.catalog.discounts import store
from shared.contracts.prices import DiscountChanged
from shared.database.engine import driver

SLICE: Final = 2000
"""Batches looked at by one statement: what a recomputation holds in memory, however many there are."""

# Two that set discounts at once would both announce what one of them has changed.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('discounts'))"

# The same as rules.discount_of, in numerics that nothing rounds but round, ceil and div.
_SET: Final = """
WITH looked_at AS MATERIALIZED (
    SELECT batch.*, held.percent AS held_percent, held.price AS held_price, held.base_price AS held_base_price,
        held.currency AS held_currency, held.sku IS NOT NULL AS has_one
    FROM batches AS batch
    LEFT JOIN discounts AS held
        ON held.sku = batch.sku AND held.lot = batch.lot AND held.ended_at IS NULL
    WHERE (batch.sku, batch.lot) > (%(sku)s, %(lot)s)
        AND (held.sku IS NOT NULL OR batch.quantity > 0
            AND batch.expires_on BETWEEN %(today)s AND %(today)s::date + %(threshold)s::integer)
    ORDER BY batch.sku, batch.lot
    LIMIT %(slice)s
), wanted AS (
    SELECT looked_at.*, tier.percent AS tier_percent, round(base_price * (100 - tier.percent) * 0.01, 2) AS asked,
        ceil(greatest(base_price * %(floor_percent)s, %(floor_price)s * 100)) * 0.01 AS allowed
    FROM looked_at
    CROSS JOIN LATERAL (
        SELECT coalesce(max(percent), 0) AS percent
        FROM unnest(%(days_left)s::integer[], %(min_quantity)s::integer[], %(percent)s::numeric[])
            AS tier (days_left, min_quantity, percent)
        WHERE looked_at.quantity > 0 AND looked_at.expires_on >= %(today)s
            AND days_left >= looked_at.expires_on - %(today)s AND min_quantity <= looked_at.quantity
    ) AS tier
), priced AS (
    SELECT wanted.*, least(base_price, greatest(asked, allowed)) AS price FROM wanted
), ruled AS (
    SELECT priced.*,
        CASE
            WHEN price = base_price THEN 0
            WHEN price = asked THEN tier_percent
            ELSE div(20000 * (base_price - price) + base_price, 2 * base_price) * 0.01
        END AS percent
    FROM priced
), decided AS (
    SELECT sku, lot, expires_on, base_price, currency, has_one, percent > 0 AS due,
        CASE WHEN percent > 0 THEN percent ELSE 0 END::numeric(5, 2) AS percent,
        CASE WHEN percent > 0 THEN price ELSE base_price END::numeric(12, 2) AS price,
        CASE
            WHEN percent > 0 THEN NOT has_one
                OR (percent, price, base_price, currency) IS DISTINCT FROM
                    (held_percent, held_price, held_base_price, held_currency)
            ELSE has_one
        END AS changed
    FROM ruled
), given AS (
    INSERT INTO discounts AS held (sku, lot, percent, base_price, price, currency, since)
    SELECT sku, lot, percent, base_price, price, currency, %(at)s FROM decided WHERE due AND changed
    ON CONFLICT (sku, lot) DO UPDATE
    SET percent = excluded.percent, base_price = excluded.base_price, price = excluded.price,
        currency = excluded.currency, since = excluded.since, ended_at = NULL
), ended AS (
    UPDATE discounts AS held SET ended_at = %(at)s
    FROM decided WHERE held.sku = decided.sku AND held.lot = decided.lot AND decided.changed AND NOT decided.due
), noted AS (
    INSERT INTO discount_changes (sku, lot, percent, base_price, price, currency, changed_at)
    SELECT sku, lot, percent, base_price, price, currency, %(at)s FROM decided WHERE changed ORDER BY sku, lot
)
SELECT sku, lot, expires_on, percent, base_price, price, currency, changed FROM decided ORDER BY sku, lot
"""

_END_EXPIRED: Final = """
WITH over AS (
    SELECT sku, lot, batch.expires_on, batch.base_price, batch.currency
    FROM discounts AS held JOIN batches AS batch USING (sku, lot)
    WHERE held.ended_at IS NULL AND batch.expires_on < %(today)s
    ORDER BY sku, lot
    LIMIT %(limit)s
), ended AS (
    UPDATE discounts AS held SET ended_at = %(at)s FROM over WHERE held.sku = over.sku AND held.lot = over.lot
), noted AS (
    INSERT INTO discount_changes (sku, lot, percent, base_price, price, currency, changed_at)
    SELECT sku, lot, 0, base_price, base_price, currency, %(at)s FROM over
)
SELECT sku, lot, expires_on, 0.00 AS percent, base_price, base_price AS price, currency, true AS changed FROM over
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A batch and its discount as it has just become; percent 0 is none."""

    sku: str
    lot: str
    expires_on: date
    percent: Decimal
    base_price: Decimal
    price: Decimal
    currency: str
    changed: bool

    def fact(self) -> DiscountChanged:
        """Return the message that announces it."""
        return DiscountChanged(
            sku=self.sku,
            lot=self.lot,
            percent=self.percent,
            base_price=self.base_price,
            price=self.price,
            currency=self.currency,
            expires_on=self.expires_on,
        )


@dataclass(frozen=True, slots=True)
class Slice:
    """Batches that a recomputation has looked at, and those of them whose discount has changed."""

    looked_at: int
    changes: list[Change]


def recompute(connection: Connection, at: datetime, threshold: int) -> Iterator[Slice]:
    """Give batches the discounts that the tiers have for them at a time, slice by slice.

    Looked at are those for sale that expire within `threshold` days, and whatever has a discount: it keeps, changes or
    loses it by the same tiers. They are those of the beginning; changed meanwhile, they count from the next time on.
    """
    driver(connection).execute(_LOCK)
    terms = store.terms(connection)
    values: dict[str, Any] = {
        **{name: [getattr(tier, name) for tier in terms.tiers] for name in ("days_left", "min_quantity", "percent")},
        "floor_percent": terms.floor.percent,
        "floor_price": terms.floor.price,
        "at": at,
        "today": at.astimezone(UTC).date(),
        "threshold": threshold,
        "slice": SLICE,
        "sku": "",
        "lot": "",
    }
    with _cursor(connection) as cursor:
        while rows := cursor.execute(_SET, values).fetchall():
            yield Slice(len(rows), [row for row in rows if row.changed])
            values |= {"sku": rows[-1].sku, "lot": rows[-1].lot}


def end_expired(connection: Connection, at: datetime, limit: int) -> list[Change]:
    """End the discounts of up to `limit` batches that have expired."""
    driver(connection).execute(_LOCK)
    with _cursor(connection) as cursor:
        return cursor.execute(_END_EXPIRED, {"at": at, "today": at.astimezone(UTC).date(), "limit": limit}).fetchall()


def _cursor(connection: Connection) -> Cursor[Change]:
    return driver(connection).cursor(row_factory=class_row(Change))
