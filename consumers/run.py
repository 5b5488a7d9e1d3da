"""What a handler is given: its way to upstreams, and the one transaction in which its effect happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection

from shared import clock, ledger, outbox, runlog
from shared.broker.traceparent import Span
from shared.broker.wire import Delivery, Message, compose
from shared.contracts.kind import Payload
from shared.contracts.registry import Contracts
from shared.errors import Expired, NotYet
from shared.telemetry import labels, metrics, traces
from shared.upstreams.gateway import Gateway

if TYPE_CHECKING:
    from consumers.wiring import Wiring

T = TypeVar("T")

BACKGROUND = 1
"""Priority of what follows from other work: nobody is waiting for it."""


@dataclass(slots=True)
class Effect:
    """The open transaction: store through `connection`, add what follows, say what came out in `result`.

    What follows from many messages at once has no `cause`; when each of those was published says `published_at`, in
    the order in which they are given.
    """

    connection: Connection
    contracts: Contracts
    cause: Message | None = None
    result: Any = None
    following: list[Message] = field(default_factory=list)
    published_at: Sequence[datetime] = ()

    def ask(self, *payloads: Payload, priority: int = BACKGROUND, after: float | None = None) -> None:
        """Ask for further work, once this effect is committed; it starts `after` so many seconds at the earliest."""
        start = None if after is None else clock.milliseconds(clock.now() + timedelta(seconds=after))
        self.following.extend(self._compose(payload, priority, start) for payload in payloads)

    def announce(self, *facts: Payload) -> None:
        """Tell whoever listens what has happened, once it is committed."""
        self.ask(*facts)

    def _compose(self, payload: Payload, priority: int, not_before: int | None) -> Message:
        cause = self.cause
        return compose(
            self.contracts,
            payload,
            app_id="millrace",
            correlation_id=None if cause is None else cause.correlation_id,
            cause=None if cause is None else cause.message_id,
            priority=priority,
            not_before=not_before,
        )


@dataclass(slots=True)
class Shared:
    """The transaction that the runs of a bundle have in common, and what is to be written at its end."""

    connection: Connection
    entries: list[runlog.Entry] = field(default_factory=list)
    attempts: list[runlog.Attempt] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    following: list[Message] = field(default_factory=list)

    def add(self, run: Run, effect: Effect) -> None:
        """Take note of a run whose effect has been stored."""
        self.entries.append(run.entry)
        self.attempts.append(run.succeeded(clock.now()))
        self.results.append(effect.result)
        self.following.extend(effect.following)


@dataclass(slots=True)
class Run:
    """One attempt at one message: upstreams by their names, then `finish`."""

    message: Message
    entry: runlog.Entry
    wiring: Wiring
    started: float
    shared: Shared | None = None
    began: bool = False
    finished: bool = False
    span: Span | None = None

    @classmethod
    def of(cls, delivery: Delivery, wiring: Wiring, arrived: datetime | None = None) -> Run:
        """Return the run of a message that has just come to this process, or came at a time with others."""
        started, arrived = time.perf_counter(), arrived or clock.now()
        message = delivery.message(clock.milliseconds(arrived))
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
        return cls(message, entry, wiring, started)

    def traced(self) -> Span:
        """Return the span of this attempt, of the message's trace or of a new one; made when somebody asks for it."""
        if self.span is None:
            self.span = traces.continued(self.message.traceparent)
        return self.span

    def passed_on(self) -> Message:
        """Return the message as it goes on from this attempt: what becomes of it is part of the same trace."""
        return replace(self.message, traceparent=self.traced().header)

    def read(self) -> Payload:
        """Return what the message asks for, and note what it is about.

        Raises NotYet or Expired when this is not the time for it, and any InvalidMessage.
        """
        message, now = self.message, clock.milliseconds(self.entry.started_at)
        if message.not_before is not None and message.not_before > now:
            raise NotYet((message.not_before - now) / 1000)
        if message.expires_at is not None and message.expires_at < now:
            raise Expired(f"it was to start before {clock.from_milliseconds(message.expires_at).isoformat()}")
        message.require_json()
        contracts = self.wiring.contracts
        payload = contracts.read(message.kind, message.schema, message.body)
        entity = contracts.kind(message.kind).entity_of(payload)
        if entity is not None:
            self.entry = replace(self.entry, entity=entity)
        return payload

    def published_at(self) -> datetime:
        """Return when the message was published, which is what "today" means in it, however often it is tried."""
        return self.entry.published_at

    def repeats(self, done: tuple[str, str | None]) -> bool:
        """Tell whether a message that was done under the same id, of this kind and about that, was this one."""
        return done == (self.entry.kind, self.entry.entity)

    def begin(self) -> None:
        """Show in the run log that work on this message has begun; raises AlreadyDone when it needs none.

        Reaching for an upstream does this by itself. A handler that only stores is over before anybody could
        look, and `finish` finds a duplicate just as surely.
        """
        if not self.began:
            with self.wiring.engine.connect() as connection:
                if not runlog.begin(connection, self.entry):
                    raise runlog.AlreadyDone
            self.began = True

    def upstream(self, opening: Callable[[Gateway], T]) -> T:
        """Return an upstream's client, e.g. `run.upstream(open_tvdb)`; work on this message has begun."""
        self.begin()
        return self.wiring.upstream(opening)

    @contextmanager
    def finish(self) -> Iterator[Effect]:
        """Open the transaction of the effect; at its end effect, run log and outbox commit together.

        Raises runlog.AlreadyDone, after rolling everything back, when the effect was committed before. No
        upstream may be asked inside: locks would be held while it answers. In a bundle the transaction is the
        bundle's, and commits when all of its messages have been handled.
        """
        if self.shared is not None:
            effect = Effect(self.shared.connection, self.wiring.contracts, self.message)
            yield effect
            self.shared.add(self, effect)
            self.finished = True
            return
        with traces.step("db", "effect"), self.wiring.engine.begin() as connection:
            effect = Effect(connection, self.wiring.contracts, self.message)
            yield effect
            at = clock.now()
            runlog.finish(connection, self.entry, self.succeeded(at), effect.result, at)
            outbox.put(connection, effect.following)
            if self.message.replay:
                ledger.resolve(connection, self.message.message_id)
        self.finished = True

    def succeeded(self, at: datetime) -> runlog.Attempt:
        """Return this attempt as the run log keeps it when it went well."""
        return runlog.Attempt(
            self.message.attempt,
            self.entry.started_at.isoformat(),
            at.isoformat(),
            outcome="done",
            trace_id=None if self.span is None else self.span.trace_id,
        )

    def ended(self, outcome: str) -> None:
        """Count this attempt; `outcome` is done, duplicate, retried or dead."""
        of = self.entry.queue, labels.kind(self.message.kind, self.wiring.contracts)
        metrics.messages_handled.labels(*of, outcome).inc()
        metrics.handle_seconds.labels(*of).observe(time.perf_counter() - self.started)
        waited = (clock.milliseconds(self.entry.started_at) - self.message.published_at) / 1000
        # A sender who does not say when it published counts as publishing now, which would tell nothing.
        if self.message.attempt == 0 and not self.message.replay and waited > 0:
            metrics.queue_wait_seconds.labels(*of).observe(waited)

    def seconds(self) -> float:
        """Return how long this attempt has taken so far."""
        return round(time.perf_counter() - self.started, 4)

    def words(self) -> dict[str, Any]:
        """Return what every log line about this run carries."""
        return {
            "kind": self.message.kind,
            "message_id": self.message.message_id,
            "root_id": self.message.correlation_id,
            "queue": self.entry.queue,
            "attempt": self.message.attempt,
            "trace_id": self.traced().trace_id,
            "span_id": self.traced().span_id,
        }

    def tags(self) -> dict[str, str]:
        """Return what Sentry is told of this attempt."""
        return {
            "queue": self.entry.queue,
            "kind": labels.kind(self.message.kind, self.wiring.contracts),
            "message_id": self.message.message_id,
            "attempt": str(self.message.attempt),
        }
