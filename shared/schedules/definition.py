"""What a schedule is, before it is stored: who defines one says all of this, and is told everything that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from shared.broker.wire import LEAST, MOST, NORMAL, storable
from shared.contracts.kind import Payload
from shared.contracts.registry import Contracts
from shared.errors import ContractViolation, InvalidMessage, MillraceError, UnknownKind
from shared.schedules.trigger import InvalidTrigger, Trigger

MissedRun = Literal["run_once", "skip"]
"""What becomes of a run that comes too late: it runs once, however many were missed, or not at all."""

NAME: Final = r"^[a-z0-9][a-z0-9._-]{0,99}$"
"""A name stands in addresses, in the shell, and in a metric's label."""

GRACE: Final = 60
"""Seconds by which a run may be late without having been missed: longer than any leader's succession takes."""

LONGEST_GRACE: Final = 7 * 86_400
LONGEST_DESCRIPTION: Final = 500


class InvalidSchedule(MillraceError):
    """A schedule that cannot be; `problems` has a field and what is wrong with it for each fault."""

    def __init__(self, name: str, problems: Sequence[tuple[str, str]]) -> None:
        self.name = name
        self.problems = tuple(problems)
        super().__init__(f"schedule {name}: " + "; ".join(f"{where}: {what}" for where, what in problems))


@dataclass(frozen=True, slots=True)
class Definition:
    """What is asked for, when, and how; `payload` holds what was given, without the contract's defaults."""

    name: str
    kind: str
    trigger: Trigger
    payload: Mapping[str, Any] = field(default_factory=dict)
    priority: int = NORMAL
    enabled: bool = True
    missed_run: MissedRun = "run_once"
    grace_seconds: int = GRACE
    description: str = ""

    def check(self, contracts: Contracts) -> None:
        """Raise InvalidSchedule with everything that is wrong."""
        problems = [*self._own_problems(), *self._problems_of_trigger(), *self._problems_of_request(contracts)]
        if problems:
            raise InvalidSchedule(self.name, problems)

    def request(self, contracts: Contracts) -> Payload:
        """Return what it asks for; raises InvalidMessage when the contract is another one today."""
        if contracts.kind(self.kind).is_fact:
            raise ContractViolation(self.kind, ["kind: a fact has happened; nobody can ask for it"])
        return contracts.build(self.kind, dict(self.payload))

    def _own_problems(self) -> Iterator[tuple[str, str]]:
        if not re.fullmatch(NAME, self.name):
            yield "name", f"{self.name!r} does not match {NAME}"
        if not LEAST <= self.priority <= MOST:
            yield "priority", f"{self.priority} is not between {LEAST} and {MOST}"
        if self.missed_run not in get_args(MissedRun):
            yield "missed_run", f"{self.missed_run!r} is neither run_once nor skip"
        if not 0 <= self.grace_seconds <= LONGEST_GRACE:
            yield "grace_seconds", f"{self.grace_seconds} is not between 0 and {LONGEST_GRACE}"
        if len(self.description) > LONGEST_DESCRIPTION or storable(self.description) != self.description:
            yield "description", f"is no text of up to {LONGEST_DESCRIPTION} characters"

    def _problems_of_trigger(self) -> Iterator[tuple[str, str]]:
        try:
            self.trigger.check()
        except InvalidTrigger as error:
            yield error.field, error.problem

    def _problems_of_request(self, contracts: Contracts) -> Iterator[tuple[str, str]]:
        try:
            self.request(contracts)
        except UnknownKind as error:
            yield "kind", str(error)
        except ContractViolation as error:
            yield from map(_pair, error.problems)
        except InvalidMessage as error:
            yield "payload", str(error)


def _pair(line: str) -> tuple[str, str]:
    where, _, what = line.partition(": ")
    return (where if where in {"kind", "payload"} else f"payload.{where}"), what
