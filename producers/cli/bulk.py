"""Publishing JSON lines: pipelined, with a count of what went through and the lines that did not."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from shared.broker.publisher import Publisher
from shared.broker.wire import Message
from shared.errors import BrokerAway, InvalidMessage

BATCH = 2000
"""Lines after which the count is true: all before are confirmed or refused."""


@dataclass(slots=True)
class Outcome:
    """What became of the lines: how many were confirmed, and line number and reason of the others."""

    published: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    read: int = 0
    broker_away: bool = False


def publish_lines(
    publisher: Publisher,
    lines: Iterable[bytes],
    message_of: Callable[[bytes], Message],
    on_progress: Callable[[Outcome], None] = lambda _: None,
) -> Outcome:
    """Publish one message for each line that is not blank; a bad line is noted, and the others go on.

    Ends early when the broker stops answering: what is left has not been read.
    """
    outcome = Outcome()
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    while not outcome.broker_away and (batch := list(islice(numbered, BATCH))):
        messages: dict[str, Message] = {}
        places: dict[str, int] = {}
        for number, line in batch:
            try:
                message = message_of(line)
            except InvalidMessage as error:
                outcome.errors.append((number, str(error)))
            else:
                messages[message.message_id] = message
                places[message.message_id] = number
        failed = publisher.publish_many(messages.values())
        outcome.read += len(batch)
        outcome.published += len(messages) - len(failed)
        outcome.errors += [(places[error.message_id], str(error)) for error in failed]
        outcome.broker_away = any(isinstance(error, BrokerAway) for error in failed)
        on_progress(outcome)
    outcome.errors.sort()
    return outcome


@contextmanager
def progress(label: str) -> Iterator[Callable[[Outcome], None]]:
    """Yield what to call as lines go through: shows a count and a rate, where somebody is looking."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    # Rich takes as long to import as one message takes to publish.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    began = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)

        def show(outcome: Outcome) -> None:
            rate = outcome.published / max(time.monotonic() - began, 0.001)
            said = f"{label}: {outcome.published:,} published, {len(outcome.errors):,} failed, {rate:,.0f}/s"
            bar.update(task, description=said)

        yield show
