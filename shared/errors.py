"""What can go wrong, as one tree whose branches answer "what now?".

MillraceError
├── Transient                 the same message may succeed later
│   ├── UpstreamAway          timeout, connection, 5xx, an answer cut short
│   ├── RateLimited           the upstream said 429; carries its Retry-After
│   ├── LimitReached          our own limit for an upstream; waiting for it spends no attempt
│   ├── BreakerOpen           an upstream kept failing, nobody asks it for a while; spends no attempt
│   └── NotYet                the message asked to start later than now; spends no attempt
├── Permanent                 the same message will never succeed as it is
│   ├── InvalidMessage        what arrived cannot be understood
│   │   ├── Undecodable       not JSON, or not an object
│   │   ├── UnknownKind       no contract of that name
│   │   ├── UnknownSchema     a version this release does not know
│   │   ├── ContractViolation the payload does not fit its contract
│   │   └── IdTaken           another message with its id has been done before
│   ├── Expired               the publisher's deadline passed before it started
│   ├── UpstreamGone          404 or 410: the entity is not there
│   ├── UpstreamRefused       any other 4xx: our request or our key is wrong
│   └── UnreadableAnswer      the upstream answered something we cannot read; keeps the body
├── MissingSetting            a process cannot start, or do this, without it; names the variable
└── PublishError              a message that did not reach a queue
    ├── Unroutable            no queue is bound for it
    ├── Refused               the broker said no (queue full, alarm)
    └── BrokerAway            no confirm came before the deadline

The database's own errors are SQLAlchemy's and psycopg's; `consumers.verdict` knows them.
"""

from __future__ import annotations

from typing import Any


class MillraceError(Exception):
    """Root of every error Millrace raises itself."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes as what it is, whatever its `__init__` takes; Celery would show its base instead."""
        return _again, (type(self), self.args, vars(self))


def _again(kind: type[MillraceError], args: tuple[Any, ...], attributes: dict[str, Any]) -> MillraceError:
    error = kind.__new__(kind, *args)
    vars(error).update(attributes)
    return error


class Transient(MillraceError):
    """The same message may succeed later."""

    retry_after: float | None = None
    """Seconds to wait before the next try, when whoever refused has said so."""


class UpstreamAway(Transient):
    """An upstream did not answer, or answered that it cannot right now (perhaps saying for how many seconds).

    `status` and `body` are those of its answer, if there was one.
    """

    def __init__(
        self, upstream: str, what: str, retry_after: float | None = None, status: int | None = None, body: bytes = b""
    ) -> None:
        self.upstream = upstream
        self.retry_after = retry_after
        self.status = status
        self.body = body
        super().__init__(f"{upstream}: {what}")


class RateLimited(Transient):
    """An upstream answered 429; `retry_after` is in seconds, None when it did not say."""

    def __init__(self, upstream: str, retry_after: float | None) -> None:
        self.upstream = upstream
        self.retry_after = retry_after
        when = "without saying for how long" if retry_after is None else f"for {retry_after:g} s"
        super().__init__(f"{upstream}: asks us to wait, {when}")


class LimitReached(Transient):
    """Our own limit for an upstream is used up for the next `retry_after` seconds."""

    def __init__(self, upstream: str, retry_after: float) -> None:
        self.upstream = upstream
        self.retry_after = retry_after
        super().__init__(f"{upstream}: our own limit is used up for {retry_after:g} s")


class BreakerOpen(Transient):
    """An upstream failed so often in a row that nobody asks it for the next `retry_after` seconds."""

    def __init__(self, upstream: str, retry_after: float) -> None:
        self.upstream = upstream
        self.retry_after = retry_after
        super().__init__(f"{upstream}: it kept failing and is left alone for {retry_after:g} s")


class NotYet(Transient):
    """The message carries a `not_before` that is `retry_after` seconds away."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"not to be started for another {retry_after:g} s")


class Permanent(MillraceError):
    """The same message will never succeed as it is."""


class InvalidMessage(Permanent):
    """What arrived cannot be understood."""


class Undecodable(InvalidMessage):
    """The body is not a JSON object in UTF-8."""


class UnknownKind(InvalidMessage):
    """No contract has this name."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"no contract is called {kind!r}; `millrace contracts list` shows those there are")


class UnknownSchema(InvalidMessage):
    """The payload's version is one this release does not know."""

    def __init__(self, kind: str, schema: object, newest: int) -> None:
        self.kind = kind
        self.schema = schema
        super().__init__(f"{kind}: schema {schema!r} is not one of 1..{newest}")


class ContractViolation(InvalidMessage):
    """The payload does not fit its contract; `problems` has one line for each field at fault."""

    def __init__(self, kind: str, problems: list[str]) -> None:
        self.kind = kind
        self.problems = problems
        super().__init__(f"{kind}: " + "; ".join(problems))


class IdTaken(InvalidMessage):
    """A message of another kind, or about something else, has been done under this message's id."""

    def __init__(self, message_id: str, done: str) -> None:
        self.message_id = message_id
        super().__init__(f"message {message_id} has been done before, and was another: {done}")


class Expired(Permanent):
    """The publisher's `expires_at` passed before the message was started."""


class UpstreamGone(Permanent):
    """An upstream says that the entity is not there (404 or 410), in the words of `body`."""

    def __init__(self, upstream: str, what: str, body: bytes = b"") -> None:
        self.upstream = upstream
        self.body = body
        super().__init__(f"{upstream}: {what} is not there")


class UpstreamRefused(Permanent):
    """Our request itself is wrong: key, parameters; `status` is None when it could not even be sent."""

    def __init__(self, upstream: str, status: int | None, what: str) -> None:
        self.upstream = upstream
        self.status = status
        super().__init__(f"{upstream}: {'not sent' if status is None else status}, {what}")


class UnreadableAnswer(Permanent):
    """An upstream answered something that cannot be read; `body` keeps the start of it."""

    KEPT = 64 * 1024

    def __init__(self, upstream: str, what: str, body: bytes | str = b"") -> None:
        self.upstream = upstream
        raw = body.encode("utf-8", "replace") if isinstance(body, str) else body
        self.body = raw[: self.KEPT]
        super().__init__(f"{upstream}: {what}")


class MissingSetting(MillraceError):
    """A setting without which a process cannot do what it is asked; `variable` is its name in the environment."""

    def __init__(self, variable: str, why: str) -> None:
        self.variable = variable
        super().__init__(f"{variable} is not set: {why}")


class PublishError(MillraceError):
    """A message that did not reach a queue; `message_id` says which."""

    def __init__(self, message_id: str, what: str) -> None:
        self.message_id = message_id
        super().__init__(f"message {message_id}: {what}")


class Unroutable(PublishError):
    """No queue is bound for the message's exchange and routing key."""


class Refused(PublishError):
    """The broker refused the message: its queue is full, or an alarm is on."""


class BrokerAway(PublishError):
    """No confirm came in time; the message may or may not have arrived, so publish it again as it is."""
