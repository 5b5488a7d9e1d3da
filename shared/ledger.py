"""The ledger of dead letters: every message that died, why, and what was done about it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import Connection

from shared import clock, outbox
from shared.broker.topology import WORK
from shared.broker.wire import DEATH_HEADER, LAST_MOMENT, Delivery, storable
from shared.database.engine import driver
from shared.errors import MillraceError

UNKNOWN = "unknown"

REASONS = frozenset(
    # By a worker's verdict (consumers.verdict), by the broker's word in x-death, or by nobody's.
    {"invalid", "expired", "rejected", "exhausted", "unexpected", "delivery_limit", "maxlen", UNKNOWN}
)
"""Why messages die; nothing else is kept as a reason, whatever a stranger's message says of itself."""


class NoSuchLetter(MillraceError):
    """No dead letter has this id."""

    def __init__(self, letter: int) -> None:
        self.letter = letter
        super().__init__(f"there is no dead letter {letter}; `millrace dead-letters list` shows those there are")


class NotOpen(MillraceError):
    """The dead letter is being replayed, or has been settled, already."""

    def __init__(self, letter: int, state: str) -> None:
        self.letter = letter
        self.state = state
        super().__init__(f"dead letter {letter} is {state}, not open")


@dataclass(frozen=True, slots=True)
class Death:
    """Why a message died, as the worker that gave it up says in a header of the message.

    `at` is in milliseconds; `error` is the class of the error, `message` its text, `frame` the innermost place in
    our own code where it was raised.
    """

    queue: str
    kind: str
    reason: str
    at: int
    error: str | None = None
    message: str | None = None
    frame: str | None = None
    traceback: str | None = None
    entity: str | None = None

    @property
    def fingerprint(self) -> str:
        """What deaths of one cause have in common: error class, place in the code, kind."""
        cause = "\n".join((self.error or self.reason, self.frame or "", self.kind))
        return hashlib.sha256(cause.encode("utf-8", "replace")).hexdigest()[:16]


def read_death(delivery: Delivery, now: int) -> Death:
    """Return why a message from the dead-letters queue died: by its worker's word, else by the broker's."""
    told = delivery.headers.get(DEATH_HEADER)
    if isinstance(told, Mapping):
        said = {name.name: told[name.name] for name in fields(Death) if name.name in told}
        # A stranger may send this header too.
        if all(isinstance(value, int if name == "at" else str) for name, value in said.items()) and said.keys() >= {
            "queue",
            "kind",
            "reason",
            "at",
        }:
            return replace(Death(**said), reason=_reason(said["reason"]))
    # A stranger may send this one too, and the broker does not look at it on this way in.
    history = delivery.headers.get("x-death")
    last = history[0] if isinstance(history, list) and history and isinstance(history[0], Mapping) else {}
    keys, when = last.get("routing-keys"), last.get("time")
    key = keys[0] if isinstance(keys, list) and keys else delivery.routing_key
    return Death(
        # A fanout exchange leaves the key alone, and ours names the queue.
        queue=str(last.get("queue") or delivery.routing_key),
        kind=str(delivery.properties.get("type") or key),
        reason=_reason(last.get("reason")),
        # AMQP's times are UTC, and py-amqp does not say so.
        at=clock.milliseconds(when.replace(tzinfo=UTC)) if isinstance(when, datetime) else now,
    )


def _reason(told: object) -> str:
    return told if isinstance(told, str) and told in REASONS else UNKNOWN


_KEEP = """
INSERT INTO dead_letters (message_id, queue, kind, entity, exchange, routing_key, body, properties, reason,
                          error_class, error, traceback, fingerprint, first_died_at, last_died_at)
VALUES (%(message_id)s, %(queue)s, %(kind)s, %(entity)s, %(exchange)s, %(routing_key)s, %(body)s,
        %(properties)s::jsonb, %(reason)s, %(error_class)s, %(error)s, %(traceback)s, %(fingerprint)s,
        %(died_at)s, %(died_at)s)
ON CONFLICT (message_id, queue, md5(body)) DO UPDATE
    SET reason = excluded.reason, error_class = excluded.error_class, error = excluded.error,
        traceback = excluded.traceback, fingerprint = excluded.fingerprint,
        last_died_at = excluded.last_died_at, deaths = dead_letters.deaths + 1, state = 'open'
    -- The same death may be told twice: the worker that keeps it may itself die before its acknowledgement.
    WHERE excluded.last_died_at > dead_letters.last_died_at
"""


def keep(connection: Connection, delivery: Delivery) -> Death:
    """Write a message that died into the ledger, inside the caller's transaction; telling it twice changes nothing."""
    now = clock.now()
    death = read_death(delivery, clock.milliseconds(now))
    message = delivery.message(clock.milliseconds(now))
    values = {
        "message_id": message.message_id,
        "queue": death.queue,
        "kind": death.kind,
        "entity": death.entity,
        "exchange": message.exchange,
        "routing_key": message.routing_key,
        "body": message.body,
        "properties": json.dumps(_plain(message.properties())),
        "reason": death.reason,
        "error_class": death.error,
        "error": death.message,
        "traceback": death.traceback,
        "fingerprint": death.fingerprint,
        "died_at": clock.from_milliseconds(min(max(death.at, 0), LAST_MOMENT)),
    }
    clean = {name: storable(value) if isinstance(value, str) else value for name, value in values.items()}
    driver(connection).execute(_KEEP, clean)
    return death


