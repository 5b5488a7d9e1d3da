"""The edge around every handler: read, run, and do with the message what the verdict says.

Runs in a pool process. This is the one place that catches everything: whatever goes wrong in a handler ends here as
Later or Dead, published with a confirm before the message itself is acknowledged, so that a process may die at any
line and the message is either where it was or where it belongs.
"""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import structlog
from celery import Task, shared_task
from celery.exceptions import Reject, Retry
from sqlalchemy.exc import DBAPIError

from consumers import verdict
from consumers.consumer import STRAY
from consumers.run import Run
from consumers.wiring import Wiring
from shared import clock, ledger, runlog
from shared.broker import topology, wire
from shared.broker.wire import Delivery, Message
from shared.contracts.kind import Kind, Payload
from shared.errors import BrokerAway, Expired, NotYet, PublishError, UnknownKind, UnreadableAnswer
from shared.telemetry import metrics
from shared.telemetry import start as telemetry

log = structlog.get_logger(__name__)

SOFT_LIMIT, HARD_LIMIT = 25 * 60, 30 * 60
"""Seconds after which a handler is interrupted, and its process killed; below the broker's consumer timeout."""

PAUSE_WITHOUT_DATABASE = 1.0
"""Seconds a process rests when the database is away, so that a full queue does not spin through the delay tier."""

OWN_CODE = ("producers", "consumers", "shared")
"""Folders whose frames tell where an error came from."""

Handler = Callable[[Any, Run], None]


def handles(kind: Kind) -> Callable[[Handler], Any]:
    """Make a function the handler of a kind: a Celery task of the same name.

    The function takes the payload and the Run; what it returns is ignored, the result goes into `Effect.result`.
    `.delay(**fields)` and `.apply_async(kwargs=fields, priority=, countdown=, expires=)` publish the message.
    """

    def register(function: Handler) -> Any:
        return shared_task(name=kind.name, base=LineTask)(function)

    return register


