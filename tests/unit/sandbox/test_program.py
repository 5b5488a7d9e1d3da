"""The command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.sandbox.__main__ import main, options_from
from deploy.sandbox.app import create_app
from deploy.sandbox.options import Options


def test_without_options_the_stand_ins_behave_as_the_true_upstreams() -> None:
    assert options_from(["--port", "1"]) == Options()


def test_options_are_understood() -> None:
    told = "--port 1 --recordings a/b --recordings tmdb=c --synthetic 3 --latency 20 --token-seconds 5 --page-size 7"
    assert options_from(told.split()) == Options(
        recordings={"tvdb": Path("a/b"), "tmdb": Path("c")},
        synthetic=3,
        latency=0.02,
        token_seconds=5,
        page_size=7,
    )


def test_help_explains_the_control_routes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    for word in ("--recordings", "--synthetic", "/control/faults", "/control/requests", "/health", "TVDB_URL"):
        assert word in shown


def test_a_folder_that_is_not_there_stops_the_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--port", "1", "--recordings", str(tmp_path / "nowhere")])
    assert "nowhere" in capsys.readouterr().err


def test_recordings_of_an_unknown_upstream_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nobody"):
        create_app(Options(recordings={"nobody": tmp_path}))
