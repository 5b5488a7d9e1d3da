"""Asking a Prometheus over its HTTP API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx


class QueryFailed(Exception):
    """Prometheus refused a query, or answered with something else than data."""


@dataclass(frozen=True, slots=True)
class Series:
    """Labels, and values with their moments in Unix seconds, oldest first; one value for an instant query."""

    labels: Mapping[str, str]
    points: Sequence[tuple[float, float]]

    @property
    def last(self) -> float:
        """The latest value."""
        return self.points[-1][1]


class Prometheus:
    """A Prometheus at an address; raises QueryFailed, or httpx's errors when it is away."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def now(self, expr: str) -> list[Series]:
        """Return the latest value of each series of an expression."""
        found = self._get("query", query=expr)["result"]
        return [Series(one["metric"], _points([one["value"]])) for one in found]

    def course(self, expr: str, start: float, end: float, step: float) -> list[Series]:
        """Return an expression's values from `start` to `end` in Unix seconds, one in every `step` seconds."""
        found = self._get("query_range", query=expr, start=start, end=end, step=step)["result"]
        return [Series(one["metric"], _points(one["values"])) for one in found]

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule with its health and its last error."""
        return [rule for group in self._get("rules")["groups"] for rule in group["rules"]]

    def targets(self) -> list[dict[str, Any]]:
        """Return everything that is scraped, with its health and its last error."""
        found: list[dict[str, Any]] = self._get("targets", state="active")["activeTargets"]
        return found

    def _get(self, what: str, **parameters: Any) -> Any:
        answer = self._client.get(f"/api/v1/{what}", params=parameters)
        try:
            told = answer.json()
        except ValueError as error:
            raise QueryFailed(f"{what}: {answer.status_code}, which is no answer of Prometheus") from error
        if told.get("status") != "success":
            raise QueryFailed(f"{told.get('error')}: {parameters}")
        return told["data"]


def _points(raw: Sequence[tuple[float, str]]) -> list[tuple[float, float]]:
    return [(moment, float(value)) for moment, value in raw]
