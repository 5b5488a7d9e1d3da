"""The keeper of dead letters: moves whatever arrives in the dead-letters queue to the ledger."""

from __future__ import annotations

import time
from typing import Any

import structlog
from celery import Task, shared_task
from celery.exceptions import Reject
from sqlalchemy import Connection

from consumers.consumer import KEEP
from shared import clock, ledger, runlog
from shared.broker.topology import DEAD_LETTERS
from shared.broker.wire import Delivery
from shared.telemetry import labels, metrics

log = structlog.get_logger(__name__)

PAUSE = 2.0
"""Seconds before a letter goes back to its queue when the ledger cannot be written."""


class KeepTask(Task):
    """A task that never gives a message up: there is no other place for a dead letter to go."""

    abstract = True
    Request = "consumers.request:LineRequest"
    typing = False
    acks_late = True
    acks_on_failure = False
    acks_on_timeout = False
    reject_on_worker_lost = True
    ignore_result = True


@shared_task(name=KEEP, base=KeepTask)
def keep(delivery: Delivery) -> Any:
    """Write one dead letter into the ledger; it is acknowledged after the commit."""
    wiring = keep.app.wiring
    structlog.contextvars.clear_contextvars()
    try:
        with wiring.engine.begin() as connection:
            death = ledger.keep(connection, delivery)
            if death.error is None:
                _bury(connection, delivery, death)
    except Exception as error:
        log.exception("dead letter not kept yet", message_id=delivery.message_id)
        time.sleep(PAUSE)
        raise Reject(str(error), requeue=True) from error
    log.info(
        "dead letter kept", kind=death.kind, queue=death.queue, reason=death.reason, message_id=delivery.message_id
    )
    metrics.messages_handled.labels(DEAD_LETTERS, KEEP, "done").inc()
    metrics.dead_letters_kept.labels(labels.queue(death.queue), labels.reason(death.reason)).inc()


def _bury(connection: Connection, delivery: Delivery, death: ledger.Death) -> None:
    """Tell the run log of a death that no worker lived to tell, so that nobody waits for the message any more."""
    at = clock.now()
    message = delivery.message(clock.milliseconds(at))
    published_at = clock.from_milliseconds(message.published_at)
    entry = runlog.Entry(
        message.message_id, death.kind, death.queue, None, message.correlation_id, message.cause, published_at, at
    )
    told = runlog.Attempt(
        message.attempt, at.isoformat(), at.isoformat(), "dead", death.reason, "given up by the broker"
    )
    runlog.bury(connection, entry, told, at)
