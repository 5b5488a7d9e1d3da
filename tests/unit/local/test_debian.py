"""Getting programs of Debian's packages: what is there is taken, what cannot be had is said with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local import debian
from deploy.local.debian import ToolMissing
from deploy.local.home import Home
from deploy.local.progress import Progress


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


def _get(tmp_path: Path) -> Path:
    home = Home(tmp_path / "home")
    return debian.get("promtool", home, Progress(home))


def test_what_was_unpacked_earlier_is_taken(tmp_path: Path, path: Path) -> None:
    earlier = tmp_path / "home" / "tools" / "promtool"
    _program(earlier, "exit 0")
    _program(path / "promtool", "exit 0")
    assert _get(tmp_path) == earlier


def test_what_is_on_the_path_and_runs_is_taken(tmp_path: Path, path: Path) -> None:
    _program(path / "promtool", "exit 0")
    assert _get(tmp_path) == path / "promtool"


def test_a_program_on_the_path_that_does_not_run_is_passed_by(tmp_path: Path, path: Path) -> None:
    _program(path / "promtool", "exit 127")
    with pytest.raises(ToolMissing, match="no Debian"):
        _get(tmp_path)


def test_where_there_is_no_package_manager_the_error_says_what_to_do(tmp_path: Path, path: Path) -> None:  # noqa: ARG001
    with pytest.raises(ToolMissing, match="Put `promtool` on the PATH"):
        _get(tmp_path)


def test_a_package_that_cannot_be_fetched_is_said_with_apt_s_own_words_and_leaves_nothing(
    tmp_path: Path, path: Path
) -> None:
    _program(path / "apt-get", "echo 'E: no such mirror' >&2; exit 100")
    _program(path / "dpkg-deb", "exit 0")
    with pytest.raises(ToolMissing, match="E: no such mirror"):
        _get(tmp_path)
    assert [left.name for left in (tmp_path / "home" / "tools").iterdir()] == ["prometheus.lock"]
