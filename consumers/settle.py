"""Doing what the verdict says: publishing a message to its delay tier or to the dead letters, confirmed."""

from __future__ import annotations

import time
import traceback
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn

import structlog
from celery.exceptions import Reject, Retry
from sqlalchemy.exc import DBAPIError

from consumers import verdict
from consumers.run import Run
from shared import clock, ledger, runlog
from shared.broker import topology, wire
from shared.broker.wire import Message
from shared.errors import BrokerAway, NotYet, PublishError, UnreadableAnswer
from shared.telemetry import publishing
from shared.telemetry import start as telemetry

log = structlog.get_logger(__name__)

PAUSE_WITHOUT_DATABASE = 1.0
"""Seconds a process rests when the database is away, so that a full queue does not spin through the delay tier."""

TEXT_KEPT = 2_000
"""Characters of an error's text that are kept."""

OWN_CODE = ("producers", "consumers", "shared")
"""Folders whose frames tell where an error came from."""


class GivenUp(Exception):
    """The message is at the dead-letter exchange, confirmed; `error` is what Celery's own views show."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(str(error))


def settle(run: Run, error: Exception, fate: verdict.Verdict) -> NoReturn:
    """Send the message of an attempt that ended in `error` to where its fate sends it.

    Raises Retry or GivenUp when it is there, so that Celery acknowledges the original; or Reject, so that the
    broker keeps it (it is away) or dead-letters it itself (it cannot be published in the form we give it).
    """
    away = verdict.database_is_away(error)
    text = str(error)[:TEXT_KEPT] or type(error).__name__
    attempt = _attempt(run, error, text, fate.delay if isinstance(fate, verdict.Later) else None)
    if not away and not isinstance(error, NotYet):
        _record(run, attempt)
    # A wait leaves the trace as it is: nobody records it.
    message = run.message if isinstance(fate, verdict.Later) and not fate.spends else run.passed_on()
    try:
        if isinstance(fate, verdict.Later):
            log.warning("retried", error=attempt.error, reason=text, delay=round(fate.delay, 2))
            spent = run.message.attempt + (1 if fate.spends else 0)
            _publish(run, wire.later(message, run.entry.queue, fate.delay, attempt=spent))
        else:
            log.error("dead", error=attempt.error, reason=fate.reason, text=text, exc_info=error)
            death = _death(run, error, attempt, fate)
            _publish(run, _dead(message, death))
            if fate.reason == "unexpected":
                _report(run, error, death)
    except BrokerAway as broker_away:
        log.exception("broker away, message goes back to its queue")
        raise Reject(str(broker_away), requeue=True) from error
    except PublishError as refused:
        log.exception("message cannot be published, the broker dead-letters it")
        raise Reject(str(refused), requeue=False) from error
    if away:
        time.sleep(PAUSE_WITHOUT_DATABASE)
    if isinstance(fate, verdict.Later):
        raise Retry(text, when=fate.delay)
    raise GivenUp(error)


def _publish(run: Run, message: Message) -> None:
    for error in publishing.publish(run.wiring.publisher, [message], run.wiring.contracts).values():
        raise error


def _attempt(run: Run, error: Exception, text: str, delay: float | None) -> runlog.Attempt:
    return runlog.Attempt(
        run.message.attempt,
        run.entry.started_at.isoformat(),
        clock.now().isoformat(),
        "dead" if delay is None else "retried",
        type(error).__name__,
        text,
        "".join(traceback.format_exception(error))[-runlog.TRACEBACK_KEPT :],
        error.body.decode("utf-8", "replace") if isinstance(error, UnreadableAnswer) else None,
        delay,
        run.traced().trace_id,
    )


def _record(run: Run, attempt: runlog.Attempt) -> None:
    """Write the attempt into the run log; without a database the message's fate matters more."""
    try:
        with run.wiring.engine.begin() as connection:
            runlog.fail(connection, run.entry, attempt, final=attempt.outcome == "dead", at=clock.now())
    except Exception as error:
        if not verdict.database_is_away(error) and not isinstance(error, DBAPIError):
            raise
        log.warning("attempt not recorded, database away", exc_info=True)


def _report(run: Run, error: Exception, death: ledger.Death) -> None:
    """Tell Sentry of an error that nobody expected, in the group that the ledger has for it."""
    telemetry.report(
        error,
        tags={**run.tags(), "reason": death.reason},
        fingerprint=death.fingerprint,
        span=run.traced(),
        body=run.message.body,
        headers=run.message.headers,
    )


def _death(run: Run, error: Exception, attempt: runlog.Attempt, fate: verdict.Dead) -> ledger.Death:
    return ledger.Death(
        queue=run.entry.queue,
        kind=run.message.kind,
        reason=fate.reason,
        at=clock.milliseconds(clock.now()),
        error=attempt.error,
        message=attempt.message,
        frame=_own_frame(error),
        traceback=attempt.traceback,
        entity=run.entry.entity,
    )


def _dead(message: Message, death: ledger.Death) -> Message:
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
    """Return the innermost frame of our own code in an error's traceback, e.g. `shared/upstreams/http.py:get`."""
    root = Path(__file__).parent.parent
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(root) and path.relative_to(root).parts[0] in OWN_CODE:
            return f"{path.relative_to(root)}:{frame.name}"
    return None
