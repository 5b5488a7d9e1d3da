"""Several short messages in one transaction: one wait for the disk instead of one for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import structlog

from consumers import verdict
from consumers.run import Effect, Run, Shared
from consumers.wiring import Wiring
from shared import clock, outbox, runlog
from shared.broker.wire import Delivery
from shared.contracts.kind import Payload
from shared.telemetry import traces

log = structlog.get_logger(__name__)

MOST_RECORDED = 20
"""Messages of one bundle that are recorded in traces of their own."""


@dataclass(frozen=True, slots=True)
class Read:
    """A message of a bundle that could be read."""

    delivery: Delivery
    run: Run
    payload: Payload


def handle_together(task: Any, deliveries: Sequence[Delivery], wiring: Wiring) -> list[Delivery]:
    """Handle a bundle in one transaction; returns the messages that somebody has to settle one by one.

    Those are the ones that cannot be read, a second one with the same id, replays, and whoever spoils the
    transaction: it is undone and tried again in halves, until the one at fault is alone. Handlers of bundles only
    store, so running one again repeats nothing.
    """
    structlog.contextvars.clear_contextvars()
    together: dict[str, Read] = {}
    alone = []
    arrived = clock.now()
    for delivery in deliveries:
        try:
            run = Run.of(delivery, wiring, arrived)
            payload = run.read()
        except Exception:  # noqa: BLE001 - settled alone, it meets its error again
            alone.append(delivery)
            continue
        if run.message.replay or delivery.message_id in together:
            alone.append(delivery)
        else:
            together[delivery.message_id] = Read(delivery, run, payload)
    return [*_store(task, list(together.values()), wiring), *alone]


def _store(task: Any, bundle: list[Read], wiring: Wiring) -> list[Delivery]:
    if len(bundle) < 2:  # noqa: PLR2004 - one has no neighbours
        return [each.delivery for each in bundle]
    try:
        taken = _commit(task, bundle, wiring)
    except Exception as error:  # noqa: BLE001 - nothing has happened; whoever is at fault meets it again
        log.debug("bundle undone", messages=len(bundle), error=type(error).__name__, reason=str(error))
        if verdict.database_is_away(error):
            return [each.delivery for each in bundle]
        half = len(bundle) // 2
        return [*_store(task, bundle[:half], wiring), *_store(task, bundle[half:], wiring)]
    return [each.delivery for each in bundle if each.delivery.message_id not in taken]


def _commit(task: Any, bundle: list[Read], wiring: Wiring) -> set[str]:
    """Do what is not done yet and return the ids of the messages that are done now."""
    first = bundle[0].run
    tags = {"queue": first.entry.queue, "kind": first.message.kind, "messages": str(len(bundle))}
    headers = (each.run.message.traceparent for each in bundle)
    with traces.bundle(first.message.kind, tags, headers), wiring.engine.begin() as connection:
        known = runlog.done(connection, [each.delivery.message_id for each in bundle])
        fresh = [each for each in bundle if each.delivery.message_id not in known]
        repeated = [
            each
            for each in bundle
            if each.delivery.message_id in known and each.run.repeats(known[each.delivery.message_id])
        ]
        shared = Shared(connection)
        if task.store is None:
            for each in fresh:
                _one(task, each, shared)
        elif fresh:
            _all(task, fresh, shared, wiring)
        runlog.finish_many(connection, shared.entries, shared.attempts, shared.results, clock.now())
        outbox.put(connection, shared.following)
    if traces.recorded():
        _record(fresh)
    for outcome, runs in (("done", fresh), ("duplicate", repeated)):
        for each in runs:
            each.run.ended(outcome)
            if task.store is None:
                log.info("handled", outcome=outcome, seconds=each.run.seconds(), bundle=len(bundle), **each.run.words())
    if task.store is not None:
        log.info(
            "handled",
            kind=first.message.kind,
            queue=first.entry.queue,
            bundle=len(bundle),
            done=len(fresh),
            duplicate=len(repeated),
            seconds=first.seconds(),
        )
    return {each.delivery.message_id for each in (*fresh, *repeated)}


def _record(done: Sequence[Read]) -> None:
    """Let each sampled message's own trace show that it was done, too; of a large bundle, of the first so many."""
    sampled = (each.run for each in done if traces.sampled(each.run.message.traceparent))
    for run in islice(sampled, MOST_RECORDED):
        tags = {**run.tags(), "outcome": "done"}
        traces.note(run.traced(), "queue.process", tags["kind"], run.entry.started_at, tags)


def _one(task: Any, each: Read, shared: Shared) -> None:
    # Tried before, perhaps, in a larger bundle that was undone: whatever was finished there is not.
    each.run.shared, each.run.finished = shared, False
    with traces.under(each.run.traced()):
        task.run(each.payload, each.run)
        if not each.run.finished:
            with each.run.finish():
                pass


def _all(task: Any, fresh: list[Read], shared: Shared, wiring: Wiring) -> None:
    effect = Effect(shared.connection, wiring.contracts, published_at=[each.run.published_at() for each in fresh])
    task.store([each.payload for each in fresh], effect)
    for each in fresh:
        shared.add(each.run, Effect(shared.connection, wiring.contracts))
    shared.following.extend(effect.following)
