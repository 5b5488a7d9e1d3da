"""Every recorded answer at hand is read by some test here: a new one that nobody claims fails this."""

from __future__ import annotations

import importlib
import inspect
import os
from collections import defaultdict
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

import pytest

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
SAMPLES = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING)

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded answers here; MILLRACE_SAMPLES says where")

NAMED_INSIDE: Final = {
    "mote/*rest*.json": (
        "test_venue_site_samples",
        "test_every_record_of_a_recorded_archive_is_a_listing_and_no_field_of_it_is_unknown",
    ),
    "wikidata/*pairs*.json": (
        "test_wikidata_samples",
        "test_every_recorded_query_has_an_answer_that_is_read_or_is_yes_or_no",
    ),
    "ebay/search_no_match.json": ("test_ebay_samples", "test_a_search_without_a_match_is_an_empty_answer"),
}
"""Files that a test names itself, by pattern; the others are parameters of the tests that claim them."""


def claims() -> dict[str, set[str]]:
    """Return which tests have which file, by its name, as a parameter."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(Path(__file__).parent.glob("test_*_samples.py")):
        module = importlib.import_module(f"tests.shape.{path.stem}")
        for name, test in inspect.getmembers(module, inspect.isfunction):
            for mark in getattr(test, "pytestmark", ()):
                if name.startswith("test_") and mark.name == "parametrize":
                    for value in named(mark.args[1]):
                        found[value].add(f"{path.stem}.{name}")
    return found


def named(values: Iterable[object]) -> Iterable[str]:
    """Return the names of files among a parameter's values."""
    for value in values:
        if isinstance(value, str | Path):
            yield Path(value).name
        elif isinstance(value, tuple):
            yield from named(value)


def test_every_file_of_the_folder_is_claimed_by_a_test() -> None:
    claimed = claims()
    files = sorted(path.relative_to(SAMPLES) for path in SAMPLES.glob("*/*"))
    assert files, "there are recordings"
    unclaimed = [
        str(file)
        for file in files
        if not claimed.get(file.name) and not any(fnmatchcase(str(file), pattern) for pattern in NAMED_INSIDE)
    ]
    assert unclaimed == []


@pytest.mark.parametrize(("module", "test"), NAMED_INSIDE.values())
def test_what_names_its_files_itself_is_there(module: str, test: str) -> None:
    assert callable(getattr(importlib.import_module(f"tests.shape.{module}"), test))
