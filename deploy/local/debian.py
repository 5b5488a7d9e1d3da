"""Programs that watch what runs, and that read what is deployed as those do who run it.

They are this machine's, or those of Debian's packages, unpacked and never installed. The machine's own mirror is asked,
with lists that only we look at, so nothing of this machine's apt changes, and nothing is started.
"""

from __future__ import annotations

import fcntl
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.home import Home
from deploy.local.program import NotReady
from deploy.local.progress import Progress

PATIENCE = 300.0
"""Seconds for one step of apt; thirty megabytes over a slow line."""


class ToolMissing(NotReady):
    """A program is neither here nor to be had; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A program, where it lies once the packages are unpacked, and how it is asked whether it runs.

    Those of the same first package lie in one tree. `release` is the Debian release whose packages are taken, None for
    this machine's own. `libraries` are folders.
    """

    name: str
    place: str
    packages: tuple[str, ...]
    version: str
    release: str | None = None
    libraries: tuple[str, ...] = ()

    @property
    def tree(self) -> str:
        """The folder that the packages are unpacked to."""
        return f"{self.packages[0]}.tree"


TOOLS = {
    tool.name: tool
    for tool in (
        Tool("prometheus", "usr/bin/prometheus", ("prometheus",), "--version"),
        Tool("promtool", "usr/bin/promtool", ("prometheus",), "--version"),
        # Debian 12 has no Compose v2; Debian 13 has, and what it has of these two runs on either.
        Tool(
            "docker-compose",
            "usr/libexec/docker/cli-plugins/docker-compose",
            ("docker-compose",),
            "version",
            release="trixie",
        ),
        Tool("kustomize", "usr/bin/kustomize", ("kustomize",), "version", release="trixie"),
        # With the libraries that an image of Debian does not have by itself.
        Tool(
            "systemd-analyze",
            "usr/bin/systemd-analyze",
            ("systemd", "libsystemd-shared", "libapparmor1", "libcap2", "libip4tc2", "libkmod2", "libseccomp2"),
            "--version",
            libraries=("usr/lib/{machine}-linux-gnu/systemd", "usr/lib/{machine}-linux-gnu", "lib/{machine}-linux-gnu"),
        ),
    )
}


def get(name: str, home: Home, progress: Progress) -> Path:
    """Return a program: unpacked earlier, on the PATH, or from Debian's packages. Any number of processes may ask.

    Raises ToolMissing when there is no way to it.
    """
    tool, folder = TOOLS[name], home.folder / "tools"
    if (folder / name).exists():
        return folder / name
    if (found := shutil.which(name)) is not None and _runs(tool, Path(found)):
        return Path(found)
    return unpacked(tool, folder, progress)


def unpacked(tool: Tool, folder: Path, progress: Progress) -> Path:
    """Return a program of Debian's packages, unpacked below `folder` if it is not yet; raises ToolMissing."""
    program, tree = folder / tool.name, folder / tool.tree
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (folder / f"{tool.packages[0]}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            if not tree.exists():
                with progress.step(
                    f"{tool.name} is not here: unpacking Debian's package; nothing is installed or started"
                ):
                    _unpack(tool, folder, tree)
            if not program.exists():
                _place(tool, tree, program)
        except OSError as error:
            raise ToolMissing(
                f"Debian's package of {tool.name} cannot be unpacked: {error}\n{_way_out(tool)}"
            ) from error
    return program


def _unpack(tool: Tool, folder: Path, tree: Path) -> None:
    """Unpack a tool's packages, whole or not at all."""
    draft = folder / f"{tree.name}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "lists" / "partial").mkdir(parents=True)
    (draft / "cache" / "archives" / "partial").mkdir(parents=True)
    try:
        sources = draft / "debian.sources"
        sources.write_text(_sources(tool))
        own = [
            *("-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=/dev/null"),
            *("-o", f"Dir::State::Lists={draft / 'lists'}", "-o", f"Dir::Cache={draft / 'cache'}"),
        ]
        _run(tool, ["apt-get", *own, "update", "-q"], draft)
        _run(tool, ["apt-get", *own, "download", "-q", *tool.packages], draft)
        for package in draft.glob("*.deb"):
            _run(tool, ["dpkg-deb", "--extract", str(package), str(draft / "tree")], draft)
        (draft / "tree").rename(tree)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _place(tool: Tool, tree: Path, program: Path) -> None:
    """Write the script that starts a program of a tree, if that runs."""
    # A program looks for its libraries where its package would have put them, so it is told.
    libraries = ":".join(str(tree / path.format(machine=platform.machine())) for path in tool.libraries)
    prefix = f"LD_LIBRARY_PATH='{libraries}' " if libraries else ""
    ready = program.with_name(f"{program.name}.draft")
    ready.write_text(f"#!/bin/sh\n{prefix}exec '{tree / tool.place}' \"$@\"\n")
    ready.chmod(0o755)
    if not _runs(tool, ready):
        ready.unlink()
        raise ToolMissing(f"Debian's {tool.name} was unpacked and does not run here.\n{_way_out(tool)}")
    ready.replace(program)


def _sources(tool: Tool) -> str:
    """Return apt's description of the release at the mirror that this machine itself uses."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise ToolMissing(f"{tool.name} is not installed, and this is no Debian.\n{_way_out(tool)}")
    told = _run(tool, ["apt-get", "update", "--print-uris", "-o", "Dir::State::Lists=/nonexistent"], Path("/"))
    mirrors = re.findall(r"^'(\S+)/dists/[a-z]+/InRelease'", told, flags=re.MULTILINE)
    release = tool.release or platform.freedesktop_os_release().get("VERSION_CODENAME")
    if not mirrors or not release:
        raise ToolMissing(f"apt knows no mirror of Debian.\n{_way_out(tool)}")
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    return f"Types: deb\nURIs: {mirrors[0]}\nSuites: {release}\nComponents: main\nSigned-By: {key}\n"


def _run(tool: Tool, argv: Sequence[str], folder: Path) -> str:
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ToolMissing(f"{' '.join(argv)} took more than {PATIENCE:g} s\n{_way_out(tool)}") from error
    if done.returncode != 0:
        said = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).splitlines()[-10:])
        raise ToolMissing(f"{' '.join(argv)} failed:\n{said}\n{_way_out(tool)}")
    return done.stdout


def _runs(tool: Tool, program: Path) -> bool:
    try:
        done = subprocess.run([program, tool.version], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _way_out(tool: Tool) -> str:
    return f"Put `{tool.name}` on the PATH, then try again."
