"""Reads of the discounts domain: plain SELECTs that make each row's JSON in PostgreSQL, for a raw cursor."""

from __future__ import annotations

from typing import Final

_MOMENT: Final = "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"

# Between two recomputations a batch may be sold out, expire or be priced anew: its discount counts no more.
_COUNTS: Final = """held.ended_at IS NULL AND batch.quantity > 0 AND batch.expires_on >= $1::date
        AND held.base_price = batch.base_price AND held.currency = batch.currency"""

DISCOUNTS: Final = f"""
SELECT batch.expires_on, batch.sku, batch.lot, (
    SELECT row_to_json(told) FROM (
        SELECT batch.sku, batch.lot, product.name, batch.expires_on, batch.expires_on - $1::date AS days_left,
            batch.quantity, held.percent, held.base_price, held.price, held.currency,
            {_MOMENT.format("held.since")} AS since
    ) AS told
)::text
FROM batches AS batch JOIN discounts AS held USING (sku, lot) JOIN products AS product USING (sku)
WHERE {_COUNTS} AND batch.expires_on >= coalesce($4::date, $1)
    AND ($2::text IS NULL OR batch.sku = $2)
    AND ($3::text IS NULL OR batch.currency = $3)
    AND ($4::date IS NULL OR (batch.expires_on, batch.sku, batch.lot) > ($4, $5::text, $6::text))
ORDER BY batch.expires_on, batch.sku, batch.lot
LIMIT $7
"""  # noqa: S608 - our own words
"""Discounts that count on day $1, of product $2, in currency $3, behind the place ($4, $5, $6); $7 at most, the soonest
expiry first. Rows: expiry, sku, lot, JSON."""

BATCH: Final = f"""
SELECT (
    SELECT row_to_json(told) FROM (
        SELECT batch.sku, batch.lot, product.name, batch.expires_on, batch.expires_on - $1::date AS days_left,
            batch.quantity, batch.base_price, batch.currency, (
                SELECT row_to_json(given) FROM (
                    SELECT held.percent, held.price, {_MOMENT.format("held.since")} AS since
                ) AS given
                WHERE {_COUNTS}
            ) AS discount, (
                SELECT coalesce(json_agg(row_to_json(past)), '[]') FROM (
                    SELECT {_MOMENT.format("changed_at")} AS changed_at, percent, base_price, price, currency
                    FROM discount_changes AS change
                    WHERE change.sku = batch.sku AND change.lot = batch.lot
                    ORDER BY id DESC LIMIT 1000
                ) AS past
            ) AS history
    ) AS told
)::text
FROM batches AS batch JOIN products AS product USING (sku) LEFT JOIN discounts AS held USING (sku, lot)
WHERE (batch.sku, batch.lot) IN (SELECT * FROM unnest($2::text[], $3::text[]))
ORDER BY batch.sku, batch.lot
LIMIT 1
"""  # noqa: S608
"""The first there is of the batches $3 of the products $2, pair by pair, on day $1, with its discount and the latest
changes of it. Row: JSON."""

TIERS: Final = """
SELECT row_to_json(told)::text FROM (
    SELECT (
        SELECT coalesce(json_agg(row_to_json(tier)), '[]') FROM (
            SELECT days_left, min_quantity, percent FROM discount_tiers ORDER BY days_left, min_quantity
        ) AS tier
    ) AS tiers, (
        SELECT row_to_json(lowest) FROM (SELECT percent, price FROM discount_floor) AS lowest
    ) AS floor
) AS told
"""
"""All tiers, those of the last days first, and the floor. Row: JSON."""
