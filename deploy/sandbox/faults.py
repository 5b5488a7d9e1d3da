"""What was asked to go wrong, and when it is due."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import count
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveInt, model_validator

if TYPE_CHECKING:
    from collections.abc import Mapping


class Fault(BaseModel):
    """One thing that goes wrong, for requests whose method, path and query fit.

    With `status` the upstream is not asked and its own words for that status are sent, or `body`. Without, its
    true answer is, and then changed as told. An older fault goes first; when its `times` are used up the next one
    that fits takes over, so a list of faults is a script.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, Field(pattern=r"^[/*?\[]", description="Glob on the whole path; * also spans slashes.")]
    method: Annotated[str | None, Field(description="GET, POST, ...; any when left out.")] = None
    query: Annotated[dict[str, str], Field(description="Parameters it must have, values are globs.")] = {}
    times: Annotated[PositiveInt | None, Field(description="How often; until deleted when left out.")] = None
    skip: Annotated[NonNegativeInt, Field(description="Fitting requests that pass unharmed first.")] = 0
    every: Annotated[PositiveInt, Field(description="Then only each such-and-such request.")] = 1
    delay_seconds: Annotated[NonNegativeFloat, Field(description="Wait before anything is sent.")] = 0.0
    status: Annotated[int | None, Field(ge=200, le=599, description="Answer this instead.")] = None
    headers: Annotated[dict[str, str], Field(description="Added to the answer, e.g. Retry-After.")] = {}
    body: Annotated[str | None, Field(description="Sent instead of the body.")] = None
    content_type: Annotated[str | None, Field(description="Sent instead of the content type.")] = None
    keep_body: Annotated[
        bool, Field(description="With status: keep the true body (a 500 that looks like an answer).")
    ] = False
    thin: Annotated[
        bool,
        Field(
            description="The upstream's known half answer. TVDB: only the first season, and no links. "
            "Wikidata: the words of a timeout after it. TMDb: empty texts, no poster."
        ),
    ] = False
    truncate: Annotated[NonNegativeInt | None, Field(description="Send only so many bytes, as if complete.")] = None
    cut: Annotated[NonNegativeInt | None, Field(description="Cut the connection after so many bytes of the body.")] = (
        None
    )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        harms = (self.status, self.body, self.content_type, self.truncate, self.cut)
        if not (self.delay_seconds or self.headers or self.thin) and all(harm is None for harm in harms):
            raise ValueError("a fault needs something to do: status, delay_seconds, body, truncate, cut, ...")
        return self

    def fits(self, method: str, path: str, query: Mapping[str, str]) -> bool:
        """Tell whether a request is one that this fault is for."""
        return (
            (self.method is None or self.method.upper() == method)
            and fnmatchcase(path, self.path)
            and all(name in query and fnmatchcase(query[name], value) for name, value in self.query.items())
        )


@dataclass(slots=True)
class Armed:
    """A fault in the book, with how many fitting requests it has seen and how many it has harmed."""

    id: int
    fault: Fault
    seen: int = 0
    used: int = 0

    @property
    def left(self) -> int | None:
        """How often it will still strike; None means until deleted."""
        return None if self.fault.times is None else self.fault.times - self.used

    def strikes(self) -> bool:
        """Count a fitting request and tell whether this one is harmed."""
        if self.left == 0:
            return False
        self.seen += 1
        due = self.seen - self.fault.skip
        if due < 1 or (due - 1) % self.fault.every:
            return False
        self.used += 1
        return True


class FaultBook:
    """All faults, oldest first."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._armed: dict[int, Armed] = {}

    def add(self, fault: Fault) -> Armed:
        """Enter a fault; it is in force from the next request on."""
        armed = Armed(next(self._ids), fault)
        self._armed[armed.id] = armed
        return armed

    def listed(self) -> list[Armed]:
        """Return every fault, also those used up, oldest first."""
        return list(self._armed.values())

    def remove(self, fault_id: int) -> bool:
        """Strike one out; False when there is none of that id."""
        return self._armed.pop(fault_id, None) is not None

    def clear(self) -> int:
        """Strike all out and return how many there were."""
        gone = len(self._armed)
        self._armed.clear()
        return gone

    def due(self, method: str, path: str, query: Mapping[str, str]) -> Armed | None:
        """Return the fault that harms this request, if any, and count it as used."""
        for armed in self._armed.values():
            if armed.fault.fits(method, path, query) and armed.strikes():
                return armed
        return None
