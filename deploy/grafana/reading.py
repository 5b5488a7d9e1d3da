"""A committed dashboard taken apart again: its panels, and their queries with variables filled in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

WINDOW: Final = "$__rate_interval"
"""What Grafana replaces by four times the interval at which Prometheus scrapes."""


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel; `legend` may name labels, `{{queue}}`. An instant one asks for the latest values only."""

    ref: str
    expr: str
    legend: str
    instant: bool


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: `x`, `y`, `width` and `height` are in cells of a grid that is 24 wide; `raw` is its JSON."""

    title: str
    description: str
    sort: str
    x: int
    y: int
    width: int
    height: int
    queries: tuple[Query, ...]
    raw: Mapping[str, Any]

    @property
    def defaults(self) -> Mapping[str, Any]:
        """What holds for every field of the panel: unit, thresholds, least and most."""
        defaults: Mapping[str, Any] = self.raw["fieldConfig"]["defaults"]
        return defaults


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard."""

    title: str
    variables: Mapping[str, tuple[str, ...]]
    panels: tuple[Panel, ...]


def read(file: Path, chosen: Mapping[str, str], *, window: str) -> Board:
    """Return a dashboard with `chosen` values for variables, and `window` (`1m`) as the time that rates are taken of.

    A variable that is not chosen has its first value.
    """
    told = json.loads(file.read_text())
    variables = {one["name"]: tuple(one["query"].split(",")) for one in told.get("templating", {}).get("list", [])}
    values = {f"${name}": chosen.get(name, offered[0]) for name, offered in variables.items()} | {WINDOW: window}
    return Board(told["title"], variables, tuple(_panel(raw, values) for raw in told["panels"]))


def _panel(raw: Mapping[str, Any], values: Mapping[str, str]) -> Panel:
    place = raw["gridPos"]
    return Panel(
        title=raw["title"],
        description=raw["description"],
        sort=raw["type"],
        x=place["x"],
        y=place["y"],
        width=place["w"],
        height=place["h"],
        queries=tuple(_queries(raw, values)),
        raw=raw,
    )


def _queries(raw: Mapping[str, Any], values: Mapping[str, str]) -> Iterator[Query]:
    for target in raw["targets"]:
        expr = target["expr"]
        for name, value in values.items():
            expr = expr.replace(name, value)
        yield Query(target["refId"], expr, target.get("legendFormat", ""), instant=target["instant"])
