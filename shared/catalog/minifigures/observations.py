"""Stores what other services have seen of prices: any number of observations by one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from shared.broker.wire import storable_json
from shared.catalog.minifigures.store import NotInCatalogue
from shared.contracts.prices import Observation
from shared.database.engine import driver

# Of one offer seen twice on a day the later sight counts, in whichever order the two arrive.
_STORE: Final = """
WITH given AS (
    SELECT * FROM json_to_recordset(%(observations)s::json) AS given (
        set_number text, condition text, source text, item_id text, price numeric(12, 2), currency text,
        price_kind text, shipping numeric(12, 2), title text, url text, observed_at timestamptz
    )
), known AS (
    SELECT item.id, (observed_at AT TIME ZONE 'UTC')::date AS observed_on, given.*
    FROM given JOIN minifigures AS item ON item.set_number = lower(given.set_number)
), latest AS (
    SELECT DISTINCT ON (id, observed_on, source, item_id)
        id, observed_on, source, item_id, coalesce(title, set_number) AS title, condition, price, currency,
        price_kind, shipping, url, observed_at
    FROM known
    ORDER BY id, observed_on, source, item_id, observed_at DESC
), written AS (
    INSERT INTO price_listings AS held
        (minifigure_id, observed_on, source, item_id, title, condition, price, currency, price_kind, shipping, url,
         first_seen_at, observed_at)
    SELECT id, observed_on, source, item_id, title, condition, price, currency, price_kind, shipping, url,
        observed_at, observed_at
    FROM latest
    ON CONFLICT (minifigure_id, observed_on, source, item_id) DO UPDATE
    SET title = excluded.title, condition = excluded.condition, price = excluded.price, currency = excluded.currency,
        price_kind = excluded.price_kind, shipping = excluded.shipping, url = excluded.url,
        observed_at = excluded.observed_at, first_seen_at = least(held.first_seen_at, excluded.first_seen_at)
    WHERE excluded.observed_at > held.observed_at
    RETURNING 1
)
SELECT (SELECT count(*) FROM known),
    (SELECT set_number FROM given WHERE set_number NOT IN (SELECT set_number FROM known) LIMIT 1),
    (SELECT count(*) FROM written)
"""


def store_observations(connection: Connection, observations: Sequence[Observation], at: datetime) -> int:
    """Store observations, those without a time as seen at `at`; return how many rows were written.

    Raises NotInCatalogue, with nothing stored, when one is of an item that the catalogue does not have.
    """
    given = [
        observation.model_dump(mode="json")
        | {"observed_at": (observation.observed_at or at).astimezone(UTC).isoformat()}
        for observation in observations
    ]
    row = driver(connection).execute(_STORE, {"observations": storable_json(given)}).fetchone()
    known, unknown, written = row or (0, None, 0)
    if known < len(given):
        raise NotInCatalogue(f"item {unknown}")
    return int(written)
