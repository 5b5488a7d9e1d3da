"""Celery's results, read from the run log: the row that made the effect happen once is the result too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import structlog
from celery import states
from celery.backends.base import BaseBackend
from celery.exceptions import TaskRevokedError
from sqlalchemy.exc import SQLAlchemyError

from consumers.run import Run
from shared import clock, runlog
from shared.errors import MillraceError

log = structlog.get_logger(__name__)

REVOKED = TaskRevokedError.__name__
"""What the run log calls the error of a message that an operator called off."""

STATES = {
    "running": states.STARTED,
    "retrying": states.RETRY,
    "succeeded": states.SUCCESS,
    "failed": states.FAILURE,
}

POLL = 0.05
"""Seconds between looks while a caller waits; one look is one primary-key read."""


class MessageFailed(MillraceError):
    """What `AsyncResult.get()` raises for a message that was given up; says the original error and its text."""


class RunLogBackend(BaseBackend):
    """A result backend that reads, and writes only what nobody else could: that a message was called off."""

    def get_task_meta(self, task_id: str, cache: bool = True) -> dict[str, Any]:  # noqa: ARG002 - Celery's signature
        """Return Celery's view of a message; one that nobody has begun is PENDING, as always with Celery."""
        status = self._status(task_id)
        if status is None:
            return {"task_id": task_id, "status": states.PENDING, "result": None, "traceback": None}
        state = STATES[status["status"]]
        last = status["attempts"][-1] if status["attempts"] else {}
        failed = state in states.EXCEPTION_STATES
        error: Exception = MessageFailed(f"{last.get('error')}: {last.get('message')}")
        if failed and last.get("error") == REVOKED:
            state, error = states.REVOKED, TaskRevokedError(last.get("message"))
        return {
            "task_id": task_id,
            "name": status["kind"],
            "status": state,
            "result": error if failed else status["result"],
            "traceback": last.get("traceback") if failed else None,
            "date_done": status["finished_at"] and status["finished_at"].isoformat(),
            "children": [],
        }

    def _status(self, task_id: str) -> dict[str, Any] | None:
        """Read a message's row, on a new connection where the database was restarted behind the pool's back."""
        engine = self.app.wiring.engine
        try:
            with engine.connect() as connection:
                return runlog.status(connection, task_id)
        except psycopg.OperationalError:
            engine.dispose()
        with engine.connect() as connection:
            return runlog.status(connection, task_id)

    def wait_for(self, task_id: str, timeout: float | None = None, interval: float = POLL, **options: Any) -> Any:
        """Wait for a message to be done; raises Celery's TimeoutError."""
        return super().wait_for(task_id, timeout=timeout, interval=min(interval, POLL), **options)

    def mark_as_revoked(
        self,
        task_id: str,  # noqa: ARG002 - Celery's signature
        reason: str = "",
        request: Any = None,
        store_result: bool = True,  # noqa: ARG002
        state: str = states.REVOKED,  # noqa: ARG002
    ) -> None:
        """Write down that an operator called a message off, before Celery acknowledges it: whoever waits is told.

        Runs in a worker's main process, which otherwise needs no database; without one the operator is obeyed too.
        """
        now = clock.now()
        attempt = runlog.Attempt(0, now.isoformat(), now.isoformat(), "dead", REVOKED, reason)
        try:
            with self.app.wiring.engine.begin() as connection:
                for delivery in request.args:
                    run = Run.of(delivery, self.app.wiring)
                    runlog.fail(
                        connection, run.entry, replace(attempt, attempt=run.message.attempt), final=True, at=now
                    )
        except (psycopg.Error, SQLAlchemyError):
            log.warning("message called off, but not in the run log: database away", exc_info=True)

    def store_result(self, *_args: Any, **_options: Any) -> None:
        """Store nothing: what there is to say was committed with the effect."""

    def forget(self, task_id: str) -> None:
        """Keep it: a forgotten row would let the effect happen a second time."""
