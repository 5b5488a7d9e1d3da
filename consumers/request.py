"""A message as Celery's own views show it."""

from __future__ import annotations

from typing import Any

from celery.worker.request import Request


class LineRequest(Request):
    """A request whose argument is a delivery, which no view could show: they get the body's beginning instead."""

    def info(self, safe: bool = True) -> dict[str, Any]:  # noqa: ARG002 - there is no other than the safe form
        """Return what `inspect active`, `inspect reserved` and Flower show."""
        info: dict[str, Any] = super().info(safe=True)
        return info
