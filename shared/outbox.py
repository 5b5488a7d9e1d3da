"""The outbox: messages that are committed together with an effect, and sent once the commit stands.

Whoever has a transaction open calls `put`; the relay calls `take`, publishes, and calls `sent` or `failed`. A row is
taken by moving its `not_before` ahead, so no transaction stays open while the broker answers, several relays never
take the same row, and a relay that dies holds its rows up for `LEASE` seconds only.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from shared import clock
from shared.broker.wire import Delivery, Message, storable_json
from shared.database.engine import driver

LEASE = 60
"""Seconds a relay has to send what it took; longer than any publisher's patience."""

RETRY_AT_MOST = 300
"""Seconds between tries of a row that cannot be sent, at most; it is kept until somebody mends the cause."""

# As one JSON text: psycopg would quote each element of six arrays by itself, which costs more than the insert.
_PUT = """
INSERT INTO outbox (message_id, exchange, routing_key, body, properties, not_before)
SELECT message_id, exchange, routing_key, decode(body, 'base64'), properties, not_before
FROM json_to_recordset(%s::json)
     AS given (message_id text, exchange text, routing_key text, body text, properties jsonb, not_before timestamptz)
"""

_TAKE = """
WITH due AS (
    SELECT id FROM outbox WHERE not_before <= clock_timestamp() ORDER BY not_before, id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE outbox SET not_before = clock_timestamp() + %(lease)s * interval '1 second', tries = tries + 1
FROM due WHERE outbox.id = due.id
RETURNING outbox.id, message_id, exchange, routing_key, body, properties
"""

_FAILED = """
UPDATE outbox
SET error = failed.error,
    not_before = clock_timestamp() + least(2 ^ least(tries, 12), %(most)s) * interval '1 second'
FROM unnest(%(ids)s::bigint[], %(errors)s::text[]) AS failed (id, error)
WHERE outbox.id = failed.id
"""


# Of a row that was tried, `not_before` no longer tells when it was first due.
_BACKLOG = """
SELECT count(*), greatest(extract(epoch FROM clock_timestamp() - min(due)), 0)::float8
FROM (
    SELECT CASE
        WHEN tries = 0 THEN not_before
        ELSE greatest(created_at, to_timestamp((properties #>> '{headers,not_before}')::float8 / 1000))
    END AS due
    FROM outbox
) AS rows
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A message taken from the outbox, with the row it stands in."""

    id: int
    message: Message


def put(connection: Connection, messages: Sequence[Message]) -> None:
    """Add messages to the outbox inside the caller's transaction; `not_before` of a message delays its sending."""
    if not messages:
        return
    soon = clock.now().isoformat()
    rows = [
        {
            "message_id": message.message_id,
            "exchange": message.exchange,
            "routing_key": message.routing_key,
            "body": base64.b64encode(message.body).decode(),
            "properties": message.properties(),
            "not_before": (
                soon if message.not_before is None else clock.from_milliseconds(message.not_before).isoformat()
            ),
        }
        for message in messages
    ]
    driver(connection).execute(_PUT, (storable_json(rows),))


def take(connection: Connection, limit: int) -> list[Row]:
    """Take up to `limit` messages that are due, the longest due first, and commit."""
    raw = driver(connection)
    rows = raw.execute(_TAKE, {"limit": limit, "lease": LEASE}).fetchall()
    raw.commit()
    return [Row(row[0], _message(*row[1:])) for row in rows]


def sent(connection: Connection, ids: Iterable[int]) -> None:
    """Delete rows whose messages the broker has confirmed, and commit."""
    raw = driver(connection)
    raw.execute("DELETE FROM outbox WHERE id = ANY(%s)", (list(ids),))
    raw.commit()


def failed(connection: Connection, errors: Sequence[tuple[int, str]]) -> None:
    """Note why rows could not be sent, put their next try off (twice as long each time), and commit."""
    raw = driver(connection)
    ids, texts = [row for row, _ in errors], [text for _, text in errors]
    raw.execute(_FAILED, {"ids": ids, "errors": texts, "most": RETRY_AT_MOST})
    raw.commit()


def seconds_until_due(connection: Connection) -> float | None:
    """Return the seconds until a row is next to be tried (negative when late), or None without rows."""
    raw = driver(connection)
    row = raw.execute("SELECT extract(epoch FROM min(not_before) - clock_timestamp())::float8 FROM outbox").fetchone()
    raw.commit()
    return None if row is None else row[0]


def backlog(connection: Connection) -> tuple[int, float]:
    """Return how many rows there are, and the seconds since the longest due one should have been sent; 0 without one.

    A row that was taken or could not be sent is as late as it is, though its next try lies ahead. Reads every row.
    """
    row = driver(connection).execute(_BACKLOG).fetchone()
    return row or (0, 0.0)


def _message(message_id: str, exchange: str, routing_key: str, body: bytes, properties: dict[str, Any]) -> Message:
    headers = properties.pop("headers")
    delivery = Delivery("", exchange, routing_key, message_id, bytes(body), properties, headers)
    return delivery.message(now=0)
