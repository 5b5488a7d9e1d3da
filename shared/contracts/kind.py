"""What a kind of message is: a name, a payload, and how older payloads become today's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

EntityId = Annotated[int, Field(gt=0, le=2_147_483_647)]
"""A number by which an upstream or this database knows an entity; fits PostgreSQL's integer."""

Believe = Annotated[bool, Field(exclude_if=lambda believe: not believe)]
"""Whether an answer is right that would be refused, because it lacks most of what is held; travels only when it is."""

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Turns a payload of one schema version into the next one's."""


class Payload(BaseModel):
    """What every contract is made of: immutable, strict about types, and refusing fields it does not name.

    A misspelt optional field would otherwise be ignored silently, and the message would do something else
    than its publisher asked for.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message.

    `name` is routing key, AMQP `type`, Celery task name and metric label in one, and never changes once released.
    `schema` is the version of `payload`; `upcasters[n]` lifts a payload of version n to n + 1.
    `entity` names what the message is about, for run log and dead letters, with the payload's fields filled in.
    """

    name: str
    payload: type[Payload]
    summary: str
    example: Mapping[str, Any]
    schema: int = 1
    entity: str | None = None
    upcasters: Mapping[int, Upcaster] = field(default_factory=dict)

    @property
    def exchange(self) -> str:
        """The topic exchange to which messages of this kind are published."""
        return self.name.partition(".")[0]

    @property
    def is_fact(self) -> bool:
        """Whether it says what happened (nobody need listen) instead of asking for work (one queue must)."""
        return self.exchange == "facts"

    def entity_of(self, payload: Payload) -> str | None:
        """Return what the payload is about, e.g. `series:81189`, or None for kinds about nothing in particular."""
        return None if self.entity is None else self.entity.format(**dict(payload))
