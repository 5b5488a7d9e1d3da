"""What the probe kinds do."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import text

from consumers.run import Run
from consumers.task import handles
from shared import errors
from tests.probe import kinds

UPSERT = text(
    "INSERT INTO probe_rows VALUES (:key, :value, 1) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, times = probe_rows.times + 1"
)

ERRORS: dict[str, Any] = {
    "UpstreamAway": lambda: errors.UpstreamAway("probe", "503"),
    "RateLimited": lambda: errors.RateLimited("probe", 7.0),
    "LimitReached": lambda: errors.LimitReached("probe", 1.0),
    "UpstreamGone": lambda: errors.UpstreamGone("probe", "it"),
    "UnreadableAnswer": lambda: errors.UnreadableAnswer("probe", "not JSON", b"<html>garbage"),
    "ZeroDivisionError": lambda: ZeroDivisionError("a bug"),
    "MemoryError": MemoryError,
}


@handles(kinds.NOTHING)
def nothing(_ask: kinds.Nothing, _run: Run) -> None:
    """Do nothing."""


@handles(kinds.STORE)
def store(ask: kinds.Store, run: Run) -> None:
    """Upsert a row."""
    with run.finish() as effect:
        effect.connection.execute(UPSERT, {"key": ask.key, "value": ask.value})


@handles(kinds.SLEEP)
def sleep(ask: kinds.Sleep, run: Run) -> None:
    """Sleep, then count."""
    run.begin()
    time.sleep(ask.seconds)
    with run.finish() as effect:
        effect.connection.execute(UPSERT, {"key": ask.key, "value": 0})


@handles(kinds.FAIL)
def fail(ask: kinds.Fail, run: Run) -> None:
    """Fail as told."""
    if run.message.attempt < ask.times:
        raise ERRORS[ask.error]


@handles(kinds.LIFTED)
def lifted(ask: kinds.OldStore, run: Run) -> None:
    """Upsert a row."""
    with run.finish() as effect:
        effect.connection.execute(UPSERT, {"key": ask.key, "value": 0})
