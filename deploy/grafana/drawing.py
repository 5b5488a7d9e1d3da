"""One page of HTML out of a dashboard and what a Prometheus answered: no script, nothing fetched from elsewhere."""

from __future__ import annotations

import itertools
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from deploy.grafana.reading import Board, Panel
from deploy.grafana.words import TIMES, colour, mapped, named, spoken
from deploy.prometheus.asking import Series

WIDTH: Final = 1440
GAP: Final = 8
ROW: Final = 38
"""Pixels: of the page, between panels, of one row of Grafana's grid."""

PALETTE: Final = ("#7EB26D", "#EAB839", "#6ED0E0", "#EF843C", "#E24D42", "#5794F2", "#BA43A9", "#96D98D", "#8AB8FF")
DIM: Final = "#8e929b"
ANCHORS: Final = ("middle", "middle", "middle", "middle", "end")
"""How the five moments below a graph are aligned; the last must not leave the panel."""

STYLE: Final = """
body { margin: 0; background: #111217; color: #d5d8df; font: 13px/1.35 'Inter', 'DejaVu Sans', sans-serif; }
header { padding: 14px 16px 10px; } header b { font-size: 18px; } header span { color: #8e929b; margin-left: 12px; }
main { position: relative; }
section { position: absolute; box-sizing: border-box; background: #181b1f; border: 1px solid #2a2d34;
  border-radius: 3px; padding: 7px 10px; overflow: hidden; display: flex; flex-direction: column; }
h2 { font-size: 13px; font-weight: 600; margin: 0 0 4px; white-space: nowrap; }
.big { font-size: 34px; font-weight: 600; flex: 1; display: flex; align-items: center; justify-content: center; }
.spark { position: absolute; left: 0; bottom: 0; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: 12px; color: #b4b8c2; }
.legend i { display: inline-block; width: 12px; height: 3px; margin-right: 5px;
  vertical-align: middle; border-radius: 2px; }
.bars { flex: 1; display: flex; flex-direction: column; justify-content: space-evenly; }
.bar { display: grid; grid-template-columns: 128px 1fr 74px; align-items: center; gap: 8px; font-size: 12px; }
.bar div { background: #24272d; border-radius: 2px; height: 14px; } .bar div b { display: block; height: 14px;
  border-radius: 2px; min-width: 2px; } .bar em { font-style: normal; text-align: right; }
.tiles { flex: 1; display: flex; flex-wrap: wrap; gap: 6px; align-content: stretch; }
.tile { flex: 1 1 30%; border-radius: 3px; color: #fff; padding: 4px 10px; display: flex; flex-direction: column;
  justify-content: center; } .tile b { font-size: 17px; }
table { border-collapse: collapse; width: 100%; font-size: 12.5px; } th { text-align: right; color: #6e9fff;
  font-weight: 600; } td { text-align: right; border-top: 1px solid #25282e; padding: 3px 6px; }
th { padding: 2px 6px; } .key { text-align: left; padding-left: 0; }
text { font: 11px 'Inter', 'DejaVu Sans', sans-serif; fill: #8e929b; }
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one query of a panel returned: series by now, and their course unless the query is an instant one."""

    legend: str
    series: Sequence[Series]


def page(board: Board, answers: Sequence[Mapping[str, Answer]], start: float, end: float) -> str:
    """Return the page; `answers` are of each panel, by the name of the query, `start` and `end` in Unix seconds."""
    cells = [_section(panel, told, start, end) for panel, told in zip(board.panels, answers, strict=True)]
    height = max(panel.y + panel.height for panel in board.panels) * ROW + GAP
    span = f"{_clock(start, '%Y-%m-%d %H:%M')} to {_clock(end, '%H:%M')} UTC"
    head = f"<header><b>{escape(board.title)}</b><span>{span}</span></header>"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(board.title)}</title>'
        f"<style>{STYLE}</style><body style='width:{WIDTH}px'>{head}"
        f"<main style='height:{height}px'>{''.join(cells)}</main></body></html>\n"
    )


def _section(panel: Panel, told: Mapping[str, Answer], start: float, end: float) -> str:
    column = (WIDTH - GAP) / 24
    width, height = panel.width * column - GAP, panel.height * ROW - GAP
    place = f"left:{GAP + panel.x * column:.0f}px;top:{panel.y * ROW:.0f}px;width:{width:.0f}px;height:{height:.0f}px"
    body = DRAWN[panel.sort](panel, told, width, height, start, end)
    title = f"<h2 title='{escape(panel.description, quote=True)}'>{escape(panel.title)}</h2>"
    return f"<section style='{place}'>{title}{body}</section>"


