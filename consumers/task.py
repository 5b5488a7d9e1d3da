"""The edge around every handler: read, run, and do with the message what the verdict says.

Runs in a pool process. This is the one place that catches everything: whatever goes wrong in a handler ends here as
Later or Dead, published with a confirm before the message itself is acknowledged, so that a process may die at any
line and the message is either where it was or where it belongs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import structlog
from celery import Task, shared_task
from celery.exceptions import Reject, Retry, TaskPredicate

from consumers import verdict
from consumers.consumer import STRAY
from consumers.run import Effect, Run
from consumers.settle import GivenUp, settle
from consumers.together import handle_together
from consumers.wiring import Wiring
from shared import ledger, runlog
from shared.broker.wire import Delivery
from shared.contracts.kind import Kind, Payload
from shared.errors import IdTaken, UnknownKind
from shared.telemetry import start as telemetry
from shared.telemetry import traces

log = structlog.get_logger(__name__)

SOFT_LIMIT, HARD_LIMIT = 25 * 60, 30 * 60
"""Seconds after which a handler is interrupted, and its process killed; below the broker's consumer timeout."""

Handler = Callable[[Any, Run], None]

Store = Callable[[Sequence[Any], Effect], None]


def handles(kind: Kind, *, bundle: int = 1) -> Callable[[Handler], Any]:
    """Make a function the handler of a kind: a Celery task of the same name.

    The function takes the payload and the Run; what it returns is ignored, the result goes into `Effect.result`.
    `.delay(**fields)` and `.apply_async(kwargs=fields, priority=, countdown=, expires=)` publish the message.
    A handler that only stores may be given up to `bundle` messages in one go and one transaction
    (`consumers.bundles`); the pool's prefetch must allow for it.
    """

    def register(function: Handler) -> Any:
        return shared_task(name=kind.name, base=LineTask, bundle=bundle)(function)

    return register


def stores(kind: Kind, *, bundle: int, wait: float = 0.0) -> Callable[[Store], Any]:
    """Make a function, which stores with set-based statements what many messages of a kind say, their handler.

    It is given the payloads of up to `bundle` messages, none of which was done before, in the order in which they
    arrived, and one Effect for all of them, which says when each was published; what it asks for or announces begins
    chains of its own. Called again with fewer of them (when one of them spoils the rest) it must store just those.
    Messages are gathered for `wait` seconds at most, even if a process is free; with 0 nobody waits. The pool's
    prefetch must allow for two bundles.
    """

    def register(function: Store) -> Any:
        def alone(ask: Payload, run: Run) -> None:
            with run.finish() as effect:
                effect.published_at = [run.published_at()]
                function([ask], effect)

        alone.__doc__, alone.__module__ = function.__doc__, function.__module__
        # A partial, unlike a function, does not become a method of the task.
        return shared_task(name=kind.name, base=LineTask, bundle=bundle, wait=wait, store=partial(function))(alone)

    return register


class LineTask(Task):
    """A Celery task whose body is the line's; `run` is the handler."""

    abstract = True
    Request = "consumers.request:LineRequest"
    bundle = 1
    wait = 0.0
    store: Store | None = None
    typing = False  # .delay takes the payload's fields; the contract checks them
    acks_late = True
    acks_on_failure = True  # by then the message is at the dead-letter exchange, confirmed
    acks_on_timeout = False  # a killed process decided nothing: again, up to the delivery limit
    reject_on_worker_lost = True  # likewise
    ignore_result = True  # the run log has it, written with the effect
    max_retries = None
    soft_time_limit = SOFT_LIMIT
    time_limit = HARD_LIMIT

    def __call__(self, *deliveries: Delivery) -> str | None:
        """Handle one message, or a bundle of them.

        Returns the outcome of a single one, or raises what tells Celery to acknowledge or requeue it. A bundle is
        one transaction; what cannot be done in it is settled by itself, and one that cannot be settled sends the
        bundle back to its queue.
        """
        if len(deliveries) == 1:
            return self._guard(deliveries[0])
        unsettled: Reject | None = None
        for delivery in handle_together(self, deliveries, self.app.wiring):
            try:
                self._guard(delivery)
            except Reject as error:
                unsettled = Reject(error.reason, requeue=True)
            except Exception as error:  # noqa: BLE001 - it has its fate, and the next message is not to blame
                log.debug("settled", error=type(error).__name__)
        if unsettled is not None:
            raise unsettled
        return None

    def _guard(self, delivery: Delivery) -> str:
        """Handle one message; whatever is raised without having been settled is a bug of this very edge.

        Celery would acknowledge such a message away, so the broker is told to dead-letter it.
        """
        try:
            return self._handle(delivery)
        except (Retry, Reject):
            raise
        except GivenUp as given_up:
            # Celery would act upon these instead of showing them; a MemoryError would end the whole worker.
            if isinstance(given_up.error, MemoryError | TaskPredicate):
                raise
            raise given_up.error from None
        except Exception as error:
            log.exception("the edge itself failed, the broker dead-letters the message")
            # As the ledger will see it, whom the broker tells nothing else.
            death = ledger.Death(delivery.queue, delivery.kind, "rejected", 0)
            telemetry.report(
                error,
                tags={"queue": delivery.queue, "message_id": delivery.message_id, "reason": death.reason},
                fingerprint=death.fingerprint,
                body=delivery.body,
                headers=delivery.headers,
            )
            raise Reject(repr(error), requeue=False) from error

    def _handle(self, delivery: Delivery) -> str:
        wiring: Wiring = self.app.wiring
        run = Run.of(delivery, wiring)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(**run.words())
        tags = run.tags()
        with traces.under_way(run.traced(), "queue.process", tags["kind"], tags) as recording:
            try:
                outcome = self._attempt(run)
            except Exception as error:  # noqa: BLE001 - the one place: whatever it is, it has a fate
                chance = random.random()  # noqa: S311 - jitter, no secret
                fate = verdict.decide(error, run.message.attempt, chance, backoff=wiring.settings.retry_backoff)
                outcome = "retried" if isinstance(fate, verdict.Later) else "dead"
                recording.ended(outcome, well=False)
                if isinstance(fate, verdict.Later) and not fate.spends:
                    recording.forget()
                run.ended(outcome)
                settle(run, error, fate)
            recording.ended(outcome)
        run.ended(outcome)
        log.info("handled", outcome=outcome, seconds=run.seconds())
        return outcome

    def _attempt(self, run: Run) -> str:
        try:
            self.run(run.read(), run)
            if not run.finished:
                with run.finish():
                    pass
        except runlog.AlreadyDone:
            with run.wiring.engine.begin() as connection:
                done = runlog.done(connection, [run.message.message_id]).get(run.message.message_id)
                if done is not None and not run.repeats(done):
                    raise IdTaken(run.message.message_id, " ".join(filter(None, done))) from None
                if run.message.replay:
                    ledger.resolve(connection, run.message.message_id)
            return "duplicate"
        return "done"


@shared_task(name=STRAY, base=LineTask)
def stray(_payload: Payload, run: Run) -> None:
    """Refuse a message nobody here handles; reading it has failed before, unless only its handler is missing."""
    raise UnknownKind(run.message.kind)
