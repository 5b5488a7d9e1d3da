"""The release is named twice and must be the same."""

from __future__ import annotations

import tomllib
from pathlib import Path

from shared.version import VERSION


def test_the_source_and_the_package_name_the_same_release() -> None:
    pyproject = Path(__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(pyproject.read_text())["project"]["version"] == VERSION
