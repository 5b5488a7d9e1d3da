"""Refresh sweeps: which entities are past their age, stalest first, and how many saves are on their way already.

How long the queue of a pool is only the broker knows. What the database knows is enough to be considerate: a sweep
notes what it asks for, and the run log says what became of it. While most of that has not ended, the pool is behind,
and asking for more would only make its queue longer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Column, Connection, DateTime, Table, Text

from shared.database.engine import driver
from shared.database.metadata import metadata

refresh_asks: Final = Table(
    "refresh_asks",
    metadata,
    Column("entity", Text, primary_key=True, comment="Such as series:81189"),
    Column("message_id", Text, nullable=False, comment="The save; sync_log has what became of it"),
    Column("asked_at", DateTime(timezone=True), nullable=False, comment="When it was asked for"),
    comment="Saves that refresh sweeps have asked for, the latest of each entity",
)

TABLES: Final = {"series": "series", "movie": "movies", "person": "people"}
"""The table of each sort of entity."""

PATIENCE: Final = timedelta(hours=24)
"""For so long after a sweep has asked for an entity no sweep asks again, whatever became of the save.

A save that died waits in the ledger for a person; and one of which nothing was heard for a day may have been lost by
an operator who emptied a queue.
"""

KEPT: Final = timedelta(days=30)
"""For so long it is known that an entity was asked for: one whose saves keep failing goes to the end of the line."""

# Two sweeps at once would find the same entities; the second waits, and then sees what the first has asked for.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('refresh_asks'))"

_FORGET: Final = """
DELETE FROM refresh_asks
WHERE asked_at < %(kept)s
   OR EXISTS (SELECT FROM sync_log WHERE sync_log.message_id = refresh_asks.message_id AND status = 'succeeded')
"""

# By all that is known here: asked for by a sweep, by a person who reads it, waiting in the outbox, begun, or to be
# tried again. Bodies in the outbox under the key of a kind have been composed by its contract.
_ON_THEIR_WAY: Final = """
SELECT refresh_asks.entity FROM refresh_asks LEFT JOIN sync_log AS run USING (message_id)
WHERE split_part(refresh_asks.entity, ':', 1) = ANY(%(sorts)s) AND asked_at > %(patience)s
  AND coalesce(run.status, 'running') IN ('running', 'retrying')
UNION
SELECT refreshes.entity FROM refreshes LEFT JOIN sync_log AS run USING (message_id)
WHERE split_part(refreshes.entity, ':', 1) = ANY(%(sorts)s) AND refreshes.asked_at > %(patience)s
  AND coalesce(run.status, 'running') IN ('running', 'retrying')
UNION
SELECT sort || ':' || (convert_from(body, 'UTF8')::jsonb ->> 'tvdb_id')
FROM outbox JOIN unnest(%(kinds)s::text[], %(sorts)s::text[]) AS kinds (kind, sort) ON routing_key = kind
UNION
SELECT entity FROM sync_log WHERE status IN ('running', 'retrying') AND kind = ANY(%(kinds)s) AND entity IS NOT NULL
"""

_STALE: Final = """
SELECT '{sort}' AS sort, tvdb_id, synced_at FROM {table} WHERE synced_at < %(before)s AND gone_at IS NULL
"""

# An entity whose saves fail stays as stale as it is: it counts by when it was last tried, or nothing else would ever
# have its turn.
_PICK: Final = """
SELECT sort, tvdb_id
FROM ({stale}) AS stale LEFT JOIN refresh_asks ON refresh_asks.entity = sort || ':' || tvdb_id
WHERE (asked_at IS NULL OR asked_at <= %(patience)s) AND sort || ':' || tvdb_id <> ALL (%(on_their_way)s)
ORDER BY greatest(synced_at, asked_at), sort, tvdb_id
LIMIT %(limit)s
"""

_NOTE: Final = """
INSERT INTO refresh_asks (entity, message_id, asked_at)
SELECT entity, message_id, %(at)s FROM unnest(%(entities)s::text[], %(messages)s::text[]) AS asked (entity, message_id)
ON CONFLICT (entity) DO UPDATE SET message_id = excluded.message_id, asked_at = excluded.asked_at
"""


_COUNT: Final = "SELECT count(*) FROM {table} WHERE synced_at < %s AND gone_at IS NULL"


@dataclass(frozen=True, slots=True)
class Stale:
    """An entity that is past its age; `sort` is series, movie or person."""

    sort: str
    tvdb_id: int

    @property
    def entity(self) -> str:
        """Return what the run log calls it."""
        return f"{self.sort}:{self.tvdb_id}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found: how many saves are on their way, and whom to ask for now."""

    on_their_way: int
    stale: Sequence[Stale]
    backs_off: bool


def sweep(connection: Connection, kinds: Mapping[str, str], before: datetime, limit: int, now: datetime) -> Sweep:
    """Find what was last compared before a time, stalest first; `kinds` names the kind of save of each sort.

    With what is on its way already it is `limit` at most; and while that is more than half of `limit`, it is nothing.
    What upstream has said to be gone is left alone. No other sweep looks until the caller's transaction ends.
    """
    raw = driver(connection)
    raw.execute(_LOCK)
    raw.execute(_FORGET, {"kept": now - KEPT})
    values = {"sorts": list(kinds), "kinds": list(kinds.values()), "patience": now - PATIENCE}
    on_their_way = [entity for (entity,) in raw.execute(_ON_THEIR_WAY, values) if entity is not None]
    waiting = len(on_their_way)
    if waiting * 2 > limit:
        return Sweep(waiting, (), backs_off=True)
    statement = _PICK.format(stale=" UNION ALL ".join(_STALE.format(sort=sort, table=TABLES[sort]) for sort in kinds))
    picked = raw.execute(
        statement,
        {"before": before, "patience": now - PATIENCE, "on_their_way": on_their_way, "limit": limit - waiting},
    )
    return Sweep(waiting, [Stale(*row) for row in picked], backs_off=False)


def note(connection: Connection, asked: Sequence[tuple[Stale, str]], now: datetime) -> None:
    """Note which entities are asked for, each with the id of the message that does."""
    values = {
        "entities": [stale.entity for stale, _ in asked],
        "messages": [message_id for _, message_id in asked],
        "at": now,
    }
    driver(connection).execute(_NOTE, values)


def stale(connection: Connection, ages_in_days: Mapping[str, float], now: datetime) -> dict[str, int]:
    """Return how many rows of each table are past their age, without what upstream has said to be gone."""
    found = {}
    for table, days in ages_in_days.items():
        row = driver(connection).execute(_COUNT.format(table=table), (now - timedelta(days=days),)).fetchone()
        found[table] = 0 if row is None else int(row[0])
    return found
