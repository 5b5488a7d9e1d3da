"""The register of sources; each function works in its caller's transaction and never ends it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from psycopg.rows import class_row
from sqlalchemy import Connection

from shared.broker.wire import storable
from shared.catalog.venues import rules
from shared.database.engine import driver
from shared.errors import Permanent

SourceKind = Literal["ical", "jsonld", "vanwezel", "mote"]
Robots = Literal["obey", "ignore"]

_COLUMNS: Final = "id, name, url, kind, time_zone, robots, enabled, etag, last_modified, synced_at, suspected_at"
_ADD: Final = """
INSERT INTO sources (name, url, kind, time_zone, robots, robots_reason, parent_id, added_at)
VALUES (%(name)s, %(url)s, %(kind)s, %(time_zone)s, %(robots)s, %(robots_reason)s, %(parent_id)s, %(at)s)
ON CONFLICT (url) DO NOTHING RETURNING id
"""
_INGESTED: Final = """
SELECT own.id FROM sources AS own LEFT JOIN sources AS parent ON parent.id = own.parent_id
WHERE own.enabled AND own.retired_at IS NULL AND own.kind IN ('ical', 'jsonld') AND parent.enabled IS NOT false
ORDER BY own.checked_at NULLS FIRST, own.id
"""
_RETIRE: Final = """
UPDATE sources SET retired_at = %(at)s
WHERE parent_id = %(parent_id)s AND retired_at IS NULL AND id <> ALL(%(found)s)
    AND NOT EXISTS (
        SELECT FROM venue_listings
        WHERE source_id = sources.id AND withdrawn_at IS NULL AND coalesce(ends_at, starts_at) > %(at)s
    )
"""
_SETTABLE: Final = frozenset({"name", "time_zone", "robots", "robots_reason", "enabled"})


class NoSuchSource(Permanent):
    """No source has this id."""

    def __init__(self, source_id: int) -> None:
        self.source_id = source_id
        super().__init__(f"there is no source {source_id}; `millrace sources list` shows those there are")


@dataclass(frozen=True, slots=True)
class Source:
    """A source as it is read; `time_zone` is that of times which come without one."""

    id: int
    name: str
    url: str
    kind: SourceKind
    time_zone: str
    robots: Robots
    enabled: bool
    etag: str | None
    last_modified: str | None
    synced_at: datetime | None
    suspected_at: datetime | None

    def version(self, now: datetime) -> tuple[str | None, str | None]:
        """Return ETag and Last-Modified of what is stored; nothing when the source is to be read whole."""
        return (self.etag, self.last_modified) if rules.may_be_unchanged(self.synced_at, now) else (None, None)


def source(connection: Connection, source_id: int) -> Source:
    """Return a source; raises NoSuchSource."""
    with driver(connection).cursor(row_factory=class_row(Source)) as cursor:
        found = cursor.execute(f"SELECT {_COLUMNS} FROM sources WHERE id = %s", (source_id,)).fetchone()  # noqa: S608
    if found is None:
        raise NoSuchSource(source_id)
    return found


def id_of(connection: Connection, url: str) -> int | None:
    """Return the source that has this address."""
    row = driver(connection).execute("SELECT id FROM sources WHERE url = %s", (url,)).fetchone()
    return None if row is None else int(row[0])


def register(
    connection: Connection,
    *,
    name: str,
    url: str,
    kind: SourceKind,
    time_zone: str,
    at: datetime,
    robots: Robots = "obey",
    robots_reason: str | None = None,
    parent_id: int | None = None,
) -> tuple[int, bool]:
    """Register a source unless its address is known, and return its id and whether it is new."""
    values = {
        "name": storable(name),
        "url": url,
        "kind": kind,
        "time_zone": time_zone,
        "robots": robots,
        "robots_reason": robots_reason,
        "parent_id": parent_id,
        "at": at,
    }
    while True:
        added = driver(connection).execute(_ADD, values).fetchone()
        if added is not None:
            return int(added[0]), True
        known = id_of(connection, url)
        if known is not None:  # else it was deleted between the two statements, and nothing is in the way any more
            return known, False


def register_feeds(
    connection: Connection, parent: Source, feeds: Collection[tuple[str, str]], at: datetime
) -> list[int]:
    """Register what a source was found to offer, (address, name) each, as iCalendar feeds; return those to read.

    A feed that is no longer offered is retired once none of its listings is to come; what an operator disabled
    stays disabled.
    """
    raw = driver(connection)
    # Two findings of the same source at once come one after the other.
    raw.execute("SELECT FROM sources WHERE id = %s FOR NO KEY UPDATE", (parent.id,))
    like_parent: dict[str, Any] = {"time_zone": parent.time_zone, "robots": parent.robots, "parent_id": parent.id}
    found = [register(connection, name=name, url=url, kind="ical", at=at, **like_parent)[0] for url, name in feeds]
    raw.execute("UPDATE sources SET retired_at = NULL WHERE id = ANY(%s) AND retired_at IS NOT NULL", (found,))
    if found:
        raw.execute(_RETIRE, {"parent_id": parent.id, "found": found, "at": at})
    enabled = raw.execute("SELECT id FROM sources WHERE id = ANY(%s) AND enabled ORDER BY id", (found,)).fetchall()
    return [row[0] for row in enabled]


def to_ingest(connection: Connection) -> list[int]:
    """Return the feeds and pages that are to be read, the longest unread first."""
    return [row[0] for row in driver(connection).execute(_INGESTED).fetchall()]


def checked(connection: Connection, source_id: int, at: datetime) -> None:
    """Note that a source has answered at a time, without anything to store; all is well with it."""
    driver(connection).execute(
        """UPDATE sources SET checked_at = greatest(checked_at, %(at)s), suspected_at = NULL, suspicions = 0
           WHERE id = %(id)s""",
        {"id": source_id, "at": at},
    )


def believe(connection: Connection, source_id: int) -> bool:
    """Let the next reading of a suspected source be believed, however little it yields; False when none is needed."""
    believed = driver(connection).execute(
        "UPDATE sources SET suspicions = %s WHERE id = %s AND suspected_at IS NOT NULL",
        (rules.BELIEVED_AFTER - 1, source_id),
    )
    return believed.rowcount == 1


def change(connection: Connection, source_id: int, **values: object) -> None:
    """Set what an operator may set, and have the source read whole next time; raises NoSuchSource."""
    assert values.keys() <= _SETTABLE  # noqa: S101 - names go into the statement
    changes = "".join(f"{name} = %({name})s, " for name in values)
    changed = driver(connection).execute(
        f"UPDATE sources SET {changes} etag = NULL, last_modified = NULL WHERE id = %(id)s",  # noqa: S608
        {**values, "id": source_id},
    )
    if changed.rowcount == 0:
        raise NoSuchSource(source_id)