class GivenUp(Exception):
    """The message is at the dead-letter exchange, confirmed; `error` is what Celery's own views show."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(str(error))


class LineTask(Task):
    """A Celery task whose body is the line's; `run` is the handler."""

    abstract = True
    takes_messages = True
    typing = False  # .delay takes the payload's fields; the contract checks them
    acks_late = True
    acks_on_failure = True  # by then the message is at the dead-letter exchange, confirmed
    acks_on_timeout = False  # a killed process decided nothing: again, up to the delivery limit
    reject_on_worker_lost = True  # likewise
    ignore_result = True  # the run log has it, written with the effect
    max_retries = None
    soft_time_limit = SOFT_LIMIT
    time_limit = HARD_LIMIT

    def __call__(self, delivery: Delivery) -> str:
        """Handle one message; returns its outcome, or raises what tells Celery to acknowledge or requeue it.

        Whatever is raised here without having been settled is a bug of this very edge; Celery would acknowledge
        the message away, so the broker is told to dead-letter it.
        """
        try:
            return self._handle(delivery)
        except (Retry, Reject):
            raise
        except GivenUp as given_up:
            raise given_up.error from None
        except Exception as error:
            log.exception("the edge itself failed, the broker dead-letters the message")
            raise Reject(repr(error), requeue=False) from error

    def _handle(self, delivery: Delivery) -> str:
        wiring: Wiring = self.app.wiring
        started, arrived = time.perf_counter(), clock.now()
        message = delivery.message(clock.milliseconds(arrived))
        labels = (delivery.queue, message.kind if message.kind in wiring.contracts else "unknown")
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(
            kind=message.kind,
            message_id=message.message_id,
            root_id=message.correlation_id,
            queue=delivery.queue,
            attempt=message.attempt,
        )
        waited = (clock.milliseconds(arrived) - message.published_at) / 1000
        if message.attempt == 0 and not message.replay and waited > 0:
            metrics.queue_wait_seconds.labels(*labels).observe(waited)
        entry = runlog.Entry(
            message.message_id,
            message.kind,
            delivery.queue,
            None,
            message.correlation_id,
            message.cause,
            clock.from_milliseconds(message.published_at),
            arrived,
        )
        outcome = "dead"
        try:
            outcome = self._attempt(message, entry, wiring)
            log.info("handled", outcome=outcome, seconds=round(time.perf_counter() - started, 4))
        except Exception as error:  # noqa: BLE001 - the one place: whatever it is, it has a fate
            fate = verdict.decide(error, message.attempt, random.random(), backoff=wiring.settings.retry_backoff)  # noqa: S311
            outcome = "retried" if isinstance(fate, verdict.Later) else "dead"
            self._settle(message, entry, wiring, error, fate)
        finally:
            metrics.messages_handled.labels(*labels, outcome).inc()
            metrics.handle_seconds.labels(*labels).observe(time.perf_counter() - started)
        return outcome

    def _attempt(self, message: Message, entry: runlog.Entry, wiring: Wiring) -> str:
        now = clock.milliseconds(entry.started_at)
        if message.not_before is not None and message.not_before > now:
            raise NotYet((message.not_before - now) / 1000)
        if message.expires_at is not None and message.expires_at < now:
            raise Expired(f"it was to start before {clock.from_milliseconds(message.expires_at).isoformat()}")
        message.require_json()
        payload = wiring.contracts.read(message.kind, message.schema, message.body)
        entry = replace(entry, entity=wiring.contracts.kind(message.kind).entity_of(payload))
        run = Run(message, entry, wiring)
        try:
            self.run(payload, run)
            if not run.finished:
                with run.finish():
                    pass
        except runlog.AlreadyDone:
            return self._duplicate(message, wiring)
        return "done"

    def _duplicate(self, message: Message, wiring: Wiring) -> str:
        if message.replay:
            with wiring.engine.begin() as connection:
                ledger.resolve(connection, message.message_id)
        return "duplicate"

    def _settle(
        self, message: Message, entry: runlog.Entry, wiring: Wiring, error: Exception, fate: verdict.Verdict
    ) -> None:
        """Publish the message to where its fate sends it; always ends in an exception that Celery acts upon."""
        away = verdict.database_is_away(error)
        text = str(error)[:2000] or type(error).__name__
        trace = "".join(traceback.format_exception(error))[-runlog.TRACEBACK_KEPT :]
        answer = error.body.decode("utf-8", "replace") if isinstance(error, UnreadableAnswer) else None
        delay = fate.delay if isinstance(fate, verdict.Later) else None
        attempt = runlog.Attempt(
            message.attempt,
            entry.started_at.isoformat(),
            clock.now().isoformat(),
            "retried" if delay is not None else "dead",
            type(error).__name__,
            text,
            trace,
            answer,
            delay,
        )
        if not away and not isinstance(error, NotYet):
            self._record(wiring, entry, attempt)
        try:
            if isinstance(fate, verdict.Later):
                attempts = message.attempt + (1 if fate.spends else 0)
                log.warning("retried", error=type(error).__name__, reason=text, delay=round(fate.delay, 2))
                wiring.publisher.publish(wire.later(message, entry.queue, fate.delay, attempt=attempts))
                if away:
                    time.sleep(PAUSE_WITHOUT_DATABASE)
                raise Retry(text, when=fate.delay)
            if fate.reason == "unexpected":
                telemetry.report(error)
            log.error("dead", error=type(error).__name__, reason=fate.reason, text=text, exc_info=error)
            death = ledger.Death(
                queue=entry.queue,
                kind=message.kind,
                reason=fate.reason,
                at=clock.milliseconds(clock.now()),
                error=type(error).__name__,
                message=text,
                frame=_own_frame(error),
                traceback=trace,
                entity=entry.entity,
            )
            wiring.publisher.publish(dead(message, death))
        except BrokerAway as away_too:
            log.exception("broker away, message goes back to its queue")
            raise Reject(str(away_too), requeue=True) from error
        except PublishError as refused:
            # It cannot travel in the form we give it (headers too large, say): the broker dead-letters the original.
            log.exception("message cannot be published, the broker dead-letters it")
            raise Reject(str(refused), requeue=False) from error
        raise GivenUp(error)

    def _record(self, wiring: Wiring, entry: runlog.Entry, attempt: runlog.Attempt) -> None:
        """Write the attempt into the run log; without a database the message's fate matters more."""
        try:
            with wiring.engine.begin() as connection:
                runlog.fail(connection, entry, attempt, final=attempt.outcome == "dead", at=clock.now())
        except Exception as error:
            if not verdict.database_is_away(error) and not isinstance(error, DBAPIError):
                raise
            log.warning("attempt not recorded, database away", exc_info=True)


@shared_task(name=STRAY, base=LineTask)
def stray(_payload: Payload, run: Run) -> None:
    """Refuse a message nobody here handles; reading it has failed before, unless only its handler is missing."""
    raise UnknownKind(run.message.kind)


def dead(message: Message, death: ledger.Death) -> Message:
    """Return the message on its way to the dead-letters queue, with the reason in a header."""
    told = {name: value for name, value in asdict(death).items() if value is not None}
    return replace(
        message,
        exchange=topology.DEAD_LETTER,
        routing_key=death.queue,
        expiration=None,
        headers={**message.headers, wire.DEATH_HEADER: told},
    )


def _own_frame(error: BaseException) -> str | None:
    """Return the innermost frame of our own code in an error's traceback, e.g. `shared/upstreams/tvdb.py:login`."""
    root = Path(__file__).parent.parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(root) and path.relative_to(root).parts[0] in OWN_CODE:
            return f"{path.relative_to(root)}:{frame.name}"
    return None
