"""What the supervisor says of each program, for whoever waits: one small file, written whole at every change."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from threading import Lock

from deploy.local.home import Home, write_private

NOTHING = "was not running"
"""What is noted of a program that was not there to be ended."""


class Phase(StrEnum):
    """Where a program is on its way up, or down."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Standing:
    """One program at this moment. `since` is Unix time; `seconds` is how long the last phase took.

    `note` is why it failed, or what ended it; `restarts` counts since the supervisor started.
    """

    phase: Phase
    since: float
    seconds: float = 0.0
    note: str = ""
    restarts: int = 0
    pid: int | None = None


class Board:
    """The supervisor's side: every change is on disk at once."""

    def __init__(self, home: Home, names: list[str]) -> None:
        self._home = home
        self._lock = Lock()
        self._standings = {name: Standing(Phase.WAITING, time.time()) for name in names}
        self._write()

    def set(self, name: str, phase: Phase, note: str = "", pid: int | None = None, *, restarted: bool = False) -> None:
        """Say that a program entered a phase."""
        now = time.time()
        with self._lock:
            old = self._standings[name]
            self._standings[name] = replace(
                old,
                phase=phase,
                since=now,
                seconds=now - old.since,
                note=note,
                pid=pid,
                restarts=old.restarts + restarted,
            )
            self._write()

    def phase(self, name: str) -> Phase:
        """Return a program's phase."""
        with self._lock:
            return self._standings[name].phase

    def _write(self) -> None:
        told = json.dumps({name: asdict(standing) for name, standing in self._standings.items()})
        with contextlib.suppress(FileNotFoundError):  # somebody deleted the folder; there is nobody to tell any more
            write_private(self._home.status, told)


def read(home: Home) -> Mapping[str, Standing]:
    """Return what the supervisor wrote last, in the order of the table; nothing when it never wrote."""
    try:
        told = json.loads(home.status.read_text())
        return {name: Standing(**{**one, "phase": Phase(one["phase"])}) for name, one in told.items()}
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return {}