def _stat(panel: Panel, told: Mapping[str, Answer], width: float, height: float, start: float, end: float) -> str:
    answer = told["A"]
    if panel.defaults.get("mappings"):
        return _tiles(panel, answer)
    series = answer.series[0] if answer.series else Series({}, [(end, math.nan)])
    value = next((value for _, value in reversed(series.points) if not math.isnan(value)), math.nan)
    shade = colour(value, _steps(panel))
    least, most = 0.0, max([value for _, value in series.points if math.isfinite(value)] or [0.0]) or 1.0
    ways = _ways(series, start, end, width, 40, least, most)
    spark = "".join(
        f"<path d='{way} L{right:.1f},40 L{left:.1f},40 Z' fill='{shade}' fill-opacity='.18'/>"
        f"<path d='{way}' fill='none' stroke='{shade}' stroke-width='1.5'/>"
        for way, left, right in ways
    )
    text = spoken(value, panel.defaults["unit"], panel.defaults.get("decimals"))
    return (
        f"<svg class=spark width='{width:.0f}' height='40'>{spark}</svg>"
        f"<div class=big style='color:{shade};max-height:{height - 60:.0f}px'>{escape(text)}</div>"
    )


def _tiles(panel: Panel, answer: Answer) -> str:
    tiles = []
    for series in sorted(answer.series, key=lambda one: named(answer.legend, one.labels)):
        word, shade = mapped(series.last, panel.defaults["mappings"]) or (f"{series.last:g}", DIM)
        name = escape(named(answer.legend, series.labels))
        tiles.append(f"<div class=tile style='background:{shade}'>{name}<b>{escape(word)}</b></div>")
    return f"<div class=tiles>{''.join(tiles)}</div>"


def _bargauge(panel: Panel, told: Mapping[str, Answer], *_: float) -> str:
    answer = told["A"]
    most = panel.defaults.get("max") or max([one.last for one in answer.series] or [0]) or 1
    bars = []
    for series in sorted(answer.series, key=lambda one: named(answer.legend, one.labels)):
        share = max(0.0, min(1.0, series.last / most))
        shade = colour(series.last, _steps(panel))
        name, text = named(answer.legend, series.labels), spoken(series.last, panel.defaults["unit"])
        bars.append(
            f"<div class=bar><span>{escape(name)}</span><div><b style='width:{share:.1%};background:{shade}'></b></div>"
            f"<em style='color:{shade}'>{escape(text)}</em></div>"
        )
    return f"<div class=bars>{''.join(bars)}</div>"


def _timeseries(panel: Panel, told: Mapping[str, Answer], width: float, height: float, start: float, end: float) -> str:
    lines = [(named(answer.legend, one.labels), one) for answer in told.values() for one in answer.series]
    lines.sort(key=lambda line: line[0])
    shades = [_shade(panel, name, place) for place, (name, _) in enumerate(lines)]
    custom, unit = panel.defaults.get("custom", {}), panel.defaults["unit"]
    stacked = custom.get("stacking", {}).get("mode") == "normal"
    apart = [_override(panel, name).get("custom.stacking") is not None for name, _ in lines]
    lines = [line for _, line in sorted(zip(apart, lines, strict=True), key=lambda both: both[0])]
    apart.sort()
    within = len(lines) - sum(apart) if stacked else 0
    drawn = [*_stack([one for _, one in lines[:within]]), *(one for _, one in lines[within:])]
    step, most = _scale(max([v for one in drawn for _, v in one.points if math.isfinite(v)] or [0.0]), unit)
    legend_rows = math.ceil(sum(len(name) * 7 + 84 for name, _ in lines) / (width - 20)) if lines else 0
    left, wide, high = 58.0, width - 20 - 58.0 - 14, height - 70 - 18 * legend_rows
    grid = [
        f"<line x1='{left}' x2='{left + wide:.0f}' y1='{y:.1f}' y2='{y:.1f}' stroke='#25282e'/>"
        f"<text x='{left - 6}' y='{y + 4:.1f}' text-anchor='end'>{escape(spoken(at, unit))}</text>"
        for at, y in ((step * n, 6 + high * (1 - step * n / most)) for n in range(round(most / step) + 1))
    ] + [
        f"<text x='{left + wide * n / 4:.0f}' y='{high + 22:.0f}' text-anchor='{ANCHORS[n]}'>"
        f"{_clock(start + (end - start) * n / 4, '%H:%M')}</text>"
        for n in range(5)
    ]
    paths = []
    # From the top of a stack to its bottom, then what is compared with.
    for place in (*reversed(range(within)), *range(within, len(drawn))):
        one, shade, inside = drawn[place], shades[place], place < within
        for way, first, last in _ways(one, start, end, wide, high, 0.0, most):
            fill = 0 if apart[place] else custom.get("fillOpacity", 0) / 100
            area = f"{way} L{last:.1f},{high} L{first:.1f},{high} Z"
            solid = f"<path d='{area}' fill='#181b1f'/>" if inside else ""
            paths.append(
                f"{solid}<path d='{area}' fill='{shade}' fill-opacity='{fill}'/>"
                f"<path d='{way}' fill='none' stroke='{shade}' stroke-width='1.6' stroke-linejoin='round'/>"
            )
    legend = "".join(
        f"<span><i style='background:{shade}'></i>{escape(name)} &nbsp;{escape(spoken(_last(one), unit))}</span>"
        for (name, one), shade in zip(lines, shades, strict=True)
    )
    return (
        f"<svg style='flex:none' width='{width - 20:.0f}' height='{high + 28:.0f}'>{''.join(grid)}"
        f"<g transform='translate({left},6)'>{''.join(paths)}</g></svg><div class=legend>{legend}</div>"
    )


