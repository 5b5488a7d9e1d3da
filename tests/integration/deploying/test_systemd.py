"""The units, read by systemd itself: that it understands them, and how much they leave open."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from shared.broker import topology
from tests.integration.deploying.conftest import Tool

UNITS = Path(__file__).parents[3] / "deploy" / "systemd"

NAMES = [unit.name for unit in sorted(UNITS.glob("*.service")) if "@" not in unit.name]
POOLS = [f"millrace-pool@{pool.name}.service" for pool in topology.POOLS]

EXPOSED = 15
"""Tenths, of 100: what `systemd-analyze security` may find open at most."""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file system with the units, a command to start and the targets of every systemd, and nothing else."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree(UNITS, root / "etc" / "systemd" / "system")
    for command in (root / "opt" / "millrace" / "bin" / "millrace", root / "bin" / "sh"):
        command.parent.mkdir(parents=True)
        command.write_text("#!/bin/sh\n")
        command.chmod(0o755)
    system = root / "usr" / "lib" / "systemd" / "system"
    system.mkdir(parents=True)
    for target in ("sysinit", "basic", "network-online", "shutdown", "multi-user"):
        (system / f"{target}.target").write_text(f"[Unit]\nDescription={target}\n")
    return root


def analyze(systemd: Path, root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [str(systemd), words[0], f"--root={root}", *words[1:]]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_understands_every_unit(tool: Tool, root: Path) -> None:
    done = analyze(tool("systemd-analyze"), root, "verify", "--man=no", *NAMES, *POOLS, "millrace.target")

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("unit", [*NAMES, POOLS[0]])
def test_a_unit_leaves_hardly_anything_open(tool: Tool, root: Path, unit: str) -> None:
    words = ("security", "--offline=true", f"--threshold={EXPOSED}", "--no-pager", unit)

    done = analyze(tool("systemd-analyze"), root, *words)

    assert done.returncode == 0, done.stdout + done.stderr


def test_a_unit_without_the_confinement_is_found_out(tool: Tool, root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "etc" / "systemd" / "system" / "millrace-.service.d")

    done = analyze(
        tool("systemd-analyze"),
        tmp_path,
        "security",
        "--offline=true",
        f"--threshold={EXPOSED}",
        "--no-pager",
        NAMES[0],
    )

    assert done.returncode != 0
