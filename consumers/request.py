"""A message as Celery's own views show it, and the count of those that are finished."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from celery.worker.request import Request


@dataclass(slots=True)
class Finished:
    """Messages that this instance's processes have finished, however that ended, and the seconds they took in all.

    Each message of a bundle counts; the seconds are those of the process, which are shared by all of them.
    """

    messages: int = 0
    seconds: float = 0.0


finished = Finished()
"""Of this process, which is the worker's main one; counted in its one main loop."""


class LineRequest(Request):
    """A request whose argument is a delivery, which no view could show: they get the body's beginning instead."""

    def info(self, safe: bool = True) -> dict[str, Any]:  # noqa: ARG002 - there is no other than the safe form
        """Return what `inspect active`, `inspect reserved` and Flower show."""
        info: dict[str, Any] = super().info(safe=True)
        return info

    def acknowledge(self) -> None:
        """Acknowledge the message, and count it."""
        self._count()
        super().acknowledge()

    def reject(self, requeue: bool = False) -> None:
        """Reject the message, and count it."""
        self._count()
        super().reject(requeue)

    def _count(self) -> None:
        if not self.acknowledged and self.time_start:
            finished.messages += len(self._args)
            finished.seconds += max(time.time() - self.time_start, 0.0)
