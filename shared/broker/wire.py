"""The public wire format: what travels is plain JSON, and everything else about a message is in its properties."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.broker import topology
from shared.broker.ids import new_id
from shared.broker.traceparent import CURRENT
from shared.contracts.kind import Payload
from shared.contracts.registry import Contracts
from shared.errors import Undecodable

NORMAL = 5
LEAST, MOST = 0, 9
JSON = "application/json"

LAST_MOMENT = 4_102_444_800_000
"""Milliseconds at the end of 2099; a header that says later is no time."""

OURS = frozenset({"schema", "attempt", "replay", "cause", "traceparent", "published_at", "not_before", "expires_at"})
"""Headers with a field of their own in `Message`."""

DEATH_HEADER = "x-millrace-dead"
"""Header in which a worker says why it gave a message up."""

NOT_KEPT = frozenset({"x-death", "x-delivery-count", DEATH_HEADER})
"""Headers that describe one delivery of a message, not the message."""

UNREADABLE_HEADER = "x-millrace-unreadable"
"""Header in which a worker keeps, as hexadecimal digits, properties that could not be decoded, and says why."""

MOST_COUNTED = 1_000_000
"""Attempts or replays beyond which a header's number is no count."""


_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it travels: a body, where it goes, and what is known about it.

    Times are milliseconds since the Unix epoch. `schema` is whatever the publisher sent (a good one is an int):
    judging it is the contract's business. `headers` holds the publisher's own headers, kept through retries.
    """

    kind: str
    body: bytes
    exchange: str
    routing_key: str
    message_id: str
    correlation_id: str
    published_at: int
    app_id: str = ""
    priority: int = NORMAL
    schema: object = 1
    attempt: int = 0
    replay: int = 0
    cause: str | None = None
    traceparent: str | None = None
    not_before: int | None = None
    expires_at: int | None = None
    content_type: str = JSON
    content_encoding: str | None = None
    expiration: int | None = None
    """Milliseconds the message may wait in a delay tier; set for one hop only."""
    headers: Mapping[str, Any] = field(default_factory=dict)

    def properties(self) -> dict[str, Any]:
        """Return the AMQP 0-9-1 basic properties of this message, by their names in the specification."""
        headers: dict[str, Any] = {
            **self.headers,
            "schema": self.schema,
            "attempt": self.attempt,
            "replay": self.replay,
            "published_at": self.published_at,
        }
        for name in ("cause", "traceparent", "not_before", "expires_at"):
            value = getattr(self, name)
            if value is not None:
                headers[name] = value
        properties: dict[str, Any] = {
            "type": self.kind,
            "message_id": self.message_id,
            "correlation_id": self.correlation_id,
            "timestamp": self.published_at // 1000,
            "app_id": self.app_id,
            "content_type": self.content_type,
            "delivery_mode": 2,
            "priority": self.priority,
            "headers": headers,
        }
        if self.content_encoding is not None:
            properties["content_encoding"] = self.content_encoding
        if self.expiration is not None:
            properties["expiration"] = str(self.expiration)
        return properties

    def require_json(self) -> None:
        """Raise Undecodable when the sender says that the body is something else than JSON in UTF-8.

        Saying nothing is fine; a body in another encoding would at best be read as something its sender never wrote.
        """
        if UNREADABLE_HEADER in self.headers:
            told = self.headers[UNREADABLE_HEADER]
            reason = told.get("error") if isinstance(told, Mapping) else told
            raise Undecodable(f"its properties cannot be decoded ({reason})")
        if self.content_type.partition(";")[0].strip().lower() != JSON:
            raise Undecodable(f"its content type is {self.content_type!r}, not {JSON}")
        if (self.content_encoding or "utf-8").lower() not in {"utf-8", "utf8"}:
            raise Undecodable(f"its content encoding is {self.content_encoding!r}, not utf-8")
        if "compression" in self.headers:
            raise Undecodable(f"it says it is compressed ({self.headers['compression']!r}); send it plain")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as the broker handed it over: raw, from anybody, judged by nobody yet.

    `queue` is where it was taken from. `message_id` is the sender's, or a fresh one made on arrival so that
    every later step speaks of the same message.
    """

    queue: str
    exchange: str
    routing_key: str
    message_id: str
    body: bytes
    properties: Mapping[str, Any]
    headers: Mapping[str, Any]
    redelivered: bool = False

    def __reduce__(self) -> tuple[type[Delivery], tuple[Any, ...]]:
        """Travel to a pool process at half of what a dataclass costs by itself."""
        fields = (
            *(self.queue, self.exchange, self.routing_key, self.message_id, self.body),
            *(self.properties, self.headers, self.redelivered),
        )
        return Delivery, fields

    @property
    def kind(self) -> str:
        """The kind it claims to be: its `type`, else its routing key."""
        return _text(self.properties.get("type")) or self.routing_key

    def message(self, now: int) -> Message:
        """Return the message with a defined default for everything its sender left out; never raises.

        `now` (ms) stands in for a missing publishing time.
        """
        headers = self.headers
        stamp = self.properties.get("timestamp")
        sent = _time(int(stamp.timestamp() * 1000) if isinstance(stamp, datetime) else (_whole(stamp) or 0) * 1000)
        priority = _whole(self.properties.get("priority"))
        return Message(
            kind=self.kind,
            body=self.body,
            exchange=self.exchange,
            routing_key=self.routing_key,
            message_id=self.message_id,
            correlation_id=_text(self.properties.get("correlation_id")) or self.message_id,
            published_at=_time(headers.get("published_at")) or sent or now,
            app_id=_text(self.properties.get("app_id")) or "",
            priority=NORMAL if priority is None else min(max(priority, LEAST), MOST),
            schema=headers.get("schema", 1),
            attempt=_count(headers.get("attempt")),
            replay=_count(headers.get("replay")),
            cause=_text(headers.get("cause")),
            traceparent=_text(headers.get("traceparent")),
            not_before=_time(headers.get("not_before")),
            expires_at=_time(headers.get("expires_at")),
            content_type=_text(self.properties.get("content_type")) or JSON,
            content_encoding=_text(self.properties.get("content_encoding")),
            headers={
                name: value
                for name, value in headers.items()
                if name not in OURS and name not in NOT_KEPT and not name.startswith(("x-first-", "x-last-"))
            },
        )


