"""What a handler is given: its way to upstreams, and the one transaction in which its effect happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from shared import clock, ledger, outbox, runlog
from shared.broker.wire import Message, compose
from shared.contracts.kind import Payload
from shared.contracts.registry import Contracts
from shared.upstreams.tvdb import Tvdb

if TYPE_CHECKING:
    from consumers.wiring import Wiring

BACKGROUND = 1
"""Priority of what follows from other work: nobody is waiting for it."""


@dataclass(slots=True)
class Effect:
    """The open transaction: store through `connection`, add what follows, say what came out in `result`."""

    connection: Connection
    cause: Message
    contracts: Contracts
    result: Any = None
    following: list[Message] = field(default_factory=list)

    def ask(self, *payloads: Payload, priority: int = BACKGROUND) -> None:
        """Ask for further work, once this effect is committed."""
        self.following.extend(self._compose(payload, priority) for payload in payloads)

    def announce(self, *facts: Payload) -> None:
        """Tell whoever listens what has happened, once it is committed."""
        self.ask(*facts)

    def _compose(self, payload: Payload, priority: int) -> Message:
        return compose(
            self.contracts,
            payload,
            app_id="millrace",
            correlation_id=self.cause.correlation_id,
            cause=self.cause.message_id,
            traceparent=self.cause.traceparent,
            priority=priority,
        )


@dataclass(slots=True)
class Run:
    """One attempt at one message: upstreams by their names, then `finish`."""

    message: Message
    entry: runlog.Entry
    wiring: Wiring
    began: bool = False
    finished: bool = False

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

    @property
    def tvdb(self) -> Tvdb:
        """TheTVDB."""
        self.begin()
        return self.wiring.tvdb

    @contextmanager
    def finish(self) -> Iterator[Effect]:
        """Open the transaction of the effect; at its end effect, run log and outbox commit together.

        Raises runlog.AlreadyDone, after rolling everything back, when the effect was committed before. No
        upstream may be asked inside: locks would be held while it answers.
        """
        with self.wiring.engine.begin() as connection:
            effect = Effect(connection, self.message, self.wiring.contracts)
            yield effect
            at = clock.now()
            attempt = runlog.Attempt(
                self.message.attempt, self.entry.started_at.isoformat(), at.isoformat(), outcome="done"
            )
            runlog.finish(connection, self.entry, attempt, effect.result, at)
            outbox.put(connection, effect.following)
            if self.message.replay:
                ledger.resolve(connection, self.message.message_id)
        self.finished = True
