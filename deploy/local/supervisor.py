"""`python -m deploy.local.supervisor HOME`: keeps the programs of the stack, each in its order, until told to stop.

It is everybody's parent, so that it learns of an end at once and collects it. Killed itself, it leaves the programs
running; the next one adopts them from the table of processes.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from deploy.local import exports, programs, source, state
from deploy.local.home import Home
from deploy.local.keeper import LOOK, Keeper
from deploy.local.process import Process, recall, remember
from deploy.local.program import Job, Program
from deploy.local.status import Board

ADOPT_ORPHANS = 36
"""Linux's PR_SET_CHILD_SUBREAPER: what our programs leave behind comes to us, to be collected."""


def table(home: Home) -> list[Program | Job]:
    """Return the stack's programs as the state on disk and the environment describe them."""
    chosen = state.load(home)
    if chosen is None:
        raise SystemExit(f"{home.state} is not there; `make up` writes it")
    outside = exports.given(os.environ, chosen)
    told = exports.addresses(home, chosen, outside, programs.METRICS)
    return programs.table(home, chosen, outside, None if outside.broker else source.find(), told)


class Supervisor:
    """All keepers of one stack."""

    def __init__(self, home: Home, entries: Sequence[Program | Job]) -> None:
        self._home = home
        self._stopping = threading.Event()
        self._board = Board(home, [entry.name for entry in entries])
        self.keepers = {entry.name: Keeper(entry, home, self._board, self._stopping) for entry in entries}
        for keeper in self.keepers.values():
            keeper.join_up(self.keepers)
            keeper.adopt()
        self._dead: set[int] = set()

    def start(self) -> None:
        """Start what does not run yet."""
        for keeper in self.keepers.values():
            keeper.start()

    def stop(self) -> None:
        """Let every keeper end its program; returns at once."""
        self._stopping.set()

    def watch(self) -> None:
        """Stay until every program has ended, or until another supervisor has taken our place in the table."""
        while not all(keeper.ended.is_set() for keeper in self.keepers.values()):
            self._collect_orphans()
            if not self._stopping.is_set() and not self._still_ours():
                self.stop()
            time.sleep(LOOK)
        for _ in range(2):
            self._collect_orphans()

    def _still_ours(self) -> bool:
        """Say whether the table still names us; whoever deletes `.millrace` does not want the stack any more."""
        told = recall(self._home.supervisor)
        return told is not None and told.pid == os.getpid()

    def _collect_orphans(self) -> None:
        """Collect what ended after its own parent. What a keeper started it collects itself, and at once.

        Only what was dead at the last look too, so that no keeper's process is taken in the moment of its start.
        """
        started = {keeper.process.pid for keeper in self.keepers.values() if keeper.process is not None}
        dead = set()
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.pid not in started and child.status() == psutil.STATUS_ZOMBIE:
                    dead.add(child.pid)
        for pid in dead & self._dead:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        self._dead = dead


def main(folder: str) -> None:
    """Run until SIGTERM or SIGINT."""
    home = Home(Path(folder))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ADOPT_ORPHANS, 1, 0, 0, 0)
    own = Process(os.getpid(), psutil.Process().create_time())
    remember(own, home.supervisor)
    supervisor = Supervisor(home, table(home))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: supervisor.stop())
    supervisor.start()
    supervisor.watch()
    told = recall(home.supervisor)
    if told is not None and told.pid == own.pid:
        home.supervisor.unlink(missing_ok=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
