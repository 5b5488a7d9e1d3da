"""Stores the discounts domain: batches as they are told, discounts as the tiers have them, prices hour by hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from psycopg import Cursor
from psycopg.rows import class_row
from sqlalchemy import Connection

from shared.broker.wire import storable
from shared.contracts.prices import BatchReceived, DiscountChanged
from shared.database.engine import driver

SLICE: Final = 2000
"""Batches looked at by one statement: what a recomputation holds in memory, however many there are."""

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
        ceil(greatest(base_price * lowest.percent, lowest.price * 100)) * 0.01 AS allowed
    FROM looked_at
    CROSS JOIN (
        SELECT coalesce(max(percent), 0) AS percent, coalesce(max(price), 0) AS price FROM discount_floor
    ) AS lowest
    CROSS JOIN LATERAL (
        SELECT coalesce(max(percent), 0) AS percent FROM discount_tiers
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

# A discount counts as long as the batch is for sale at the base price that it is off.
_RECORD: Final = """
WITH batch_prices AS (
    SELECT 'batch', batch.sku, batch.lot, batch.currency, coalesce(held.price, batch.base_price), batch.base_price,
        NULL::date
    FROM batches AS batch
    LEFT JOIN discounts AS held
        ON held.sku = batch.sku AND held.lot = batch.lot AND held.ended_at IS NULL
            AND held.base_price = batch.base_price AND held.currency = batch.currency
    WHERE batch.quantity > 0 AND batch.expires_on >= %(today)s
), medians AS (
    SELECT DISTINCT ON (minifigure_id, condition, currency) minifigure_id, condition, currency, median_price,
        snapshot_date
    FROM price_snapshots
    WHERE snapshot_date BETWEEN %(today)s::date - %(days)s::integer AND %(today)s
    ORDER BY minifigure_id, condition, currency, snapshot_date DESC
), minifigure_prices AS (
    SELECT 'minifigure', item.set_number, condition, currency, median_price, NULL::numeric, snapshot_date
    FROM medians JOIN minifigures AS item ON item.id = minifigure_id
), written AS (
    INSERT INTO price_history
        (recorded_at, priced, item, variant, currency, price, base_price, snapshot_date)
    SELECT %(hour)s, * FROM (SELECT * FROM batch_prices UNION ALL SELECT * FROM minifigure_prices) AS prices
    ON CONFLICT DO NOTHING
    RETURNING priced
)
SELECT count(*) FILTER (WHERE priced = 'batch'), count(*) FILTER (WHERE priced = 'minifigure') FROM written
"""

SNAPSHOT_DAYS: Final = 30
"""Days after which a snapshot says no more what an item costs now."""


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
        told = asdict(self)
        del told["changed"]
        return DiscountChanged(**told)


@dataclass(frozen=True, slots=True)
class Slice:
    """Batches that a recomputation has looked at, and those of them whose discount has changed."""

    looked_at: int
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Recorded:
    """How many prices were added to the history."""

    batches: int
    minifigures: int


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


def recompute(connection: Connection, at: datetime, threshold: int) -> Iterator[Slice]:
    """Give batches the discounts that the tiers have for them at a time, slice by slice.

    Looked at are those for sale that expire within `threshold` days, and whatever has a discount: it keeps, changes or
    loses it by the same tiers.
    """
    raw = driver(connection)
    raw.execute(_LOCK)
    values = {"at": at, "today": _day(at), "threshold": threshold, "slice": SLICE, "sku": "", "lot": ""}
    with _cursor(connection) as cursor:
        while rows := cursor.execute(_SET, values).fetchall():
            yield Slice(len(rows), [row for row in rows if row.changed])
            values |= {"sku": rows[-1].sku, "lot": rows[-1].lot}


def end_expired(connection: Connection, at: datetime, limit: int) -> list[Change]:
    """End the discounts of up to `limit` batches that have expired."""
    driver(connection).execute(_LOCK)
    with _cursor(connection) as cursor:
        return cursor.execute(_END_EXPIRED, {"at": at, "today": _day(at), "limit": limit}).fetchall()


def record_prices(connection: Connection, at: datetime) -> Recorded:
    """Add what everything priced costs to the history, under the hour; what that hour has stays as it is.

    A batch costs what its discount makes of it, if it is for sale; a minifigure or set the median of its latest
    snapshot, by condition and currency, if that is not older than SNAPSHOT_DAYS.
    """
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    values = {"hour": hour, "today": _day(at), "days": SNAPSHOT_DAYS}
    return Recorded(*(driver(connection).execute(_RECORD, values).fetchone() or (0, 0)))


def _cursor(connection: Connection) -> Cursor[Change]:
    return driver(connection).cursor(row_factory=class_row(Change))


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
