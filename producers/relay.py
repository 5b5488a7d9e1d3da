"""The relay: sends what was committed to the outbox. Any number of them may run.

It sleeps in PostgreSQL's LISTEN until a commit wakes it or the next row is due, takes a batch, publishes it through
the pipelined window, and deletes what was confirmed. What cannot be sent stays, with the reason.
"""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from datetime import datetime
from types import FrameType

import psycopg
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from shared import clock, outbox
from shared.broker.publisher import Publisher
from shared.broker.traceparent import Span
from shared.broker.wire import Message
from shared.contracts.kinds import CONTRACTS
from shared.database.engine import open_engine
from shared.errors import PublishError
from shared.settings import Settings
from shared.telemetry import publishing, traces
from shared.telemetry import start as telemetry
from shared.telemetry.serving import serve

log = structlog.get_logger(__name__)

BATCH = 1000
"""Rows taken at once: as many as the publisher keeps in flight."""

LONGEST_SLEEP = 5.0
"""Seconds after which the relay looks without having been woken; a notification can be lost with its connection."""

GLANCE = 0.5
"""Seconds after which a sleeping relay looks whether it was asked to stop; a signal does not end psycopg's wait."""

PAUSE_AFTER_ERROR = 1.0
"""Seconds to rest when the database is away."""


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
        began, messages, spans = clock.now(), *_traced([row.message for row in rows])
        errors = publishing.publish(self._publisher, messages, CONTRACTS)
        for message, span in spans:
            _note(message, span, began, errors.get(message.message_id))
        failed = [(row.id, str(errors[row.message.message_id])) for row in rows if row.message.message_id in errors]
        with self._engine.connect() as connection:
            if failed:
                log.error("not sent", rows=len(failed), reason=failed[0][1])
                outbox.failed(connection, failed)
            outbox.sent(connection, {row.id for row in rows} - {row for row, _ in failed})
        return len(rows)

    def _sleep(self, ears: psycopg.Connection[object]) -> None:
        """Wait for a commit's notification, or for the next row to be due."""
        with self._engine.connect() as connection:
            due = outbox.seconds_until_due(connection)
        wait = LONGEST_SLEEP if due is None else min(max(due, 0.0), LONGEST_SLEEP)
        deadline = time.monotonic() + wait
        while not self._stopping.is_set() and (rest := deadline - time.monotonic()) > 0:
            for _ in ears.notifies(timeout=min(rest, GLANCE), stop_after=1):
                return


def _traced(messages: list[Message]) -> tuple[list[Message], list[tuple[Message, Span]]]:
    """Give publishing a span of its own in every trace that is recorded; other messages go out as they are."""
    spans = []
    if traces.recorded():
        for place, message in enumerate(messages):
            if traces.sampled(message.traceparent):
                span = traces.continued(message.traceparent)
                messages[place] = replace(message, traceparent=span.header)
                spans.append((messages[place], span))
    return messages, spans


def _note(message: Message, span: Span, began: datetime, error: PublishError | None) -> None:
    outcome = "confirmed" if error is None else publishing.OUTCOMES[type(error)]
    tags = {"kind": message.kind, "message_id": message.message_id, "outcome": outcome}
    traces.note(span, "queue.publish", message.kind, began, tags, well=error is None)


def main() -> None:
    """Run one relay until SIGTERM or SIGINT."""
    settings = Settings()
    telemetry.start(settings)
    dsn = settings.database_url.get_secret_value()
    engine = open_engine(dsn, pool=2, name="millrace-relay")
    serve(settings)
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
