"""Where the processes of one worker keep their counters: a directory for each worker's life."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path


def make_directory(state: Path, pool: str, pid: int) -> Path:
    """Make an empty directory for the counters of worker `pid`, and remove those that dead workers left.

    Lies under `state`, or under the system's temporary directory where `state` cannot be written.
    """
    try:
        return _make(state / "metrics", pool, pid)
    except OSError:
        return _make(Path(tempfile.gettempdir()) / f"millrace-{os.getuid()}" / "metrics", pool, pid)


def _make(parent: Path, pool: str, pid: int) -> Path:
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in parent.iterdir():
        owner = left.name.rpartition(".")[2]
        if owner.isdigit() and (int(owner) == pid or not _alive(int(owner))):
            shutil.rmtree(left, ignore_errors=True)
    directory = (parent / f"{pool}.{pid}").resolve()
    directory.mkdir(mode=0o700)
    return directory


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
