"""What the database tells: ledger, outbox, schedules, breakers of upstreams, and what is past its age."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import Connection

from producers.exporter.sources import Fact
from shared import clock, ledger, outbox
from shared.broker import topology
from shared.database.engine import driver, open_engine
from shared.maintenance import refresh
from shared.maintenance.health import fresh_days
from shared.schedules import firings
from shared.settings import Settings
from shared.telemetry import labels, metrics
from shared.upstreams import limit

# All of one moment; and no question may hold up the vacuum of a large table, or a shutdown, for longer.
_BEGIN = """
SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;
SET LOCAL statement_timeout = '20s'
"""


class Database:
    """Looks at the tables, over one connection that it keeps."""

    def __init__(self, settings: Settings, now: Callable[[], datetime] = clock.now) -> None:
        self._engine = open_engine(
            settings.database_url.get_secret_value(), pool=1, name="millrace-exporter", ping=True
        )
        self._ages = fresh_days(settings)
        self._now = now

    def look(self) -> list[Fact]:
        """Return what there is to tell; raises psycopg's or SQLAlchemy's errors when it cannot be known."""
        with self._engine.connect() as connection:
            driver(connection).execute(_BEGIN)
            now = self._now()
            return [
                *_ledger(connection),
                *_outbox(connection),
                *_schedules(connection, now),
                *_breakers(connection),
                *_freshness(connection, now, self._ages),
            ]

    def close(self) -> None:
        """Let the connection go."""
        self._engine.dispose()


def _ledger(connection: Connection) -> Iterator[Fact]:
    # A queue in which nothing has died is told of, too: its age is 0, not unknown.
    oldest = dict.fromkeys(topology.work_queues(), 0.0)
    for one in ledger.census(connection, labels.QUEUES):
        of = {"queue": one.queue, "reason": one.reason, "state": one.state}
        yield Fact(metrics.dead_letters, one.letters, of)
        if one.state == "open":
            oldest[one.queue] = max(oldest.get(one.queue, 0.0), one.oldest)
    for queue, age in oldest.items():
        yield Fact(metrics.dead_letter_oldest_age_seconds, age, {"queue": queue})


def _outbox(connection: Connection) -> Iterator[Fact]:
    pending, age = outbox.backlog(connection)
    yield Fact(metrics.outbox_pending, pending)
    yield Fact(metrics.outbox_oldest_age_seconds, age)


def _schedules(connection: Connection, now: datetime) -> Iterator[Fact]:
    for schedule, moment in firings.last_successes(connection).items():
        if moment is not None:
            of = {"schedule": schedule}
            yield Fact(metrics.schedule_last_success_timestamp_seconds, moment.timestamp(), of)
    for schedule, seconds in firings.overdue(connection, now).items():
        yield Fact(metrics.schedule_overdue_seconds, seconds, {"schedule": schedule})


def _breakers(connection: Connection) -> Iterator[Fact]:
    for upstream, state in limit.breakers(connection).items():
        yield Fact(metrics.upstream_breaker, state, {"upstream": upstream})


def _freshness(connection: Connection, now: datetime, ages: dict[str, float]) -> Iterator[Fact]:
    for entity, number in refresh.stale(connection, ages, now).items():
        yield Fact(metrics.stale_entities, number, {"entity": entity})
