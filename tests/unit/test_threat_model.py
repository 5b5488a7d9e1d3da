"""Every promise of docs/threat-model.md names a test, and every test that is named is there."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "threat-model.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows() -> list[str]:
    """Return the rows of the page's tables, without their heads."""
    lines = PAGE.read_text("utf-8").splitlines()
    ruled = [number for number, line in enumerate(lines) if line.startswith("|---")]
    heads = {number - 1 for number in ruled} | set(ruled)
    return [line for number, line in enumerate(lines) if line.startswith("|") and number not in heads]


@functools.cache
def functions_in(path: str) -> frozenset[str]:
    """Return the names of the test functions in a file, which is not imported for it."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, functions))


def test_the_page_has_its_tables() -> None:
    assert len(rows()) > 40


@pytest.mark.parametrize("row", rows())
def test_each_line_names_a_test_that_is_there(row: str) -> None:
    named = NAMED.findall(row)

    assert named, "no test proves this line"
    assert [f"{path}::{name}" for path, name in named if name not in functions_in(path)] == []
