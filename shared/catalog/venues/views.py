"""Reads of the venues domain: plain SELECTs that make each row's JSON in PostgreSQL, for a raw cursor."""

from __future__ import annotations

from typing import Final

_MOMENT: Final = "to_char({0} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"


def _moments(alias: str, *names: str) -> str:
    return ", ".join(f"{_MOMENT.format(f'{alias}.{name}')} AS {name}" for name in names)


LISTINGS: Final = f"""
SELECT own.starts_at, own.id, (
    SELECT row_to_json(told) FROM (
        SELECT own.id, own.source_id, source.name AS source, own.key, own.title,
            {_moments("own", "starts_at", "ends_at")}, own.all_day, own.time_zone, own.status, own.venue, own.address,
            own.description, own.url, own.image, own.ticket_url, own.availability, own.price_text, own.price_low,
            own.price_high, own.currency, own.organizer, own.categories,
            {_moments("own", "first_seen_at", "changed_at", "withdrawn_at")}
    ) AS told
)::text
FROM venue_listings AS own JOIN sources AS source ON source.id = own.source_id
WHERE coalesce(own.ends_at, own.starts_at) >= $1
    AND ($2::timestamptz IS NULL OR own.starts_at < $2)
    AND ($3::text IS NULL OR position(lower($3) IN lower(own.venue)) > 0)
    AND ($4::int IS NULL OR own.source_id = $4)
    AND ($5::bool OR own.withdrawn_at IS NULL)
    AND ($6::timestamptz IS NULL OR (own.starts_at, own.id) > ($6, $7::bigint))
ORDER BY own.starts_at, own.id
LIMIT $8
"""  # noqa: S608 - our own words
"""Listings that are not over at $1 and begin before $2, of venues whose name holds $3, of source $4, withdrawn ones
too if $5, behind the place ($6, $7) where a page ended; $8 at most. Rows: start, id, JSON."""

SOURCES: Final = f"""
SELECT own.id, (
    SELECT row_to_json(told) FROM (
        SELECT own.id, own.name, own.url, own.kind, own.time_zone, own.enabled, own.parent_id,
            {_moments("own", "synced_at", "checked_at")}, own.suspected_at IS NOT NULL AS suspected,
            {_moments("own", "suspected_at", "retired_at")}, own.last_yield, own.last_broken
    ) AS told
)::text
FROM sources AS own WHERE own.id > $1 ORDER BY own.id LIMIT $2
"""  # noqa: S608
"""Sources behind id $1, $2 at most. Rows: id, JSON."""

SOURCE: Final = """
SELECT row_to_json(told)::text FROM (
    SELECT own.*, held.listings, held.upcoming, held.withdrawn
    FROM sources AS own CROSS JOIN LATERAL (
        SELECT count(*) AS listings,
            count(*) FILTER (WHERE withdrawn_at IS NULL AND coalesce(ends_at, starts_at) >= $2) AS upcoming,
            count(*) FILTER (WHERE withdrawn_at IS NOT NULL) AS withdrawn
        FROM venue_listings WHERE source_id = own.id
    ) AS held
    WHERE own.id = $1
) AS told
"""
"""Source $1 whole, with how many listings it has at $2. Rows: JSON."""
