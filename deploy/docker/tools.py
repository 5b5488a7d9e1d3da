"""Where `docker-compose` and `kustomize`, which read what is deployed as they would, come from in tests.

They are this machine's, or those of Debian's packages, unpacked and never installed. Debian 12 has no Compose v2,
Debian 13 has, and its programs run on either. The machine's own mirror is asked, with lists that only we look at, so
nothing of this machine's apt changes.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.local.home import Home
from deploy.local.program import NotReady
from deploy.local.progress import Progress

RELEASE = "trixie"
"""Debian's release that is asked."""

PLACES = {"docker-compose": "usr/libexec/docker/cli-plugins/docker-compose", "kustomize": "usr/bin/kustomize"}
"""Package, and where in it its program of the same name is."""

PATIENCE = 300.0
"""Seconds for one step of apt; thirty megabytes over a slow line."""


class ToolMissing(NotReady):
    """A program is neither here nor to be had; the text says what to do."""


def get(name: str, home: Home, progress: Progress) -> Path:
    """Return a program: unpacked earlier, on the PATH, or from Debian's package. Any number of processes may ask.

    Raises ToolMissing when there is no way to it.
    """
    folder = home.folder / "tools"
    program = folder / name
    if program.exists():
        return program
    if (found := shutil.which(name)) is not None and _runs(Path(found)):
        return Path(found)
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (folder / "deploying.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not program.exists():
            with progress.step(f"{name} is not here: unpacking Debian's packages; nothing is installed or started"):
                _unpack(name, folder)
    return program


def _unpack(name: str, folder: Path) -> None:
    """Put every program in its place, each whole or not at all: Debian's lists take longer than the packages."""
    draft = folder / "deploying.draft"
    shutil.rmtree(draft, ignore_errors=True)
    (draft / "lists" / "partial").mkdir(parents=True)
    (draft / "cache" / "archives" / "partial").mkdir(parents=True)
    try:
        sources = draft / "debian.sources"
        sources.write_text(_sources(name))
        own = [
            *("-o", f"Dir::Etc::SourceList={sources}", "-o", "Dir::Etc::SourceParts=/dev/null"),
            *("-o", f"Dir::State::Lists={draft / 'lists'}", "-o", f"Dir::Cache={draft / 'cache'}"),
        ]
        _run(name, ["apt-get", *own, "update", "-q"], draft)
        _run(name, ["apt-get", *own, "download", "-q", *PLACES], draft)
        for tool, place in PLACES.items():
            package = next(draft.glob(f"{tool}_*.deb"))
            _run(name, ["dpkg-deb", "--extract", str(package), "tree"], draft)
            ready = draft / "tree" / place
            if not _runs(ready):
                raise ToolMissing(f"Debian's {tool} was unpacked and does not run here.\n{_way_out(tool)}")
            ready.replace(folder / tool)
    except OSError as error:
        raise ToolMissing(f"Debian's package of {name} cannot be unpacked: {error}\n{_way_out(name)}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _sources(name: str) -> str:
    """Return apt's description of the release at the mirror that this machine itself uses."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise ToolMissing(f"{name} is not installed, and this is no Debian.\n{_way_out(name)}")
    told = _run(name, ["apt-get", "update", "--print-uris", "-o", "Dir::State::Lists=/nonexistent"], Path("/"))
    mirrors = re.findall(r"^'(\S+)/dists/[a-z]+/InRelease'", told, flags=re.MULTILINE)
    if not mirrors:
        raise ToolMissing(f"apt knows no mirror of Debian.\n{_way_out(name)}")
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    return f"Types: deb\nURIs: {mirrors[0]}\nSuites: {RELEASE}\nComponents: main\nSigned-By: {key}\n"


def _run(name: str, argv: Sequence[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ToolMissing(f"{' '.join(argv)} took more than {PATIENCE:g} s\n{_way_out(name)}") from error
    if done.returncode != 0:
        said = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).splitlines()[-10:])
        raise ToolMissing(f"{' '.join(argv)} failed:\n{said}\n{_way_out(name)}")
    return done.stdout


def _runs(program: Path) -> bool:
    try:
        return subprocess.run([program, "version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _way_out(name: str) -> str:
    return f"Put `{name}` on the PATH, then try again."
