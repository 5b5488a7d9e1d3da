"""How much is held, counted by one statement and kept: a row for each day, of which the latest is served.

It counts across all domains and belongs to none of them, so it is SQL alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, Date, DateTime, Integer, Table
from sqlalchemy.dialects.postgresql import JSONB

from shared.database.engine import driver
from shared.database.metadata import metadata

ACTIVE: Final = timedelta(days=30)
"""Who was seen within so long is active."""

site_statistics: Final = Table(
    "site_statistics",
    metadata,
    Column("day", Date, primary_key=True, comment="The day, in UTC, on which it was counted"),
    Column("totals", JSONB, nullable=False, comment="Numbers by name: works, series, users, ..."),
    Column("active_users", Integer, nullable=False, comment="Users seen in the 30 days before"),
    Column("works_by_type", JSONB, nullable=False, comment="Works by type; unknown where Wikidata does not say"),
    Column("computed_at", DateTime(timezone=True), nullable=False, comment="When it was last counted on that day"),
    comment="How much is held, day by day",
)

# What its upstream has no more is not counted.
_COUNT: Final = """
WITH counted AS (
    SELECT json_build_object(
        'works', (SELECT count(*) FROM works WHERE gone_at IS NULL),
        'screen_works', (SELECT count(*) FROM screen_works WHERE gone_at IS NULL),
        'adaptations', (SELECT count(*) FROM adaptation_edges WHERE withdrawn_at IS NULL),
        'listings', (SELECT count(*) FROM venue_listings WHERE withdrawn_at IS NULL),
        'series', (SELECT count(*) FROM series WHERE gone_at IS NULL),
        'movies', (SELECT count(*) FROM movies WHERE gone_at IS NULL),
        'people', (SELECT count(*) FROM people WHERE gone_at IS NULL),
        'minifigures', (SELECT count(*) FROM minifigures WHERE item_type = 'minifigure'),
        'sets', (SELECT count(*) FROM minifigures WHERE item_type = 'set'),
        'users', (SELECT count(*) FROM users)
    )::jsonb AS totals, (
        SELECT count(*)::integer FROM users WHERE last_seen_at >= %(since)s
    ) AS active_users, (
        SELECT coalesce(jsonb_object_agg(work_type, number), '{}') FROM (
            SELECT coalesce(work_type, 'unknown') AS work_type, count(*) AS number
            FROM works WHERE gone_at IS NULL GROUP BY 1
        ) AS types
    ) AS works_by_type
)
INSERT INTO site_statistics (day, totals, active_users, works_by_type, computed_at)
SELECT %(day)s, totals, active_users, works_by_type, %(at)s FROM counted
ON CONFLICT (day) DO UPDATE
SET totals = excluded.totals, active_users = excluded.active_users, works_by_type = excluded.works_by_type,
    computed_at = excluded.computed_at
WHERE excluded.computed_at >= site_statistics.computed_at
RETURNING totals, active_users, works_by_type
"""

LATEST: Final = """
SELECT row_to_json(told)::text FROM (
    SELECT totals, active_users, works_by_type,
        to_char(computed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS computed_at
    FROM site_statistics ORDER BY day DESC LIMIT 1
) AS told
"""
"""The statistics counted last. Row: JSON."""


def update(connection: Connection, at: datetime) -> dict[str, Any] | None:
    """Count what is held and keep it as the statistics of the day; None if it was counted later than `at` already."""
    values = {"day": at.astimezone(UTC).date(), "at": at, "since": at - ACTIVE}
    row = driver(connection).execute(_COUNT, values).fetchone()
    return None if row is None else {"totals": row[0], "active_users": row[1], "works_by_type": row[2]}
