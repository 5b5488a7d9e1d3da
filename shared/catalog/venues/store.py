"""Writes what a source was read to list; works in its caller's transaction and never ends it.

Listings flow from the reader through COPY into a temporary table, so their number costs this process no memory, and
from there into `venue_listings` by two statements: one that adds and changes, one that withdraws. The row of the
source is locked first; that keeps two readings of the same source apart, and the one that was fetched later wins.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from shared.broker.wire import storable
from shared.catalog.venues import rules, siblings
from shared.catalog.venues.records import Broken, Listing, Window
from shared.catalog.venues.sources import NoSuchSource
from shared.database.engine import driver
from shared.errors import UnreadableAnswer

LONGEST_KEY: Final = 500
"""Characters; a longer key is told by its digest, as PostgreSQL's index would not take it."""

PROBLEMS: Final = 5
"""Broken entries that are kept in words; the rest is counted."""

_FIELDS: Final = tuple(field.name for field in fields(Listing))
_NAMES: Final = ", ".join(_FIELDS)
_TOLD: Final = tuple(name for name in _FIELDS if name != "key")


def _of(alias: str, names: Iterable[str] = _TOLD) -> str:
    return ", ".join(f"{alias}.{name}" for name in names)


_LOCK: Final = "SELECT name, checked_at, suspicions FROM sources WHERE id = %s FOR NO KEY UPDATE"

# Broken entries go the same way, named by their key, so that their number is as harmless.
_SEEN: Final = f"""
CREATE TEMPORARY TABLE seen ON COMMIT DROP AS
SELECT 0 AS place, NULL::text AS problem, {_NAMES} FROM venue_listings WITH NO DATA
"""  # noqa: S608

_COUNT: Final = """
SELECT count(DISTINCT key) FILTER (WHERE problem IS NULL),
       count(DISTINCT key) FILTER (WHERE problem IS NULL AND starts_at > %(at)s),
       count(*) FILTER (WHERE problem IS NOT NULL),
       (SELECT count(*) FROM venue_listings
        WHERE source_id = %(source_id)s AND withdrawn_at IS NULL AND starts_at > %(at)s AND starts_at < %(until)s)
FROM seen
"""

_PROBLEMS: Final = "SELECT key, problem FROM seen WHERE problem IS NOT NULL ORDER BY place LIMIT %s"

# What is held already is brought up to date whatever the limit: an evening moved far ahead must not stay where it was.
# A row that would not change does not reach INSERT at all, which would lock it and use up an id.
_STORE: Final = f"""
WITH given AS (
    SELECT DISTINCT ON (key) {_NAMES} FROM seen WHERE problem IS NULL ORDER BY key, place DESC
), ranked AS (
    SELECT *, row_number() OVER (ORDER BY coalesce(ends_at, starts_at) < %(at)s, starts_at, key) AS rank FROM given
), compared AS (
    SELECT ranked.*, held.id IS NOT NULL AS is_held,
        held.withdrawn_at IS NOT NULL OR ({_of("held")}) IS DISTINCT FROM ({_of("ranked")}) AS differs
    FROM ranked LEFT JOIN venue_listings AS held ON held.source_id = %(source_id)s AND held.key = ranked.key
), stored AS (
    INSERT INTO venue_listings AS held (source_id, {_NAMES}, first_seen_at, changed_at)
    SELECT %(source_id)s, {_NAMES}, %(at)s, %(at)s FROM compared
    WHERE CASE WHEN is_held THEN differs ELSE rank <= %(limit)s END
    ORDER BY rank
    ON CONFLICT (source_id, key) DO UPDATE
    SET {", ".join(f"{name} = excluded.{name}" for name in _TOLD)}, changed_at = excluded.changed_at,
        withdrawn_at = NULL
)
SELECT count(*) FILTER (WHERE NOT is_held AND rank <= %(limit)s), count(*) FILTER (WHERE is_held AND differs),
       count(*) FILTER (WHERE NOT is_held AND rank > %(limit)s)
FROM compared
"""  # noqa: S608

# Feeds drop what is over, so what has begun was not withdrawn. A broken entry is there all the same, and so are the
# evenings of a broken series, whose keys are the name of the series, a # and a day.
_WITHDRAW: Final = """
UPDATE venue_listings AS held SET withdrawn_at = %(at)s, changed_at = %(at)s
WHERE source_id = %(source_id)s AND withdrawn_at IS NULL AND starts_at > %(at)s AND starts_at < %(until)s
    AND NOT EXISTS (SELECT FROM seen WHERE seen.key = held.key)
    AND NOT EXISTS (
        SELECT FROM seen WHERE problem IS NOT NULL AND seen.key = regexp_replace(held.key, '#[^#]*$', '')
    )
"""

