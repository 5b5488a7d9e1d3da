"""The relay: sends what was committed to the outbox. Any number of them may run.

It sleeps in PostgreSQL's LISTEN until a commit wakes it or the next row is due, takes a batch, publishes it through
the pipelined window, and deletes what was confirmed. What cannot be sent stays, with the reason.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter
from types import FrameType

import psycopg
import structlog
from prometheus_client import start_http_server
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared import outbox
from shared.broker.publisher import Publisher
from shared.database.engine import open_engine
from shared.errors import BrokerAway, PublishError, Refused, Unroutable
from shared.settings import Settings
from shared.telemetry import metrics
from shared.telemetry import start as telemetry

log = structlog.get_logger(__name__)

BATCH = 1000
"""Rows taken at once: as many as the publisher keeps in flight."""

LONGEST_SLEEP = 5.0
"""Seconds after which the relay looks without having been woken; a notification can be lost with its connection."""

GLANCE = 0.5
"""Seconds after which a sleeping relay looks whether it was asked to stop; a signal does not end psycopg's wait."""

PAUSE_AFTER_ERROR = 1.0
"""Seconds to rest when the database is away."""

OUTCOMES: dict[type[PublishError], str] = {Unroutable: "unroutable", Refused: "refused", BrokerAway: "away"}


class Relay:
    """Sends the outbox until told to stop."""

    def __init__(self, engine: Engine, publisher: Publisher, dsn: str) -> None:
        self._engine = engine
        self._publisher = publisher
        self._dsn = dsn
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Finish the batch in hand, then return from `run`."""
        self._stopping.set()

    def run(self) -> None:
        """Send until stopped; a database that goes away is waited for."""
        while not self._stopping.is_set():
            try:
                with psycopg.connect(self._dsn, autocommit=True, connect_timeout=5) as ears:
                    ears.execute("LISTEN outbox")
                    while not self._stopping.is_set():
                        if self.send_batch() < BATCH:
                            self._sleep(ears)
            except (psycopg.Error, SQLAlchemyError) as error:
                log.warning("database away", error=type(error).__name__, reason=str(error).strip())
                self._stopping.wait(PAUSE_AFTER_ERROR)

    def send_batch(self) -> int:
        """Send what is due, one batch at most; return how many rows were taken."""
        with self._engine.connect() as connection:
            rows = outbox.take(connection, BATCH)
        if not rows:
            return 0
        started = time.perf_counter()
        errors = {error.message_id: error for error in self._publisher.publish_many(row.message for row in rows)}
        metrics.publish_seconds.observe(time.perf_counter() - started)
        failed = [(row.id, str(errors[row.message.message_id])) for row in rows if row.message.message_id in errors]
        with self._engine.connect() as connection:
            if failed:
                log.error("not sent", rows=len(failed), reason=failed[0][1])
                outbox.failed(connection, failed)
            outbox.sent(connection, {row.id for row in rows} - {row for row, _ in failed})
        for (exchange, kind, outcome), count in Counter(
            (
                row.message.exchange,
                row.message.kind,
                OUTCOMES[type(errors[row.message.message_id])] if row.message.message_id in errors else "confirmed",
            )
            for row in rows
        ).items():
            metrics.published.labels(exchange, kind, outcome).inc(count)
        return len(rows)

    def _sleep(self, ears: psycopg.Connection[object]) -> None:
        """Wait for a commit's notification, or for the next row to be due."""
        with self._engine.connect() as connection:
            pending, due = outbox.backlog(connection)
        metrics.outbox_pending.set(pending)
        metrics.outbox_oldest_age_seconds.set(max(0.0, -due) if due is not None else 0.0)
        wait = LONGEST_SLEEP if due is None else min(max(due, 0.0), LONGEST_SLEEP)
        deadline = time.monotonic() + wait
        while not self._stopping.is_set() and (rest := deadline - time.monotonic()) > 0:
            for _ in ears.notifies(timeout=min(rest, GLANCE), stop_after=1):
                return


def main() -> None:
    """Run one relay until SIGTERM or SIGINT."""
    settings = Settings()
    telemetry.start(settings)
    dsn = settings.database_url.get_secret_value()
    engine = open_engine(dsn, pool=2, name="millrace-relay")
    if settings.metrics_port is not None:
        start_http_server(settings.metrics_port, addr=settings.listen)
    with Publisher(settings.rabbitmq_url.get_secret_value(), name="millrace-relay") as publisher:
        relay = Relay(engine, publisher, dsn)

        def stop(_signal: int, _frame: FrameType | None) -> None:
            relay.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        log.info("relay started")
        relay.run()
    engine.dispose()


if __name__ == "__main__":
    main()
