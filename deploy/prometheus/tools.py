"""Where `prometheus` and `promtool` come from: this machine, or Debian's package, unpacked and never installed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.home import Home
from deploy.local.program import NotReady
from deploy.local.progress import Progress

PACKAGE = "prometheus"

PATIENCE = 300.0
"""Seconds for one step of apt; twenty megabytes over a slow line."""


class PrometheusMissing(NotReady):
    """Prometheus is neither here nor to be had; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The two programs."""

    prometheus: Path
    promtool: Path

    def work(self) -> bool:
        """Say whether both are here and can run on this machine."""
        return all(_says_version(program) for program in (self.prometheus, self.promtool))


def get(home: Home, progress: Progress) -> Tools:
    """Return the programs: unpacked earlier, on the PATH, or from Debian's package. Any number of processes may ask.

    Raises PrometheusMissing when there is no way to them.
    """
    folder = home.folder / "tools"
    unpacked = Tools(folder / "prometheus" / "prometheus", folder / "prometheus" / "promtool")
    if unpacked.prometheus.exists():
        return unpacked
    if (found := _on_path()) is not None:
        return found
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    with _alone(folder):
        if not unpacked.prometheus.exists():
            with progress.step("Prometheus is not here: unpacking Debian's package; nothing is installed or started"):
                _unpack(folder, unpacked.prometheus.parent)
    return unpacked


def _on_path() -> Tools | None:
    prometheus, promtool = shutil.which("prometheus"), shutil.which("promtool")
    if prometheus is None or promtool is None:
        return None
    found = Tools(Path(prometheus), Path(promtool))
    return found if found.work() else None


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time unpack; whoever waited finds it done."""
    with (folder / "prometheus.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _unpack(folder: Path, place: Path) -> None:
    """Put the two programs in their place, whole or not at all."""
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise PrometheusMissing(f"Prometheus is not installed, and this is no Debian.\n{_way_out()}")
    draft = folder / "prometheus.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        package = _download(draft)
        _run(["dpkg-deb", "--extract", str(package), "tree"], draft)
        ready = draft / "ready"
        ready.mkdir()
        for name in ("prometheus", "promtool"):
            (draft / "tree" / "usr" / "bin" / name).rename(ready / name)
        if not Tools(ready / "prometheus", ready / "promtool").work():
            raise PrometheusMissing(f"Debian's Prometheus was unpacked and does not run here.\n{_way_out()}")
        shutil.rmtree(place, ignore_errors=True)
        ready.rename(place)
    except OSError as error:
        raise PrometheusMissing(f"Debian's package of Prometheus cannot be unpacked: {error}\n{_way_out()}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _download(draft: Path) -> Path:
    """Fetch the package; where the machine's own lists are missing or old, with fresh ones that only we look at."""
    try:
        _run(["apt-get", "download", "-q", PACKAGE], draft)
    except PrometheusMissing:
        for name in ("lists/partial", "cache/archives/partial"):
            (draft / name).mkdir(parents=True)
        own = ["-o", f"Dir::State::Lists={draft / 'lists'}", "-o", f"Dir::Cache={draft / 'cache'}"]
        _run(["apt-get", *own, "update", "-q"], draft)
        _run(["apt-get", *own, "download", "-q", PACKAGE], draft)
    return next(draft.glob(f"{PACKAGE}_*.deb"))


def _run(argv: Sequence[str], folder: Path) -> None:
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PrometheusMissing(f"{' '.join(argv)} took more than {PATIENCE:g} s\n{_way_out()}") from error
    if done.returncode != 0:
        said = "\n".join(f"    {line}" for line in (done.stdout + done.stderr).splitlines()[-10:])
        raise PrometheusMissing(f"{' '.join(argv)} failed:\n{said}\n{_way_out()}")


def _says_version(program: Path) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _way_out() -> str:
    return "Put `prometheus` and `promtool` on the PATH (Debian: apt-get install prometheus), then try again."
