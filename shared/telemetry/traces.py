"""Spans under way, and their records: made always, so that logs and messages carry them; recorded where Sentry is.

Who begins a trace decides whether it is recorded (`SENTRY_TRACES_SAMPLE_RATE`), everybody after that obeys. A process
without Sentry imports nothing for this and does nothing but hand the ids on.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from itertools import islice
from typing import Protocol

from shared.broker import traceparent
from shared.broker.traceparent import CURRENT, Span

LINKS = 100
"""Messages that the span of a bundle names at most."""

_rate = 0.0


class Recording(Protocol):
    """What is told of a span while it lasts."""

    def called(self, name: str) -> None:
        """Give it another name, now that it is known."""

    def ended(self, outcome: str, *, well: bool = True) -> None:
        """Say how it ended, in the words of the metrics."""

    def answered(self, status: int) -> None:
        """Say with which HTTP status it ended."""

    def forget(self) -> None:
        """Record nothing of it: it was a wait."""


class _Unrecorded:
    """A span that nobody records."""

    def called(self, name: str) -> None: ...

    def ended(self, outcome: str, *, well: bool = True) -> None: ...

    def answered(self, status: int) -> None: ...

    def forget(self) -> None: ...


UNRECORDED = _Unrecorded()


def configure(rate: float) -> None:
    """Set the part of the traces begun by this process that shall be recorded, from 0 to 1."""
    global _rate  # noqa: PLW0603 - as the set-up of logs, it is the process's
    _rate = rate


def recorded() -> bool:
    """Whether this process records any spans."""
    return _rate > 0 and "shared.telemetry.sentry" in sys.modules


def continued(header: object = None) -> Span:
    """Return a span of the trace that a `traceparent` names; without one, or with a malformed one, of a new trace."""
    parent = traceparent.read(header)
    return begun() if parent is None else parent.child()


def begun() -> Span:
    """Return the first span of a new trace."""
    return traceparent.first(sampled=random.random() < _rate)  # noqa: S311 - a choice, no secret


def onward() -> Span:
    """Return the span under way, or the first of a new trace."""
    return CURRENT.get() or begun()


def sampled(header: object) -> bool:
    """Whether a `traceparent` says that its trace is recorded."""
    parent = traceparent.read(header)
    return parent is not None and parent.sampled


@contextmanager
def under(span: Span) -> Iterator[None]:
    """Let a span be under way."""
    token = CURRENT.set(span)
    try:
        yield
    finally:
        CURRENT.reset(token)


@contextmanager
def under_way(span: Span, op: str, name: str, tags: Mapping[str, str]) -> Iterator[Recording]:
    """Let a span be under way, and be recorded if it is sampled.

    `op` is Sentry's word for its sort: https://develop.sentry.dev/sdk/performance/span-operations/
    """
    with under(span):
        if span.sampled and recorded():
            from shared.telemetry import sentry  # noqa: PLC0415 - only where it is in use

            with sentry.transaction(span, op, name, tags) as recording:
                yield recording
        else:
            yield UNRECORDED


def step(op: str, name: str) -> AbstractContextManager[object]:
    """Let a part of the span under way be recorded with it; `name` holds nothing that a stranger wrote."""
    span = CURRENT.get()
    if span is None or not span.sampled or not recorded():
        return nullcontext()
    from shared.telemetry import sentry  # noqa: PLC0415

    return sentry.step(op, name)


def note(span: Span, op: str, name: str, began: datetime, tags: Mapping[str, str], *, well: bool = True) -> None:
    """Record a span that is over, if it is sampled."""
    if span.sampled and recorded():
        from shared.telemetry import sentry  # noqa: PLC0415

        with sentry.transaction(span, op, name, tags, began=began) as recording:
            recording.ended(tags.get("outcome", "done"), well=well)


@contextmanager
def bundle(name: str, tags: Mapping[str, str], headers: Iterable[object]) -> Iterator[None]:
    """Let the span of a bundle be under way: a trace of its own, with a link to each message that is sampled.

    Nothing is looked at, and no span is under way, where nothing is recorded: this is the fast path.
    """
    spans = map(traceparent.read, headers) if recorded() else ()
    links = list(islice((span for span in spans if span is not None and span.sampled), LINKS))
    if not links:
        yield
        return
    from shared.telemetry import sentry  # noqa: PLC0415

    span = traceparent.first(sampled=True)
    with under(span), sentry.transaction(span, "queue.process", name, tags, links=links) as recording:
        try:
            yield
        except BaseException:
            recording.forget()  # it was undone, and nothing has happened
            raise
        recording.ended("done")
