"""Messages accepted for publishing: one id is accepted once, and what became of it can be asked at any time."""

from __future__ import annotations

import hashlib
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import Connection

from shared import clock, outbox
from shared.broker.wire import Message
from shared.database.engine import driver
from shared.errors import MillraceError

KEPT_DAYS = 30
"""Days for which an id is remembered; as long as a publisher can reasonably go on retrying."""


class AcceptedBefore(MillraceError):
    """The message id was used before, for another kind or payload."""

    def __init__(self, message_id: str, kind: str) -> None:
        self.message_id = message_id
        self.kind = kind
        super().__init__(f"message id {message_id} was accepted before, for another message ({kind})")


_ACCEPT = """
INSERT INTO accepted_messages (message_id, kind, digest, not_before)
VALUES (%(message_id)s, %(kind)s, %(digest)s, %(not_before)s)
ON CONFLICT (message_id) DO NOTHING
RETURNING true
"""

_SWEEP = """
DELETE FROM accepted_messages WHERE message_id IN (
    SELECT message_id FROM accepted_messages WHERE accepted_at < now() - %(days)s * interval '1 day'
    ORDER BY accepted_at LIMIT 10 FOR UPDATE SKIP LOCKED
)
"""

# A message that died and is under nobody's hands any more can be replayed; its id leads to the dead letter.
_STATUS = """
SELECT coalesce(run.message_id, accepted.message_id) AS message_id, coalesce(run.kind, accepted.kind) AS kind,
       coalesce(run.status, 'pending') AS status, run.queue, run.entity, coalesce(run.attempts, '[]') AS attempts,
       run.result, run.correlation_id, run.cause, accepted.accepted_at, accepted.not_before, run.published_at,
       run.started_at, run.finished_at,
       (SELECT max(id) FROM dead_letters WHERE dead_letters.message_id = %(message_id)s) AS dead_letter
FROM (SELECT) AS one
LEFT JOIN sync_log AS run ON run.message_id = %(message_id)s
LEFT JOIN accepted_messages AS accepted ON accepted.message_id = %(message_id)s
WHERE run.message_id IS NOT NULL OR accepted.message_id IS NOT NULL
"""


def accept(connection: Connection, message: Message) -> bool:
    """Put a message into the outbox inside the caller's transaction; False if that was done before.

    Raises AcceptedBefore when its id was used for another message.
    """
    digest = hashlib.sha256(message.body).digest()
    values = {
        "message_id": message.message_id,
        "kind": message.kind,
        "digest": digest,
        "not_before": None if message.not_before is None else clock.from_milliseconds(message.not_before),
    }
    raw = driver(connection)
    if raw.execute(_ACCEPT, values).fetchone() is not None:
        outbox.put(connection, [message])
        raw.execute(_SWEEP, {"days": KEPT_DAYS})
        return True
    known = raw.execute(
        "SELECT kind, digest FROM accepted_messages WHERE message_id = %s", (message.message_id,)
    ).fetchone()
    if known is not None and (known[0], bytes(known[1])) != (message.kind, digest):
        raise AcceptedBefore(message.message_id, known[0])
    return False


def status(connection: Connection, message_id: str) -> dict[str, Any] | None:
    """Return what became of a message, or None for one neither accepted here nor begun with.

    `status` is pending, running, retrying, succeeded or failed; the other fields are those of the run log, with
    `accepted_at`, `not_before` and `dead_letter`, the id of its letter in the ledger if it ever died.
    """
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(_STATUS, {"message_id": message_id}).fetchone()
