"""The renderer's own parts: values in words, and a page in which nothing that was answered can do anything."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from deploy.grafana import boards, drawing, reading, words
from deploy.grafana.drawing import Answer
from deploy.prometheus.asking import Series

STEPS: list[dict[str, Any]] = [
    {"value": None, "color": "green"},
    {"value": 1, "color": "yellow"},
    {"value": 10, "color": "red"},
]


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (0, "none", "0"),
        (3.14159, "none", "3.14"),
        (1234, "short", "1.23 K"),
        (0.0144, "percentunit", "1.44 %"),
        (0.0032, "s", "3.2 ms"),
        (90, "s", "1.5 min"),
        (200_000, "s", "2.31 d"),
        (12.5, "reqps", "12.5 req/s"),
        (-3, "none", "-3"),
        (math.nan, "s", "-"),
    ],
)
def test_values_are_written_in_their_unit(value: float, unit: str, expected: str) -> None:
    assert words.spoken(value, unit) == expected


@pytest.mark.parametrize(("value", "expected"), [(0, "green"), (1, "yellow"), (99, "red"), (math.nan, "green")])
def test_a_value_has_the_colour_of_the_last_step_that_it_reached(value: float, expected: str) -> None:
    assert words.colour(value, STEPS) == expected


def test_a_legend_names_labels_and_forgets_those_that_are_missing() -> None:
    assert words.named("{{queue}} {{state}}", {"queue": "content", "state": "ready"}) == "content ready"
    assert words.named("{{queue}} {{state}}", {"queue": "content"}) == "content"
    assert words.named("rows", {}) == "rows"


@pytest.mark.parametrize("file", sorted(boards.FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_a_page_has_every_panel_and_takes_labels_for_text(file: Path) -> None:
    board = reading.read(file, {}, window="1m")
    evil = dict.fromkeys(("queue", "upstream", "route", "status", "outcome", "kind", "reason", "state"), "<script>")
    series = [Series(evil, [(10.0 * n, n % 7) for n in range(10)]), Series({"queue": "b"}, [(0.0, math.nan)])]
    answers = [{query.ref: Answer(query.legend, series) for query in panel.queries} for panel in board.panels]
    page = drawing.page(board, answers, 0.0, 100.0)
    assert "<script" not in page
    assert page.count("<section") == len(board.panels)


@pytest.mark.parametrize("file", sorted(boards.FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_a_page_is_drawn_of_nothing_at_all(file: Path) -> None:
    board = reading.read(file, {}, window="1m")
    answers = [{query.ref: Answer(query.legend, []) for query in panel.queries} for panel in board.panels]
    assert drawing.page(board, answers, 0.0, 100.0).count("<section") == len(board.panels)


def test_a_variable_has_the_chosen_value_or_its_first() -> None:
    file = boards.FOLDER / "pool.json"
    assert "$queue" in json.dumps(json.loads(file.read_text()))
    for chosen, expected in (({"queue": "person"}, "person"), ({}, "content")):
        exprs = [query.expr for panel in reading.read(file, chosen, window="1m").panels for query in panel.queries]
        assert [expr for expr in exprs if "$" in expr] == []
        assert f'millrace_pool_instances{{queue="{expected}"}}' in " ".join(exprs)