def compose(
    contracts: Contracts,
    payload: Payload,
    *,
    app_id: str = "",
    message_id: str | None = None,
    correlation_id: str | None = None,
    priority: int = NORMAL,
    cause: str | None = None,
    traceparent: str | None = None,
    not_before: int | None = None,
    expires_at: int | None = None,
) -> Message:
    """Return the message that asks for, or announces, what `payload` says; raises UnknownKind.

    Without `correlation_id` the message begins a chain of its own. Without `traceparent` it is part of the trace under
    way in this context, if there is one.
    """
    kind = contracts.kind_of(payload)
    identity = message_id or new_id()
    if traceparent is None and (span := CURRENT.get()) is not None:
        traceparent = span.header
    if not LEAST <= priority <= MOST:
        raise ValueError(f"priority {priority} is not between {LEAST} and {MOST}")
    return Message(
        kind=kind.name,
        body=payload.model_dump_json().encode(),
        exchange=topology.exchange_for(kind.name, priority),
        routing_key=kind.name,
        message_id=identity,
        correlation_id=correlation_id or identity,
        published_at=time.time_ns() // 1_000_000,
        app_id=app_id,
        priority=priority,
        schema=kind.schema,
        cause=cause,
        traceparent=traceparent,
        not_before=not_before,
        expires_at=expires_at,
    )


def later(message: Message, queue: str, delay: float, *, attempt: int = 0) -> Message:
    """Return the same message on its way back to `queue` in `delay` seconds, by way of a delay tier."""
    tier = topology.tier_for(delay)
    wait = max(round(delay * 1000), 1)
    if wait > tier.seconds * 1000:
        # Longer than the longest tier: it comes back, sees that it is too early, and goes round again.
        message = replace(message, not_before=time.time_ns() // 1_000_000 + wait)
    return replace(
        message,
        exchange=tier.name,
        routing_key=queue,
        attempt=attempt,
        expiration=min(wait, tier.seconds * 1000),
    )


def storable(value: str) -> str:
    """Return a stranger's text as PostgreSQL and UTF-8 can hold it: without NUL and without lone surrogates."""
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def storable_json(value: object) -> str:
    """Return JSON that PostgreSQL's jsonb takes, whatever text is in it; raises TypeError for what JSON has not."""
    text = storable(json.dumps(value, ensure_ascii=False))
    return _ESCAPED_NUL.sub(r"\1\\ufffd", text) if "\\u0000" in text else text


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return storable(value) if isinstance(value, str) and value else None


def _time(value: object) -> int | None:
    """Return a header's milliseconds, or None for what cannot be a time between 1970 and `LAST_MOMENT`."""
    number = _whole(value)
    return number if number is not None and 0 < number < LAST_MOMENT else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _count(value: object) -> int:
    number = _whole(value) or 0
    return number if number <= MOST_COUNTED else 0