_LIST = """
SELECT id, state, queue, kind, entity, reason, error_class, error, deaths, replays, first_died_at, last_died_at,
       message_id, fingerprint
FROM dead_letters
WHERE (%(state)s::text IS NULL OR state = %(state)s) AND (%(kind)s::text IS NULL OR kind = %(kind)s)
  AND (%(queue)s::text IS NULL OR queue = %(queue)s) AND (%(reason)s::text IS NULL OR reason = %(reason)s)
  AND (%(died_at)s::timestamptz IS NULL OR (last_died_at, id) < (%(died_at)s, %(id)s::bigint))
ORDER BY last_died_at DESC, id DESC
LIMIT %(limit)s
"""


def listing(
    connection: Connection,
    *,
    state: str | None = None,
    kind: str | None = None,
    queue: str | None = None,
    reason: str | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Return dead letters, the newest death first, without their bodies.

    `before` is the last death and the id of the letter after which a page begins.
    """
    died_at, last = before or (None, None)
    values = {"state": state, "kind": kind, "queue": queue, "reason": reason, "died_at": died_at, "id": last}
    cursor = driver(connection).cursor(row_factory=dict_row)
    return cursor.execute(_LIST, {**values, "limit": limit}).fetchall()


def show(connection: Connection, letter: int) -> dict[str, Any]:
    """Return everything known about a dead letter: message, deaths, attempts from the run log, actions.

    Raises NoSuchLetter.
    """
    cursor = driver(connection).cursor(row_factory=dict_row)
    found = cursor.execute("SELECT * FROM dead_letters WHERE id = %s", (letter,)).fetchone()
    if found is None:
        raise NoSuchLetter(letter)
    found["body"] = bytes(found["body"]).decode("utf-8", "replace")
    run = cursor.execute("SELECT attempts FROM sync_log WHERE message_id = %s", (found["message_id"],)).fetchone()
    found["attempts"] = [] if run is None else run["attempts"]
    found["actions"] = cursor.execute(
        "SELECT at, actor, action, detail FROM dead_letter_actions WHERE dead_letter_id = %s ORDER BY id", (letter,)
    ).fetchall()
    return found


_CENSUS = """
SELECT CASE WHEN queue = ANY(%(queues)s) THEN queue ELSE %(unknown)s END,
       CASE WHEN reason = ANY(%(reasons)s) THEN reason ELSE %(unknown)s END,
       state, sum(letters)::bigint, greatest(extract(epoch FROM clock_timestamp() - min(first)), 0)::float8
FROM (
    -- In the order of an index, which has all that is asked for.
    SELECT state, queue, reason, count(*) AS letters, min(last_died_at) AS first
    FROM dead_letters GROUP BY state, queue, reason
) AS counted
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class Census:
    """How many letters of a queue, a reason and a state there are, and the seconds since the oldest last died."""

    queue: str
    reason: str
    state: str
    letters: int
    oldest: float


def census(connection: Connection, queues: Collection[str]) -> list[Census]:
    """Count the ledger; what died in another queue than these died in an unknown one: strangers make names up."""
    values = {"queues": list(queues), "reasons": list(REASONS), "unknown": UNKNOWN}
    return [Census(*row) for row in driver(connection).execute(_CENSUS, values)]


def replay(connection: Connection, letter: int, actor: str) -> str:
    """Send a dead letter back to the queue that failed, by way of the outbox; return its message id.

    The message keeps its id, so that one which in truth succeeded changes nothing. Raises NoSuchLetter, or NotOpen
    when somebody was faster: the row is locked, so two clicks are one replay.
    """
    cursor = driver(connection).cursor(row_factory=dict_row)
    found = cursor.execute("SELECT * FROM dead_letters WHERE id = %s FOR UPDATE", (letter,)).fetchone()
    if found is None:
        raise NoSuchLetter(letter)
    if found["state"] != "open":
        raise NotOpen(letter, found["state"])
    properties = found["properties"]
    headers = properties.pop("headers")
    now = clock.milliseconds(clock.now())
    dead = Delivery(
        found["queue"], WORK, found["queue"], found["message_id"], bytes(found["body"]), properties, headers
    ).message(now)
    again = replace(dead, attempt=0, replay=found["replays"] + 1, published_at=now, not_before=None, expires_at=None)
    cursor.execute("UPDATE dead_letters SET state = 'replaying', replays = replays + 1 WHERE id = %s", (letter,))
    cursor.execute(
        "INSERT INTO dead_letter_actions (dead_letter_id, actor, action) VALUES (%s, %s, 'replay')", (letter, actor)
    )
    outbox.put(connection, [again])
    return again.message_id


def resolve(connection: Connection, message_id: str) -> None:
    """Close the dead letters of a replayed message whose effect commits in the caller's transaction."""
    driver(connection).execute(
        "UPDATE dead_letters SET state = 'resolved' WHERE message_id = %s AND state = 'replaying'", (message_id,)
    )


def _plain(value: Any) -> Any:
    """Return a stranger's header value as JSON can hold it."""
    match value:
        case Mapping():
            return {storable(str(name)): _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case bytes():
            return storable(value.decode("utf-8", "replace"))
        case str():
            return storable(value)
        case bool() | int() | None:
            return value
        case float():
            # PostgreSQL's JSON has no NaN and no infinity.
            return value if value - value == 0 else str(value)
        case datetime():
            return value.isoformat()
    return str(value)
