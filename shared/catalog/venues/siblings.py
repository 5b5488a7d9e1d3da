"""Keeps one evening from being listed twice by the sources of one site: what finds feeds, and the feeds it found.

Months overlap at their ends, and a site's REST interface is read, into the source that finds the feeds, while no feed
works. Of the feeds that are read, the one that lists an evening already keeps it; whoever else names it hands it over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg

_FAMILY: Final = """
SELECT coalesce(own.parent_id, own.id), own.parent_id IS NOT NULL,
       own.parent_id IS NOT NULL OR EXISTS (SELECT FROM sources AS child WHERE child.parent_id = own.id)
FROM sources AS own WHERE own.id = %s
"""

# One row for all of them, and always the first that is locked: no two readings of one site are stored at once.
_LOCK: Final = "SELECT FROM sources WHERE id = %s FOR NO KEY UPDATE"

# An evening that is over where it is held, and to come in what was just read, has been moved into this feed's month.
_LEAVE: Final = """
WITH kept AS (
    SELECT held.key, coalesce(held.ends_at, held.starts_at) < %(at)s AS is_over
    FROM venue_listings AS held JOIN sources AS other ON other.id = held.source_id
    WHERE other.parent_id = %(root)s AND other.id <> %(source_id)s AND other.enabled AND other.retired_at IS NULL
        AND held.withdrawn_at IS NULL
), left_out AS (
    DELETE FROM seen USING kept
    WHERE seen.problem IS NULL AND seen.key = kept.key
        AND (NOT kept.is_over OR coalesce(seen.ends_at, seen.starts_at) < %(at)s)
    RETURNING seen.key
), withdrawn AS (
    UPDATE venue_listings AS held SET withdrawn_at = %(at)s, changed_at = %(at)s
    WHERE source_id = %(source_id)s AND withdrawn_at IS NULL AND key IN (SELECT key FROM left_out)
    RETURNING id
)
SELECT (SELECT count(DISTINCT key) FROM left_out), (SELECT count(*) FROM withdrawn)
"""

_OTHERS: Final = "SELECT id FROM sources WHERE %s IN (id, parent_id) AND id <> %s"

# The others are given one by one, so that the index on source and key serves.
_TAKE: Final = """
UPDATE venue_listings AS held SET withdrawn_at = %(at)s, changed_at = %(at)s
FROM venue_listings AS own
WHERE held.source_id = ANY(%(others)s)
    AND held.withdrawn_at IS NULL AND own.source_id = %(source_id)s AND own.key = held.key
    AND own.withdrawn_at IS NULL AND EXISTS (SELECT FROM seen WHERE seen.key = own.key AND seen.problem IS NULL)
"""


@dataclass(frozen=True, slots=True)
class Family:
    """A source among those of its site: `root` found the others; `is_feed` when this is one of those found."""

    source_id: int
    root: int
    is_feed: bool
    has_siblings: bool

    def leave(self, raw: psycopg.Connection[Any], at: datetime) -> tuple[int, int]:
        """Take from `seen` what another feed keeps; return how many listings that is, and how many were ours so far."""
        if self.has_siblings:
            # Without these each key is looked for among all others, one by one.
            raw.execute("CREATE INDEX ON seen (key)")
            raw.execute("ANALYZE seen")
        if not self.is_feed:
            return 0, 0
        values = {"at": at, "root": self.root, "source_id": self.source_id}
        left, withdrawn = raw.execute(_LEAVE, values).fetchone() or (0, 0)
        return int(left), int(withdrawn)

    def take(self, raw: psycopg.Connection[Any], at: datetime) -> None:
        """Withdraw wherever else it is held what this source now lists."""
        if self.has_siblings:
            found = raw.execute(_OTHERS, (self.root, self.source_id)).fetchall()
            raw.execute(_TAKE, {"at": at, "others": [row[0] for row in found], "source_id": self.source_id})


def lock(raw: psycopg.Connection[Any], source_id: int) -> Family | None:
    """Let no other source of the same site be stored until this transaction ends; None if there is no such source."""
    row = raw.execute(_FAMILY, (source_id,)).fetchone()
    if row is None:
        return None
    raw.execute(_LOCK, (row[0],))
    return Family(source_id, *row)
