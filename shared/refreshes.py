"""Refreshes under way: of all processes that want to ask an upstream for an entity, one does.

Whoever `take` gives the lease asks the upstream, with no transaction open, and tells the outcome to the others by
`settle`; if it cannot, it gives the lease back with `release`. The same row decides that the save of an entity is
asked for once, however many people read it before it is saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shared import outbox
from shared.broker.wire import Message
from shared.database.engine import driver

LEASE = 15.0
"""Seconds a lease lasts unless renewed: the time lost when its holder dies."""

HELD = 60.0
"""Seconds for which an answer speaks for the upstream, as long as the save it led to is not done."""

SAVE_PATIENCE = 600.0
"""Seconds after which a save of which nothing was heard is asked for again; the broker may have been away."""

KEPT = 3600.0
"""Seconds for which a row outlives its lease."""

# A save that is done, well or badly, leaves nothing to wait for.
_SAVE_IS_DONE = """
EXISTS (SELECT FROM sync_log WHERE sync_log.message_id = r.message_id AND sync_log.status IN ('succeeded', 'failed'))
"""

_TAKE = f"""
WITH taken AS (
    INSERT INTO refreshes AS r (entity, holder, leased_until)
    VALUES (%(entity)s, %(holder)s, clock_timestamp() + %(lease)s * interval '1 second')
    ON CONFLICT (entity) DO UPDATE
        SET holder = excluded.holder, leased_until = excluded.leased_until, answered_at = NULL, answer = NULL
        WHERE r.leased_until <= clock_timestamp() OR (r.answered_at IS NOT NULL AND {_SAVE_IS_DONE})
    RETURNING true
)
SELECT EXISTS (SELECT FROM taken), held.answered_at, held.answer
FROM (SELECT) AS one LEFT JOIN refreshes AS held ON held.entity = %(entity)s
"""  # noqa: S608 - nothing but constants

_RENEW = """
UPDATE refreshes SET leased_until = clock_timestamp() + %(lease)s * interval '1 second'
WHERE entity = %(entity)s AND holder = %(holder)s AND answered_at IS NULL
"""

_SETTLE = f"""
UPDATE refreshes AS r
SET answered_at = %(at)s, answer = %(answer)s, leased_until = clock_timestamp() + %(held)s * interval '1 second',
    message_id = CASE WHEN asks OR %(message_id)s::text IS NULL THEN %(message_id)s ELSE r.message_id END,
    asked_at = CASE WHEN asks THEN clock_timestamp() WHEN %(message_id)s::text IS NOT NULL THEN r.asked_at END
FROM (
    SELECT %(message_id)s::text IS NOT NULL AND (
        r.asked_at IS NULL OR r.asked_at < clock_timestamp() - %(patience)s * interval '1 second' OR {_SAVE_IS_DONE}
    ) AS asks
    FROM refreshes AS r WHERE r.entity = %(entity)s FOR UPDATE
) AS due
WHERE r.entity = %(entity)s AND r.holder = %(holder)s
RETURNING asks
"""  # noqa: S608

_RELEASE = """
UPDATE refreshes SET leased_until = clock_timestamp()
WHERE entity = %(entity)s AND holder = %(holder)s AND answered_at IS NULL
"""

_SWEEP = """
DELETE FROM refreshes WHERE entity IN (
    SELECT entity FROM refreshes WHERE leased_until < clock_timestamp() - %(kept)s * interval '1 second'
    ORDER BY leased_until LIMIT 20 FOR UPDATE SKIP LOCKED
)
"""


@dataclass(frozen=True, slots=True)
class Mine:
    """The lease is the caller's: ask, and then `settle` or `release`."""


@dataclass(frozen=True, slots=True)
class Busy:
    """Somebody else is asking right now."""


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody asked a moment ago and was told this: JSON, or None for an entity that is not there."""

    answer: str | None
    at: datetime


Turn = Mine | Busy | Told


def take(connection: Connection, entity: str, holder: str) -> Turn:
    """Try for the lease of an entity (e.g. `series:81189`) under a name that nobody else goes by."""
    row = driver(connection).execute(_TAKE, {"entity": entity, "holder": holder, "lease": LEASE}).fetchone()
    taken, answered_at, answer = row or (False, None, None)
    if taken:
        return Mine()
    return Busy() if answered_at is None else Told(answer, answered_at)


def renew(connection: Connection, entity: str, holder: str) -> None:
    """Keep a lease for another LEASE seconds, since the upstream is still answering."""
    driver(connection).execute(_RENEW, {"entity": entity, "holder": holder, "lease": LEASE})


def settle(
    connection: Connection, entity: str, holder: str, answer: str | None, at: datetime, save: Message | None
) -> bool:
    """Tell what the upstream said, and ask for the save unless one is on its way; return whether it was asked for.

    A holder whose lease has gone to somebody else changes nothing: that one will settle.
    """
    values = {
        "entity": entity,
        "holder": holder,
        "answer": answer,
        "at": at,
        "message_id": None if save is None else save.message_id,
        "held": HELD,
        "patience": SAVE_PATIENCE,
    }
    raw = driver(connection)
    row = raw.execute(_SETTLE, values).fetchone()
    asks = save is not None and row is not None and bool(row[0])
    if asks and save is not None:
        outbox.put(connection, [save])
    raw.execute(_SWEEP, {"kept": KEPT})
    return asks


def release(connection: Connection, entity: str, holder: str) -> None:
    """Give a lease back, since the upstream failed: whoever asks next may try."""
    driver(connection).execute(_RELEASE, {"entity": entity, "holder": holder})
