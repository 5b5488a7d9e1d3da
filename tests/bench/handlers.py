"""What the benchmark's kinds do."""

from __future__ import annotations

import time

from sqlalchemy import text

from consumers.run import Run
from consumers.task import handles
from tests.bench import kinds
from tests.probe.handlers import UPSERT

_RECORD = text(kinds.RECORD_MARK)


@handles(kinds.NOTE)
def note(_ask: kinds.Note, _run: Run) -> None:
    """Do nothing."""


@handles(kinds.CROWD)
def crowd(_ask: kinds.Crowd, _run: Run) -> None:
    """Do nothing."""


@handles(kinds.ALONE)
def alone(ask: kinds.Alone, run: Run) -> None:
    """Upsert a row."""
    with run.finish() as effect:
        effect.connection.execute(UPSERT, {"key": ask.key, "value": ask.key})


@handles(kinds.MARK)
def mark(ask: kinds.Mark, run: Run) -> None:
    """Note when this began."""
    _record(ask.key, run)


@handles(kinds.URGENT_MARK)
def urgent_mark(ask: kinds.UrgentMark, run: Run) -> None:
    """Note when this began."""
    _record(ask.key, run)


def _record(key: int, run: Run) -> None:
    began = time.time_ns()
    with run.finish() as effect:
        effect.connection.execute(_RECORD, {"who": "millrace", "key": key, "began_ns": began})
