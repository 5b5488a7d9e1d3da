"""How urgent, how early and how late: what the options of `millrace publish` mean for every message of a command."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from producers.cli.failures import USAGE, Failure
from shared import clock
from shared.broker import topology
from shared.broker.wire import NORMAL, Message, compose, later
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.telemetry import traces

APP_ID = "millrace-cli"


@dataclass(frozen=True, slots=True)
class Terms:
    """How urgent, how early and how late: the same for every message of one command. Times in ms since the epoch."""

    now: datetime
    priority: int = NORMAL
    not_before: datetime | None = None
    expires_at: datetime | None = None

    @classmethod
    def from_options(
        cls, now: datetime, priority: int, delay: float | None, not_before: datetime | None, expires: float | None
    ) -> Terms:
        """Return the terms that the options of a command mean; raises Failure when they contradict each other."""
        if delay is not None and not_before is not None:
            raise Failure("--delay and --not-before say the same thing twice", "give one of them", USAGE)
        start = None if delay is None else now + timedelta(seconds=delay)
        if not_before is not None:
            start = not_before if not_before.tzinfo else not_before.replace(tzinfo=UTC)
        end = None if expires is None else now + timedelta(seconds=expires)
        if start is not None and end is not None and end <= start:
            raise Failure("it would expire before it may start", "give --expires more seconds than the delay", USAGE)
        return cls(now, priority, start, end)

    def message(self, payload: Payload, message_id: str | None = None) -> Message:
        """Return the message to publish: by way of a delay tier when it must not start yet."""
        message = compose(
            CONTRACTS,
            payload,
            app_id=APP_ID,
            message_id=message_id,
            priority=self.priority,
            not_before=None if self.not_before is None else clock.milliseconds(self.not_before),
            expires_at=None if self.expires_at is None else clock.milliseconds(self.expires_at),
            traceparent=traces.begun().header,
        )
        wait = 0.0 if self.not_before is None else (self.not_before - self.now).total_seconds()
        if wait <= 0:
            return message
        pool = topology.pool_of(message.kind)
        if pool is None:
            raise Failure(f"{message.kind} is a fact: it happened, and cannot wait", "leave the delay out", USAGE)
        # The moment that was asked for, to the millisecond, and not the one that the wait leads to.
        return replace(later(message, _queue(pool, self.priority), wait), not_before=message.not_before)


def _queue(pool: topology.Pool, priority: int) -> str:
    return pool.urgent if pool.urgent is not None and priority >= topology.URGENT_FROM else pool.name
