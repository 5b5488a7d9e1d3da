"""Starting a pool: what the process becomes, and where it keeps its counters."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from producers.cli.metrics_directory import make_directory

Start = Callable[..., dict[str, Any]]

REPOSITORY = Path(__file__).parents[3]

STAND_IN = """
import json, os, sys
print(json.dumps({"words": sys.argv[1:], "environment": dict(os.environ), "pid": os.getpid()}))
"""


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Return a function that runs `millrace pool start …` where `celery` only tells what it was given."""
    (tmp_path / "celery").mkdir()
    (tmp_path / "celery" / "__init__.py").touch()
    (tmp_path / "celery" / "__main__.py").write_text(STAND_IN)

    def run(*words: str) -> dict[str, Any]:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "MILLRACE_HOST": "mill"}
        command = [sys.executable, "-m", "producers.cli", "pool", "start", *words]
        ran = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=60
        )
        told: dict[str, Any] = json.loads(ran.stdout)
        return told

    return run


def option(told: dict[str, Any], name: str) -> str:
    words: list[str] = told["words"]
    return words[words.index(name) + 1]


def test_a_pool_becomes_a_worker_of_its_queues_in_the_same_process(start: Start) -> None:
    told = start("content")

    assert told["words"][:3] == ["-A", "consumers.app", "worker"]
    assert option(told, "--queues") == "content.urgent,content"
    assert option(told, "--hostname") == f"content.{told['pid']}@mill"
    assert option(told, "-O") == "fair"
    assert {"--without-mingle", "--without-gossip"} <= set(told["words"])
    assert told["environment"]["MILLRACE_POOL"] == "content"
    assert "REMAP_SIGTERM" not in told["environment"]


def test_a_pool_has_its_own_numbers_until_told_otherwise(start: Start) -> None:
    own, told = start("processing"), start("processing", "--concurrency", "7", "--prefetch", "3", "--node-suffix", "b")

    assert (option(own, "--concurrency"), option(own, "--prefetch-multiplier")) == ("2", "1000")
    assert (option(told, "--concurrency"), option(told, "--prefetch-multiplier")) == ("7", "3")
    assert option(told, "--hostname") == "processing.b@mill"


def test_a_worker_finds_an_empty_directory_for_its_counters(start: Start, tmp_path: Path) -> None:
    told = start("person")
    directory = Path(told["environment"]["PROMETHEUS_MULTIPROC_DIR"])

    assert directory == tmp_path / ".millrace" / "metrics" / f"person.{told['pid']}"
    assert list(directory.iterdir()) == []


def test_directories_of_dead_workers_are_removed_and_those_of_living_ones_kept(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    metrics = tmp_path / "metrics"
    for name in (f"content.{ended.pid}", f"person.{os.getppid()}", "notes"):
        (metrics / name).mkdir(parents=True)
    (metrics / f"content.{ended.pid}" / "counter_1.db").write_bytes(b"1")

    made = make_directory(tmp_path, "content", os.getpid())

    assert {path.name for path in metrics.iterdir()} == {made.name, f"person.{os.getppid()}", "notes"}


def test_counters_of_a_namesake_with_the_same_process_id_do_not_survive(tmp_path: Path) -> None:
    (make_directory(tmp_path, "content", os.getpid()) / "counter_1.db").write_bytes(b"1")

    assert list(make_directory(tmp_path, "content", os.getpid()).iterdir()) == []


def test_a_state_directory_that_cannot_be_made_falls_back_to_the_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "state").write_text("a file stands where the directory should be")

    made = make_directory(tmp_path / "state", "content", os.getpid())

    assert made.is_relative_to(tmp_path / "temporary")
    assert made.is_dir()