_STORED: Final = """
UPDATE sources
SET synced_at = %(at)s, checked_at = %(at)s, suspected_at = NULL, suspicions = 0, etag = %(etag)s,
    last_modified = %(last_modified)s, last_yield = %(yielded)s, last_broken = %(broken)s, last_problems = %(problems)s
WHERE id = %(source_id)s
"""

_SUSPECTED: Final = """
UPDATE sources
SET checked_at = %(at)s, suspected_at = coalesce(suspected_at, %(at)s), suspicions = suspicions + 1,
    last_yield = %(yielded)s, last_broken = %(broken)s, last_problems = %(problems)s
WHERE id = %(source_id)s
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a reading.

    `stored`; `suspected`, when what is stored was left as it is; or `outdated`, when a later one was stored before.
    `held` counts the upcoming listings there were, `left_out` those beyond the limit, `elsewhere` those that another
    feed of the same site lists.
    """

    outcome: Literal["stored", "suspected", "outdated"]
    source: str
    yielded: int = 0
    held: int = 0
    added: int = 0
    changed: int = 0
    withdrawn: int = 0
    left_out: int = 0
    elsewhere: int = 0
    broken: int = 0
    problems: tuple[dict[str, str], ...] = ()


def ingest(
    connection: Connection,
    source_id: int,
    found: Iterable[Listing | Broken],
    at: datetime,
    window: Window,
    *,
    limit: int | None = None,
    whole: bool = True,
    etag: str | None = None,
    last_modified: str | None = None,
) -> Outcome:
    """Store what a source, fetched at a time, lists within a window: the soonest `limit` of it, or all.

    What it no longer lists is withdrawn; nothing is because of the limit, and nothing by a reading that is not the
    `whole` of it. The version (`etag`, `last_modified`) is kept only when nothing is missing, as otherwise the rest
    could never come in. Raises NoSuchSource, and UnreadableAnswer when there are entries and none can be read.
    """
    raw = driver(connection)
    family = siblings.lock(raw, source_id)
    locked = raw.execute(_LOCK, (source_id,)).fetchone()
    if family is None or locked is None:
        raise NoSuchSource(source_id)
    name, checked_at, suspicions = locked
    if checked_at is not None and checked_at > at:
        return Outcome("outdated", name)
    raw.execute(_SEEN)
    _copy(raw, found)
    values: dict[str, Any] = {"source_id": source_id, "at": at, "until": window.until, "limit": limit}
    yielded, upcoming, broken, held = raw.execute(_COUNT, values).fetchone() or (0, 0, 0, 0)
    problems = [{"entry": entry, "problem": text} for entry, text in raw.execute(_PROBLEMS, (PROBLEMS,))]
    if broken and not yielded:
        first = problems[0]
        raise UnreadableAnswer(
            "site", f"none of the {broken} entries of {name} can be read; {first['entry']}: {first['problem']}"
        )
    values |= {"yielded": yielded, "broken": broken, "problems": Jsonb(problems) if problems else None}
    seen: dict[str, Any] = {"yielded": yielded, "held": held, "broken": broken, "problems": tuple(problems)}
    if rules.judge(held, upcoming, suspicions) == "suspected":
        raw.execute(_SUSPECTED, values)
        return Outcome("suspected", name, **seen)
    values["limit"] = yielded if limit is None else limit
    elsewhere, handed_over = family.leave(raw, at)
    added, changed, left_out = raw.execute(_STORE, values).fetchone() or (0, 0, 0)
    withdrawn = handed_over + (raw.execute(_WITHDRAW, values).rowcount if whole else 0)
    family.take(raw, at)
    # What another feed lists may be ours to list the next time, though this one has not changed by then.
    complete = whole and not left_out and not elsewhere
    version = {"etag": etag if complete else None, "last_modified": last_modified if complete else None}
    raw.execute(_STORED, values | version)
    counts: dict[str, Any] = {"added": added, "changed": changed, "withdrawn": withdrawn, "left_out": left_out}
    return Outcome("stored", name, **seen, **counts, elsewhere=elsewhere)


def _copy(raw: psycopg.Connection[Any], found: Iterable[Listing | Broken]) -> None:
    with raw.cursor() as cursor, cursor.copy(f"COPY seen (place, problem, {_NAMES}) FROM STDIN") as copy:
        for place, entry in enumerate(found):
            if isinstance(entry, Broken):
                row = (place, storable(entry.problem), _key(entry.entry), *(None for _ in _TOLD))
            else:
                row = (place, None, _key(entry.key), *(_value(getattr(entry, name)) for name in _TOLD))
            copy.write_row(row)


def _key(key: str) -> str:
    key = storable(key)
    return key if len(key) <= LONGEST_KEY else f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    return [storable(each) for each in value] if isinstance(value, tuple) else value
