"""Celery's results, read from the run log: the row that made the effect happen once is the result too."""

from __future__ import annotations

from typing import Any

from celery import states
from celery.backends.base import BaseBackend

from shared import runlog
from shared.errors import MillraceError

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
    """A result backend that only reads."""

    def get_task_meta(self, task_id: str, cache: bool = True) -> dict[str, Any]:  # noqa: ARG002 - Celery's signature
        """Return Celery's view of a message; one that nobody has begun is PENDING, as always with Celery."""
        with self.app.wiring.engine.connect() as connection:
            status = runlog.status(connection, task_id)
        if status is None:
            return {"task_id": task_id, "status": states.PENDING, "result": None, "traceback": None}
        state = STATES[status["status"]]
        last = status["attempts"][-1] if status["attempts"] else {}
        failed = state in states.EXCEPTION_STATES
        return {
            "task_id": task_id,
            "name": status["kind"],
            "status": state,
            "result": MessageFailed(f"{last.get('error')}: {last.get('message')}") if failed else status["result"],
            "traceback": last.get("traceback") if failed else None,
            "date_done": status["finished_at"] and status["finished_at"].isoformat(),
            "children": [],
        }

    def wait_for(self, task_id: str, timeout: float | None = None, interval: float = POLL, **options: Any) -> Any:
        """Wait for a message to be done; raises Celery's TimeoutError."""
        return super().wait_for(task_id, timeout=timeout, interval=min(interval, POLL), **options)

    def store_result(self, *_args: Any, **_options: Any) -> None:
        """Store nothing: what there is to say was committed with the effect."""

    def forget(self, task_id: str) -> None:
        """Keep it: a forgotten row would let the effect happen a second time."""
