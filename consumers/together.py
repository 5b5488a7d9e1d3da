"""Several short messages in one transaction: one wait for the disk instead of one for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from consumers.run import Run, Shared
from consumers.wiring import Wiring
from shared import clock, outbox, runlog
from shared.broker.wire import Delivery

log = structlog.get_logger(__name__)


def handle_together(task: Any, deliveries: Sequence[Delivery], wiring: Wiring) -> bool:
    """Handle a bundle in one transaction; returns False, with everything undone, when anything is wrong with it.

    What is wrong (one message that cannot be read, a deadlock, a duplicate within the bundle) is found out by
    whoever then handles each message alone. Handlers of bundles only store, so running one again repeats nothing.
    """
    structlog.contextvars.clear_contextvars()
    try:
        runs = [Run.of(delivery, wiring) for delivery in deliveries]
        if any(run.message.replay for run in runs):
            return False
        payloads = [run.read() for run in runs]
        with wiring.engine.begin() as connection:
            known = runlog.done(connection, [run.message.message_id for run in runs])
            if not all(run.repeats(known[run.message.message_id]) for run in runs if run.message.message_id in known):
                return False
            shared = Shared(connection)
            for run, payload in zip(runs, payloads, strict=True):
                if run.message.message_id not in known:
                    run.shared = shared
                    task.run(payload, run)
                    if not run.finished:
                        with run.finish():
                            pass
            runlog.finish_many(connection, shared.entries, shared.attempts, shared.results, clock.now())
            outbox.put(connection, shared.following)
    except Exception as error:  # noqa: BLE001 - nothing has happened; each message will meet its own error again
        log.debug("bundle undone", messages=len(deliveries), error=type(error).__name__, reason=str(error))
        return False
    for run in runs:
        outcome = "duplicate" if run.message.message_id in known else "done"
        run.ended(outcome)
        log.info("handled", outcome=outcome, seconds=run.seconds(), bundle=len(runs), **run.words())
    return True
