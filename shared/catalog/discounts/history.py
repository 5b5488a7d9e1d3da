"""What everything priced costs, hour by hour: batches in stock, and minifigures and sets by their snapshots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from shared.database.engine import driver

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
class Recorded:
    """How many prices were added to the history."""

    batches: int
    minifigures: int


def record_prices(connection: Connection, at: datetime) -> Recorded:
    """Add what everything priced costs to the history, under the hour; what that hour has stays as it is.

    A batch costs what its discount makes of it, if it is for sale; a minifigure or set the median of its latest
    snapshot, by condition and currency, if that is not older than SNAPSHOT_DAYS.
    """
    moment = at.astimezone(UTC)
    hour = moment.replace(minute=0, second=0, microsecond=0)
    values = {"hour": hour, "today": moment.date(), "days": SNAPSHOT_DAYS}
    return Recorded(*(driver(connection).execute(_RECORD, values).fetchone() or (0, 0)))
