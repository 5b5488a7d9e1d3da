"""Waiting for what becomes of a message, by looking into the run log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

from producers.cli.failures import Failure
from shared import runlog
from shared.database.engine import open_engine

TICK = 0.2
"""Seconds between two looks."""

ENDED = frozenset({"succeeded", "failed"})


class RunLog:
    """One message's row, watched. Look first, publish then: an earlier failure under the same id is not its outcome.

    Entering raises SQLAlchemy's OperationalError when the database is away, before anything is published.
    """

    def __init__(self, url: str, message_id: str) -> None:
        self._engine = open_engine(url, pool=1, name="millrace-cli")
        self._message_id = message_id
        self._before: dict[str, Any] | None = None

    def __enter__(self) -> Self:
        self._before = self._row()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._engine.dispose()

    def wait(self, patience: float) -> dict[str, Any]:
        """Return the message's row when it has succeeded or failed for good; raises Failure after `patience` s."""
        deadline = time.monotonic() + patience
        while True:
            row = self._row()
            if row is not None and row["status"] in ENDED and (row != self._before or row["status"] == "succeeded"):
                return row
            if time.monotonic() > deadline:
                status = "nobody has begun with it" if row is None else f"its status is {row['status']}"
                raise Failure(
                    f"message {self._message_id} was published, but has not ended in {patience:g} s; {status}",
                    "millrace pool status shows whether anybody works; --id with the same id waits for it again",
                )
            time.sleep(TICK)

    def _row(self) -> dict[str, Any] | None:
        with self._engine.begin() as connection:
            return runlog.status(connection, self._message_id)
