"""The run's result in three forms: a table for eyes, JSON for machines, Markdown for docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from tests.bench.figures import Aim, Contender, Figures
from tests.bench.machine import Machine

COLUMNS = ("", "median", "least to most", "ours beside it", "aim")

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
"""Lines of a page between which the table belongs."""

Row = tuple[str, str, str, str, str]


def sections(figures: Figures, aims: Sequence[Aim]) -> dict[str, list[Row]]:
    """Return the table's rows under the subject they are about; a ratio stands beside the peer it compares with."""
    table: dict[str, list[Row]] = {_subject(contender): [] for contender in figures.values}
    for contender in sorted(figures.values, key=lambda each: not each.ours):
        own = [aim for aim in aims if aim.peer == contender and aim.peer_shown_as is None]
        table[_subject(contender)].append(_row(figures, contender, contender.who, own))
    for aim in aims:
        if aim.peer_shown_as is not None and figures.ratio(aim) is not None:
            table[_subject(aim.ours)].append(_row(figures, aim.peer, aim.peer_shown_as, [aim]))
    return table


def _subject(contender: Contender) -> str:
    return f"{contender.what} ({contender.unit})"


def _row(figures: Figures, contender: Contender, shown_as: str, aims: Sequence[Aim]) -> Row:
    spread = " to ".join(map(_number, figures.spread(contender)))
    return shown_as, _number(figures.median(contender)), spread, *_comparison(figures, aims)


# `others` is the share of the processors' time that programs of others took while this was measured.


def show(console: Console, machine: Machine, others: float, figures: Figures, aims: Sequence[Aim]) -> None:
    """Print the table."""
    table = Table(
        box=box.SIMPLE_HEAD, title="Measured side by side, in this run, on this machine", title_justify="left"
    )
    for number, column in enumerate(COLUMNS):
        table.add_column(column, justify="right" if 1 <= number <= 3 else "left")
    for subject, rows in sections(figures, aims).items():
        table.add_row(f"[bold]{subject}[/]")
        for who, *rest in rows:
            table.add_row(f"  {who}", *rest)
        table.add_section()
    console.print(table)
    console.print(_sentence(machine, others))


def as_json(machine: Machine, others: float, figures: Figures, aims: Sequence[Aim]) -> str:
    """Return everything that was measured, every round of it."""
    document: dict[str, Any] = {
        "machine": asdict(machine),
        "taken_by_others": others,
        "figures": [
            {**asdict(contender), "median": figures.median(contender), "values": values}
            for contender, values in figures.values.items()
        ],
        "ratios": [
            {"ours": asdict(aim.ours), "peer": asdict(aim.peer), "ratio": ratio, "aim": aim.at_least}
            for aim in aims
            if (ratio := figures.ratio(aim)) is not None
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def as_markdown(machine: Machine, others: float, figures: Figures, aims: Sequence[Aim]) -> str:
    """Return the table and the machine's description."""
    lines = ["| | median | least to most | ours beside it | aim |", "|---|--:|--:|--:|---|"]
    for subject, rows in sections(figures, aims).items():
        lines += [f"| **{subject}** |||||", *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join([*lines, "", _sentence(machine, others), ""])


def put_into(file: Path, text: str) -> None:
    """Write the text to a file, or in place of what stands between the marks of one that has them."""
    page = file.read_text() if file.exists() else ""
    before, mark, rest = page.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    file.write_text(f"{before}{mark}{text}{end}{after}" if mark and end else text)


def _comparison(figures: Figures, aims: Sequence[Aim]) -> tuple[str, str]:
    ratios = [(aim, ratio) for aim in aims if (ratio := figures.ratio(aim)) is not None]
    judged = [
        f"{'reached' if ratio >= aim.at_least else 'MISSED'}: {aim.at_least:g}x"
        for aim, ratio in ratios
        if aim.at_least is not None
    ]
    return ", ".join(f"{_number(ratio)}x" for _, ratio in ratios), ", ".join(judged)


def _number(value: float) -> str:
    """Return a number with as many digits as it deserves."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _sentence(machine: Machine, others: float) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in machine.packages.items())
    return (
        f"{machine.cores} cores of {machine.processor}, {machine.memory_gb:g} GB, {machine.system}; "
        f"RabbitMQ {machine.rabbitmq} and PostgreSQL {machine.postgresql} (durable) on the same cores; "
        f"Python {machine.python}, {packages}. While this ran, programs of others took {others:.0%} of the processors."
    )
