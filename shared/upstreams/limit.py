"""Turns to ask an upstream, handed out to every process of every machine by one row in PostgreSQL.

The rules are `pace`'s; here is where the state they work on is kept. The database's clock is the one that counts.
Without the database (the API answers a live search without one) a process keeps to the same limit by itself.

Libraries looked at and turned down: pyrate-limiter's PostgreSQL bucket writes a row for each request, locks its whole
table, and knows of neither Retry-After nor a quota by days; purgatory's breaker shares its state through Redis only.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import psycopg
import sqlalchemy.exc
import structlog
from sqlalchemy import Connection, Engine

from shared.database.engine import driver
from shared.errors import LimitReached
from shared.upstreams import pace
from shared.upstreams.pace import Limit, State

log = structlog.get_logger(__name__)

_READ: Final = """
SELECT extract(epoch FROM clock_timestamp())::float8, extract(epoch FROM due)::float8,
       extract(epoch FROM silent_until)::float8, day, used, failures, pauses, extract(epoch FROM open_until)::float8,
       probing
FROM upstreams WHERE name = %s FOR UPDATE
"""

_ADD: Final = "INSERT INTO upstreams (name) VALUES (%s) ON CONFLICT DO NOTHING"

_WRITE: Final = """
UPDATE upstreams
SET due = to_timestamp(%(due)s), silent_until = to_timestamp(%(silent_until)s), day = %(day)s, used = %(used)s,
    failures = %(failures)s, pauses = %(pauses)s, open_until = to_timestamp(%(open_until)s), probing = %(probing)s
WHERE name = %(name)s
"""


_BREAKERS: Final = """
SELECT split_part(name, ':', 1), max(CASE
    WHEN open_until = to_timestamp(0) THEN 0
    -- Nobody may have asked since its time was over; whoever does will find out.
    WHEN probing OR open_until <= clock_timestamp() THEN 1
    ELSE 2
END)
FROM upstreams GROUP BY 1
"""


def breakers(connection: Connection) -> dict[str, int]:
    """Return each upstream's breaker: 0 closed, 1 half open, 2 open; of many sites under one name, the worst."""
    return dict(driver(connection).execute(_BREAKERS).fetchall())


@dataclass(slots=True)
class Kept:
    """A state between reading and writing it, as of `now`; whoever changes `state` changes it for everybody."""

    state: State
    now: float


@dataclass(slots=True)
class Turns:
    """The turns of one upstream (`name`), by its limit; safe to share between threads.

    `clock` is monotonic, `wall` is Unix time.
    """

    name: str
    limit: Limit
    engine: Engine | None = None
    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    _own: State = field(default_factory=State)
    _seen: State = field(default_factory=State)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self) -> float:
        """Wait for a turn and return the seconds waited.

        Raises LimitReached or BreakerOpen, having taken no turn, when that would be longer than the limit's patience.
        """
        began = self.clock()
        while True:
            asked = self.clock()
            with self._state() as kept:
                kept.state, wait = pace.take(self.name, self.limit, kept.state, kept.now)
            if wait:
                self.sleep(wait)
            if self.clock() - asked - wait <= pace.LATE:
                return self.clock() - began
            # On a busy machine a turn may be over before its process is awake: what is sent now would be one of the
            # next window's requests too many.
            if self.clock() - began > self.limit.patience + 5 * pace.LATE:
                raise LimitReached(self.name, self.limit.interval)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for so many seconds, since the upstream has asked for silence."""
        with self._state() as kept:
            kept.state = pace.hold(kept.state, kept.now, seconds)

    def failed(self) -> None:
        """Tell everybody that the upstream was away."""
        with self._state() as kept:
            kept.state = pace.failed(kept.state, kept.now)
            if kept.state.breaker:
                log.warning("upstream_left_alone", upstream=self.name, seconds=round(kept.state.open_until - kept.now))

    def succeeded(self) -> None:
        """Tell everybody that the upstream has answered."""
        # Each turn reads the state; while that tells of no failure there is nothing to take back.
        if self._seen.failures:
            with self._state() as kept:
                kept.state = pace.succeeded(kept.state)

    @contextmanager
    def _state(self) -> Iterator[Kept]:
        """Give the state, which nobody else changes meanwhile, and keep what becomes of it."""
        try:
            connection = None if self.engine is None else self.engine.connect()
        except (sqlalchemy.exc.OperationalError, sqlalchemy.exc.TimeoutError):
            log.warning("upstream_limit_unshared", upstream=self.name, reason="database away")
            connection = None
        if connection is None:
            with self._lock:
                kept = Kept(self._own, self.wall())
                yield kept
                self._own = self._seen = kept.state
            return
        with connection:
            raw = driver(connection)
            kept = _read(raw, self.name)
            before = self._seen = kept.state
            yield kept
            if kept.state != before:
                raw.execute(_WRITE, {"name": self.name, **asdict(kept.state)})
            raw.commit()
            self._seen = kept.state


def _read(raw: psycopg.Connection[Any], name: str) -> Kept:
    row = raw.execute(_READ, (name,)).fetchone()
    if row is None:
        raw.execute(_ADD, (name,))
        row = raw.execute(_READ, (name,)).fetchone()
    now, *state = row or (0.0,)
    return Kept(State(*state), now)
