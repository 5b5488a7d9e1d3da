"""Reads of the minifigures domain: plain SELECTs that make each row's JSON in PostgreSQL, for a raw cursor."""

from __future__ import annotations

from typing import Final

_MOMENT: Final = "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"


def _moments(alias: str, *names: str) -> str:
    return ", ".join(f"{_MOMENT.format(f'{alias}.{name}')} AS {name}" for name in names)


_ITEM: Final = f"""own.id, own.set_number, own.item_type, own.name, own.theme, own.subtheme, own.year, own.image,
            own.pieces, own.minifigs, {_moments("own", "synced_at")}"""

ITEMS: Final = f"""
SELECT own.set_number, (SELECT row_to_json(told) FROM (SELECT {_ITEM}) AS told)::text
FROM minifigures AS own
WHERE ($1::text IS NULL OR lower(own.theme) = lower($1))
    AND ($2::int IS NULL OR own.year = $2)
    AND ($3::text IS NULL OR own.item_type = $3)
    AND ($4::text IS NULL OR position(lower($4) IN lower(own.name)) > 0 OR starts_with(own.set_number, lower($4)))
    AND ($5::text IS NULL OR own.set_number > $5)
ORDER BY own.set_number
LIMIT $6
"""  # noqa: S608 - our own words
"""Items of theme $1, of year $2, of type $3, with $4 in their name or at the start of their number, behind number $5;
$6 at most. Rows: number, JSON."""

ITEM: Final = f"""
SELECT own.id, (
    SELECT row_to_json(told) FROM (
        SELECT {_ITEM}, (
            SELECT coalesce(json_object_agg(condition, {_MOMENT.format("priced_at")} ORDER BY condition), '{{}}')
            FROM price_fetches WHERE minifigure_id = own.id AND priced_at IS NOT NULL
        ) AS priced_at
    ) AS told
)::text
FROM minifigures AS own WHERE own.set_number = lower($1)
"""  # noqa: S608
"""The item with number $1, in whatever case. Row: id, JSON."""

LISTINGS: Final = f"""
SELECT own.observed_on, own.source, own.item_id, (
    SELECT row_to_json(told) FROM (
        SELECT own.observed_on, own.source, own.item_id, own.title, own.condition, own.price, own.currency,
            own.converted_from, own.shipping, own.price_kind, own.bids, own.url, own.image, own.seller,
            {_moments("own", "ends_at", "first_seen_at", "observed_at", "ended_at")}
    ) AS told
)::text
FROM price_listings AS own
WHERE own.minifigure_id = $1
    AND ($2::text IS NULL OR own.condition = $2)
    AND ($3::date IS NULL OR own.observed_on >= $3)
    AND ($4::date IS NULL OR own.observed_on <= $4)
    AND ($5::date IS NULL OR (own.observed_on, own.source, own.item_id) < ($5, $6::text, $7::text))
ORDER BY own.observed_on DESC, own.source DESC, own.item_id DESC
LIMIT $8
"""  # noqa: S608
"""Offers of item $1 in condition $2, seen on the days from $3 to $4, behind the place ($5, $6, $7); $8 at most, the
newest day first. Rows: day, source, id of the offer, JSON."""

SNAPSHOTS: Final = f"""
SELECT own.snapshot_date, own.condition, own.currency, (
    SELECT row_to_json(told) FROM (
        SELECT own.snapshot_date, own.condition, own.currency, own.min_price, own.max_price, own.avg_price,
            own.median_price, own.listing_count, {_moments("own", "computed_at")}
    ) AS told
)::text
FROM price_snapshots AS own
WHERE own.minifigure_id = $1
    AND ($2::text IS NULL OR own.condition = $2)
    AND ($3::text IS NULL OR own.currency = $3)
    AND ($4::date IS NULL OR own.snapshot_date >= $4)
    AND ($5::date IS NULL OR own.snapshot_date <= $5)
    AND ($6::date IS NULL OR (own.snapshot_date, own.condition, own.currency) < ($6, $7::text, $8::text))
ORDER BY own.snapshot_date DESC, own.condition DESC, own.currency DESC
LIMIT $9
"""  # noqa: S608
"""Snapshots of item $1 in condition $2 and currency $3, of the days from $4 to $5, behind the place ($6, $7, $8); $9 at
most, the newest day first. Rows: day, condition, currency, JSON."""
