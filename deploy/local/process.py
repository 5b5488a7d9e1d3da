"""Starting a program in a session of its own, recognising it again later, and ending it with all its children."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

TICK = 0.04
"""Seconds between two looks at something that is awaited."""

SAME_BIRTH = 2.0
"""Seconds by which two readings of one process's start may differ when the machine's clock is set meanwhile."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to execute: arguments, the whole environment, and where.

    `uid` and `gid` are the account to run as; None is whoever runs us.
    """

    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    uid: int | None = None
    gid: int | None = None


@dataclass(frozen=True, slots=True)
class Push:
    """One step of ending a program: a signal to its first process, and the seconds it then gets."""

    signal: signal.Signals
    seconds: float


@dataclass(slots=True)
class Process:
    """A program that was started: its process id, and its birth, without which an id may mean somebody else.

    Its session and process group have the same number as its first process.
    """

    pid: int
    born: float
    child: subprocess.Popen[bytes] | None = field(default=None, repr=False, compare=False)
    """Set in the process that started it, which alone can collect its end."""

    def alive(self) -> bool:
        """Say whether the first process still runs; a zombie does not."""
        if self.child is not None:
            return self.child.poll() is None
        try:
            found = psutil.Process(self.pid)
            return abs(found.create_time() - self.born) < SAME_BIRTH and found.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the first process; nothing happens when it is gone."""
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def end(self, pushes: Sequence[Push] = ()) -> str:
        """End the program: each push in turn while it lives, then SIGKILL to whatever is left of it.

        Return what ended it, in words: `was gone`, the name of a signal, or SIGKILL.
        """
        ended_by = "was gone"
        family = self._descendants()
        for push in pushes:
            if not self.alive():
                break
            ended_by = push.signal.name
            self.signal(push.signal)
            self.wait(push.seconds)
        if self.alive():
            ended_by = "SIGKILL"
            family = self._descendants()
        self._sweep(family)
        return ended_by

    def kill(self) -> None:
        """SIGKILL to the program and all that came of it, as a power cut would: nobody can object or tidy up."""
        self._sweep(self._descendants())

    def _sweep(self, family: Sequence[psutil.Process]) -> None:
        """Kill what is left: the group, and those who made themselves a group, as PostgreSQL's and Erlang's do."""
        if self.alive() or self._group_is_ours():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        for other in family:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                other.kill()
        self.wait(5.0)
        deadline = time.monotonic() + 5.0
        while any(_runs(other) for other in family) and time.monotonic() < deadline:
            time.sleep(TICK)

    def _descendants(self) -> list[psutil.Process]:
        if not self.alive():
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def wait(self, seconds: float) -> bool:
        """Wait until the first process is gone; say whether it is."""
        deadline = time.monotonic() + seconds
        while self.alive():
            if time.monotonic() > deadline:
                return False
            time.sleep(TICK)
        return True

    def _group_is_ours(self) -> bool:
        """Say whether the process group still is this program's, though its first process has ended.

        While a group has members the kernel gives its number to nobody else, and members share its session.
        """
        try:
            return abs(psutil.Process(self.pid).create_time() - self.born) < SAME_BIRTH
        except psutil.NoSuchProcess:
            return any(_session(other) == self.pid for other in psutil.pids())


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _session(pid: int) -> int | None:
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def launch(command: Command, log: Path) -> Process:
    """Start a program in its own session, with nothing to read and both outputs appended to `log`.

    Raises OSError when it cannot be executed.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(
            command.argv,
            env=command.env,
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=command.uid,
            group=command.gid,
            extra_groups=None if command.uid is None else [],
        )
    return Process(child.pid, _born(child.pid), child)


def _born(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return time.time()


def remember(process: Process, file: Path) -> None:
    """Write a process down, whole or not at all, so that a later command recognises it."""
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps({"pid": process.pid, "born": process.born}))
    draft.replace(file)


def recall(file: Path) -> Process | None:
    """Return the process that a file tells of, dead or alive; None when there is no such file, or half of one."""
    try:
        told = json.loads(file.read_text())
        return Process(int(told["pid"]), float(told["born"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
