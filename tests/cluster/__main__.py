"""`make cluster`: three nodes, messages published and worked on while nodes are killed, moved and stopped."""

from __future__ import annotations

import json as json_module
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from deploy.local.program import NotReady
from deploy.local.rabbitmq_found import RabbitMQMissing
from tests import services
from tests.bench.machine import Meter
from tests.bench.report import put_into
from tests.cluster.happenings import HAPPENINGS
from tests.cluster.nodes import NODES, a_cluster
from tests.cluster.trial import Line, Outcome

MESSAGES = 20_000
"""Of the first trial, the leader's death."""

PART = 4
"""The others have so many times fewer: each goes on until all is well again, however few they are."""

LIMIT = 1200
"""Seconds after which a run gives up, everything it started ended."""

COLUMNS = (
    "what happened",
    "messages",
    "lost",
    "repeated",
    "confirmed",
    "effect",
    "longest wait",
    "not confirmed",
    "again",
)

NAMES = {happening.__name__: happening for happening in HAPPENINGS}


class TooLong(Exception):
    """The run took longer than LIMIT."""


@contextmanager
def a_line() -> Iterator[Line]:
    """Start a cluster, a database and a pool for as long as trials need them."""
    with (
        a_cluster() as cluster,
        services.a_database() as database,
        services.a_clone(database, services.make_template(database)) as url,
        services.a_folder() as folder,
    ):
        line = Line(cluster, database, url, folder)
        try:
            yield line.begin()
        finally:
            line.stop()


def run(
    *,
    messages: Annotated[
        int, typer.Option(min=2000, help=f"Messages of the first trial at least; of the others 1/{PART}.")
    ] = MESSAGES,
    only: Annotated[list[str] | None, typer.Option(help=f"Of {', '.join(NAMES)}; all if left out.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, and nothing else.")] = False,
    markdown: Annotated[
        Path | None,
        typer.Option(help="Write the table into this file, as Markdown: between its marks, if it has them."),
    ] = None,
) -> None:
    """Lose and repeat nothing while nodes of a cluster die; fails if a message was lost or done twice."""
    if unknown := set(only or ()) - set(NAMES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: there are {', '.join(NAMES)}")
    logging.getLogger("shared").addHandler(logging.NullHandler())  # lost connections are what this is about
    progress, began = Console(stderr=True, highlight=False), time.monotonic()

    def tell(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:5.0f} s[/]  {text}")

    signal.signal(signal.SIGALRM, _too_long)
    signal.signal(signal.SIGTERM, _stopped)
    signal.alarm(LIMIT)
    outcomes: list[Outcome] = []
    failed: AssertionError | TooLong | None = None
    meter = Meter()
    tell(f"starting {NODES} RabbitMQ nodes, PostgreSQL and a pool")
    with a_line() as line:
        version = line.cluster.version()
        try:
            for name, happening in NAMES.items():
                if not only or name in only:
                    tell(name.replace("_", " "))
                    outcomes.append(happening(line, messages // (1 if happening is HAPPENINGS[0] else PART)))
                    tell(
                        "  ".join(
                            f"{column} {cell}"
                            for column, cell in zip(COLUMNS[1:], cells(outcomes[-1])[1:], strict=True)
                        )
                    )
        except (AssertionError, TooLong) as error:
            failed = error
        signal.alarm(0)
    others = meter.others()
    if json:
        sys.stdout.write(json_module.dumps([{**asdict(outcome), "rabbitmq": version} for outcome in outcomes]) + "\n")
    else:
        show(version, outcomes)
    if markdown is not None:
        put_into(markdown, as_markdown(version, outcomes, others))
    if failed is not None:
        raise failed
    if not all(outcome.good for outcome in outcomes):
        raise typer.Exit(1)


def cells(outcome: Outcome) -> list[str]:
    """Return an outcome's row, below COLUMNS."""
    counts = (outcome.messages, outcome.lost, outcome.repeated)
    times = (outcome.until_confirmed, outcome.until_effect, outcome.longest_wait)
    return [
        outcome.name,
        *(f"{count:,}" for count in counts),
        *(f"{seconds:.1f} s" for seconds in times),
        *(f"{count:,}" for count in (outcome.reported, outcome.recognised)),
    ]


def as_markdown(version: str, outcomes: Sequence[Outcome], others: float) -> str:
    """Return the table, and the machine it was measured on; `others` is the share of it that others used."""
    lines = [f"| {' | '.join(COLUMNS)} |", f"|---|{'--:|' * (len(COLUMNS) - 1)}"]
    lines += [f"| {' | '.join(cells(outcome))} |" for outcome in outcomes]
    machine = (
        f"{NODES} nodes of RabbitMQ {version} on {os.cpu_count()} cores, of which programs of others took {others:.0%}."
    )
    return "\n".join([*lines, "", machine, ""])


def show(version: str, outcomes: Sequence[Outcome]) -> None:
    """Print the table."""
    table = Table(box=box.SIMPLE_HEAD, title=f"{NODES} nodes of RabbitMQ {version}", title_justify="left")
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if number else "left")
    for outcome in outcomes:
        table.add_row(*cells(outcome))
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    console.print(
        "confirmed, effect: until a message published after it was confirmed, and had its effect."
        "\nlongest wait: of a publisher, for the confirms of 50 messages."
        "\nnot confirmed: told so by the publisher after 5 s, and published again with the same id."
        "\nagain: delivered though done before, and recognised."
    )


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise TooLong(f"gave up after {LIMIT} s; is this machine busy with something else?")


def _stopped(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)


if __name__ == "__main__":
    try:
        typer.run(run)
    except (NotReady, RabbitMQMissing, TooLong, AssertionError) as error:
        sys.exit(f"failed: {error}")
