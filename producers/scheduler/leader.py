"""One scheduler among any number: whoever holds a lock of the database fires what is due, the others wait for it.

The lock belongs to the very connection that fires. When that connection is lost, nothing more can be fired through
it, and the lock is free: at once when the process was killed, after `SILENCE` seconds when its machine vanished or
the process was stopped without being ended.
"""

from __future__ import annotations

import time
from typing import Final

import psycopg
import structlog
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.exc import SQLAlchemyError

from shared.contracts.registry import Contracts
from shared.database.engine import CONNECT_TIMEOUT, driver, sqlalchemy_url
from shared.schedules import firing, store
from shared.schedules.firing import Fired
from shared.telemetry import metrics

log = structlog.get_logger(__name__)

LOCK: Final = 0x6D6C_636C_6F63_6B
"""The advisory lock that the leader holds, for as long as its session lasts."""

LOOK: Final = 1.0
"""Seconds between two looks at most: after so many a change takes effect, or a lock that was let go is taken."""

NAP: Final = 0.05
"""Seconds until the next look when something due is being changed by somebody else."""

SILENCE: Final = 10
"""Seconds without a word after which the server ends a leader's session; the leader speaks every `LOOK` seconds."""

REALIGN: Final = 30.0
"""Seconds between two comparisons of all due times with what they should be."""

SHOW: Final = 30.0
"""Seconds after which what the metric tells is read again, if nothing is fired meanwhile."""

NAME: Final = "millrace-scheduler"

_SESSION: Final = f"""
SET idle_session_timeout = '{SILENCE}s';
SET idle_in_transaction_session_timeout = '{SILENCE}s';
SET statement_timeout = '{SILENCE}s';
SET TIME ZONE 'UTC'
"""


class Leader:
    """A scheduler of the database at `url` (libpq's form): call `tick` for ever, then `close`."""

    def __init__(self, url: str, contracts: Contracts) -> None:
        # A server that vanished is noticed from this side, too, however long it was waited for.
        patience = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
        self._engine = create_engine(
            sqlalchemy_url(url),
            poolclass=NullPool,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT,
                "application_name": NAME,
                "tcp_user_timeout": SILENCE * 1000,
                **patience,
            },
        )
        self._contracts = contracts
        self._connection: Connection | None = None
        self._leads: bool | None = None
        self._shown: set[str] = set()
        self._realign_after = self._show_after = 0.0

    @property
    def leads(self) -> bool:
        """Whether this one fires, as far as it knows: the lock itself decides when it tries to."""
        return self._leads is True

    def tick(self) -> float:
        """Fire what is due if this one leads, and return the seconds after which to come again."""
        try:
            connection = self._connected()
            if not self.leads and not self._elected(connection):
                return LOOK
            self._realign(connection)
            with connection.begin():
                fired = firing.fire_due(connection, self._contracts, firing.moment(connection))
            for one in fired:
                _tell(one)
            if fired or time.monotonic() >= self._show_after:
                self._show(connection)
            with connection.begin():
                wait = firing.seconds_until_next(connection)
        except (psycopg.Error, SQLAlchemyError) as error:
            log.warning("database away", error=type(error).__name__, reason=str(error).strip(), led=self.leads)
            self._let_go()
            return LOOK
        return min(max(wait, 0.0 if fired else NAP), LOOK) if wait is not None else LOOK

    def close(self) -> None:
        """Let the lock go, so that another may lead at once."""
        self._let_go()
        self._engine.dispose()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            with self._connection.begin():
                driver(self._connection).execute(_SESSION)
        return self._connection

    def _elected(self, connection: Connection) -> bool:
        """Try to take the lock; tell when that changes what this one is."""
        with connection.begin():
            row = driver(connection).execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
            leads = row is not None and bool(row[0])
        if leads != self._leads:
            log.info("leading" if leads else "standing by")
        self._leads = leads
        metrics.schedule_leader.set(leads)
        return leads

    def _realign(self, connection: Connection) -> None:
        if time.monotonic() < self._realign_after:
            return
        with connection.begin():
            moved = firing.realign(connection, firing.moment(connection))
        if moved:
            log.warning("due times were not as they should be", schedules=moved)
        self._realign_after = time.monotonic() + REALIGN

    def _show(self, connection: Connection) -> None:
        """Let the metric tell of every schedule that has fired, and of no other."""
        with connection.begin():
            fired = {one.definition.name: one.last_fired_at for one in store.listing(connection) if one.last_fired_at}
        for name in self._shown - fired.keys():
            metrics.schedule_last_fired.remove(name)
        for name, at in fired.items():
            metrics.schedule_last_fired.labels(name).set(at.timestamp())
        self._shown = set(fired)
        self._show_after = time.monotonic() + SHOW

    def _let_go(self) -> None:
        """Drop the connection whole; another one would not have the lock."""
        connection, self._connection, self._leads = self._connection, None, None
        metrics.schedule_leader.set(0)
        metrics.schedule_last_fired.clear()
        self._shown.clear()
        self._realign_after = self._show_after = 0.0
        if connection is not None:
            connection.invalidate()
            connection.close()


def _tell(fired: Fired) -> None:
    if fired.problem is not None:
        log.error("not fired", schedule=fired.schedule, due=fired.due.isoformat(), problem=fired.problem)
    elif fired.message_id is None:
        log.info("passed over", schedule=fired.schedule, due=fired.due.isoformat())
    else:
        log.info("fired", schedule=fired.schedule, due=fired.due.isoformat(), message_id=fired.message_id)
