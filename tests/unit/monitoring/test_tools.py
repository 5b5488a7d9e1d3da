"""Getting Prometheus: what is there is taken, what cannot be had is said with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.home import Home
from deploy.local.progress import Progress
from deploy.prometheus import tools
from deploy.prometheus.tools import PrometheusMissing


def _program(place: Path, script: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\n{script}\n")
    place.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the only folder that programs are looked for in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _get(tmp_path: Path) -> tools.Tools:
    home = Home(tmp_path / "home")
    return tools.get(home, Progress(home))


def test_what_was_unpacked_earlier_is_taken(tmp_path: Path, path: Path) -> None:  # noqa: ARG001
    earlier = tmp_path / "home" / "tools" / "prometheus"
    for name in ("prometheus", "promtool"):
        _program(earlier / name, "exit 0")
    assert _get(tmp_path).promtool == earlier / "promtool"


def test_what_is_on_the_path_and_runs_is_taken(tmp_path: Path, path: Path) -> None:
    for name in ("prometheus", "promtool"):
        _program(path / name, "exit 0")
    assert _get(tmp_path).prometheus == path / "prometheus"


def test_a_program_on_the_path_that_does_not_run_is_passed_by(tmp_path: Path, path: Path) -> None:
    _program(path / "prometheus", "exit 0")
    _program(path / "promtool", "exit 127")
    with pytest.raises(PrometheusMissing, match="no Debian"):
        _get(tmp_path)


def test_where_there_is_no_package_manager_the_error_says_what_to_do(tmp_path: Path, path: Path) -> None:  # noqa: ARG001
    with pytest.raises(PrometheusMissing, match="Put `prometheus` and `promtool` on the PATH"):
        _get(tmp_path)


def test_a_package_that_cannot_be_fetched_is_said_with_apt_s_own_words_and_leaves_nothing(
    tmp_path: Path, path: Path
) -> None:
    _program(path / "apt-get", "echo 'E: no such mirror' >&2; exit 100")
    _program(path / "dpkg-deb", "exit 0")
    with pytest.raises(PrometheusMissing, match="E: no such mirror"):
        _get(tmp_path)
    assert [left.name for left in (tmp_path / "home" / "tools").iterdir()] == ["prometheus.lock"]