def _table(panel: Panel, told: Mapping[str, Answer], *_: float) -> str:
    organize = next(one["options"] for one in panel.raw["transformations"] if one["id"] == "organize")
    order, heads = organize["indexByName"], organize["renameByName"]
    keys = [name for name in sorted(order, key=order.__getitem__) if not name.startswith("Value")]
    values = [name for name in sorted(order, key=order.__getitem__) if name.startswith("Value")]
    rows: dict[tuple[str, ...], dict[str, float]] = {}
    for ref, answer in told.items():
        value = f"Value #{ref}" if len(told) > 1 else "Value"
        for one in answer.series:
            rows.setdefault(tuple(one.labels.get(key, "") for key in keys), {})[value] = one.last
    head = [*(f"<th class=key>{escape(key)}</th>" for key in keys), *(f"<th>{escape(heads[v])}</th>" for v in values)]
    lines = ["".join(head)]
    for row, found in sorted(rows.items()):
        cells = [f"<td class=key>{escape(text)}</td>" for text in row]
        for value in values:
            properties = _properties(panel, heads[value])
            number = found.get(value, math.nan)
            shade = colour(number, properties["thresholds"]["steps"]) if "thresholds" in properties else "inherit"
            text = spoken(number, properties["unit"], properties.get("decimals")) if value in found else ""
            cells.append(f"<td style='color:{shade}'>{escape(text)}</td>")
        lines.append("".join(cells))
    return f"<table>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


DRAWN: Final[Mapping[str, Callable[..., str]]] = {
    "stat": _stat,
    "bargauge": _bargauge,
    "timeseries": _timeseries,
    "table": _table,
}


def _steps(panel: Panel) -> Sequence[Mapping[str, Any]]:
    steps: Sequence[Mapping[str, Any]] = panel.defaults["thresholds"]["steps"]
    return steps


def _properties(panel: Panel, name: str) -> dict[str, Any]:
    """Return what a panel says of one field by its name."""
    overrides = panel.raw["fieldConfig"]["overrides"]
    found = [one["properties"] for one in overrides if one["matcher"] == {"id": "byName", "options": name}]
    return {one["id"]: one["value"] for properties in found for one in properties}


def _override(panel: Panel, name: str) -> dict[str, Any]:
    """Return what a panel says of the lines whose name an expression matches."""
    found: dict[str, Any] = {}
    for one in panel.raw["fieldConfig"]["overrides"]:
        matcher = one["matcher"]
        if matcher["id"] == "byRegexp" and re.search(matcher["options"].strip("/"), name):
            found |= {each["id"]: each["value"] for each in one["properties"]}
    return found


def _shade(panel: Panel, name: str, place: int) -> str:
    fixed = _override(panel, name).get("color")
    return str(fixed["fixedColor"]) if fixed else PALETTE[place % len(PALETTE)]


def _stack(lines: Sequence[Series]) -> list[Series]:
    """Return the lines, each on the sum of those before it."""
    below: dict[float, float] = {}
    stacked = []
    for one in lines:
        points = []
        for moment, value in one.points:
            below[moment] = below.get(moment, 0.0) + (value if math.isfinite(value) else 0.0)
            points.append((moment, below[moment]))
        stacked.append(Series(one.labels, points))
    return stacked


def _scale(most: float, unit: str) -> tuple[float, float]:
    """Return a round step and the top of an axis that holds `most` in two to five of them."""
    if unit == "s":
        size = next((size for size, _ in TIMES if most >= 2 * size), 1.0)
        step, top = _scale(most / size, "none")
        return step * size, top * size
    if most <= 0:
        return 0.5, 1.0
    size = 10.0 ** math.floor(math.log10(most))
    step = next(size * part for part in (0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5) if most / (size * part) <= 4.5)  # noqa: PLR2004
    return step, step * math.ceil(most / step - 1e-9)


def _ways(
    one: Series, start: float, end: float, wide: float, high: float, least: float, most: float
) -> list[tuple[str, float, float]]:
    """Return SVG paths, each with its first and last x: one for each stretch without a gap."""
    points = [(moment, value) for moment, value in one.points if math.isfinite(value)]
    usual = min((b[0] - a[0] for a, b in itertools.pairwise(points)), default=1.0)
    ways: list[list[tuple[float, float]]] = []
    before = -math.inf
    for moment, value in points:
        if moment - before > usual * 1.5:
            ways.append([])
        ways[-1].append(((moment - start) / (end - start) * wide, high * (1 - (value - least) / (most - least or 1))))
        before = moment
    return [("M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in way), way[0][0], way[-1][0]) for way in ways]


def _last(one: Series) -> float:
    return next((value for _, value in reversed(one.points) if math.isfinite(value)), math.nan)


def _clock(moment: float, form: str) -> str:
    return time.strftime(form, time.gmtime(moment))
