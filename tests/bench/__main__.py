"""`make bench`: measures Millrace beside its peers, on a broker and a database of its own, in one bounded run."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from deploy.local.program import NotReady
from deploy.local.rabbitmq_found import RabbitMQMissing
from tests.bench import aggregating, handling, machine, publishing, reading, relaying, report, waiting
from tests.bench.figures import Figures
from tests.bench.stack import Stack, throw_away

ENOUGH = 290
"""Seconds after which no further round begins: on a busy machine fewer rounds are measured, not more time taken."""

LIMIT = 350
"""Seconds after which a run gives up, everything it started ended: whoever waits for it may count on that."""

WIDTH = 110
"""Columns of the table where the output is no terminal."""

AIMS = (*publishing.AIMS, *handling.AIMS, *waiting.AIMS)

Tell = Callable[[str], None]


class Enough(Exception):
    """No further round begins."""


class TooLong(Exception):
    """The run took longer than LIMIT."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured in each round."""

    seconds: float
    backlog: int
    calm: int
    crowd: int
    rows: int
    listings: int


FULL = Sizes(seconds=1.5, backlog=5000, calm=200, crowd=10_000, rows=10_000, listings=1_000_000)
QUICK = Sizes(seconds=0.5, backlog=1000, calm=50, crowd=3000, rows=2000, listings=100_000)


def _publishing(stack: Stack, figures: Figures, rounds: int, sizes: Sizes, tell: Tell) -> None:
    publishing.measure(stack.settings, figures, rounds=rounds, seconds=sizes.seconds, tell=tell)


def _relaying(stack: Stack, figures: Figures, rounds: int, sizes: Sizes, tell: Tell) -> None:
    relaying.measure(stack, figures, rounds=rounds, messages=sizes.rows, tell=tell)


def _handling(stack: Stack, figures: Figures, rounds: int, sizes: Sizes, tell: Tell) -> None:
    handling.measure(stack, figures, rounds=rounds, messages=sizes.backlog, tell=tell)


def _waiting(stack: Stack, figures: Figures, rounds: int, sizes: Sizes, tell: Tell) -> None:
    waiting.measure_rest(stack, figures, rounds=rounds, messages=sizes.calm, tell=tell)


def _urgent(stack: Stack, figures: Figures, rounds: int, sizes: Sizes, tell: Tell) -> None:
    waiting.measure_urgent(stack, figures, rounds=rounds, crowd=sizes.crowd, messages=20, tell=tell)


def _reading(stack: Stack, figures: Figures, rounds: int, sizes: Sizes, tell: Tell) -> None:
    reading.measure(stack, figures, rounds=rounds, seconds=sizes.seconds, tell=tell)


def _aggregating(stack: Stack, figures: Figures, _rounds: int, sizes: Sizes, tell: Tell) -> None:
    aggregating.measure(stack, figures, listings=sizes.listings, tell=tell)


PARTS = {
    "publishing": _publishing,
    "relay": _relaying,
    "handling": _handling,
    "waiting": _waiting,
    "reading": _reading,
    "urgent": _urgent,
    "aggregating": _aggregating,
}


def bench(
    *,
    json: Annotated[Path | None, typer.Option(help="Write every value measured to this file.")] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(help="Write the table into this file, as Markdown: between its marks, if it has them."),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=9, help="How often everything is measured, in turn.")] = 3,
    quick: Annotated[bool, typer.Option("--quick", help="Small sizes: to see that it works, not how fast.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Parts to measure, of {', '.join(PARTS)}; all if left out.")
    ] = None,
) -> None:
    """Measure Millrace beside its peers; ends by itself within six minutes and leaves nothing behind."""
    console, progress = Console(width=None if sys.stdout.isatty() else WIDTH), Console(stderr=True, highlight=False)
    if unknown := set(only or ()) - set(PARTS):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(PARTS)}")
    began = time.monotonic()

    def tell(text: str) -> None:
        if time.monotonic() - began > ENOUGH:
            raise Enough
        progress.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {text}")

    signal.signal(signal.SIGALRM, _too_long)
    signal.signal(signal.SIGTERM, _stopped)
    signal.alarm(LIMIT)
    figures, meter = Figures(), machine.Meter()
    tell("starting RabbitMQ and PostgreSQL")
    with throw_away() as stack:
        looked_at = machine.describe(stack)
        cut_short = False
        for name, part in PARTS.items():
            if not only or name in only:
                try:
                    part(stack, figures, rounds, QUICK if quick else FULL, tell)
                except Enough:
                    cut_short = True
    signal.alarm(0)
    others = meter.others()
    report.show(console, looked_at, others, figures, AIMS)
    if json is not None:
        json.write_text(report.as_json(looked_at, others, figures, AIMS))
    if markdown is not None:
        report.put_into(markdown, report.as_markdown(looked_at, others, figures, AIMS))
    if cut_short:
        progress.print(
            f"[bold]Not everything was measured {rounds} times:[/] this machine is busy with something else."
        )
        raise typer.Exit(1)


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TooLong(f"gave up after {LIMIT} s; is this machine busy with something else?")


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)


if __name__ == "__main__":
    try:
        typer.run(bench)
    except (NotReady, RabbitMQMissing, TooLong) as error:
        sys.exit(str(error))
