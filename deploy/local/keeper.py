"""Keeping one program: started when those it needs are ready, started again when it dies, ended after who needs it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

from deploy.local.home import Home
from deploy.local.process import TICK, Process, launch, recall, remember
from deploy.local.program import Job, NotReady, Program, await_ready, tail
from deploy.local.status import NOTHING, Board, Phase

LOOK = 0.2
"""Seconds between two looks at a program that runs."""

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before each restart in a row; the last one repeats."""

STEADY = 60.0
"""Seconds a program must have run for its next end to count as the first again."""


class Keeper(threading.Thread):
    """Cares for one entry of the table, from the first start to the end."""

    def __init__(self, entry: Program | Job, home: Home, board: Board, stopping: threading.Event) -> None:
        super().__init__(name=entry.name, daemon=True)
        self.entry = entry
        self.ready = threading.Event()
        self.ended = threading.Event()
        self.process: Process | None = None
        self._home = home
        self._board = board
        self._stopping = stopping
        self._needs: Sequence[Keeper] = ()
        self._needed_by: Sequence[Keeper] = ()

    def join_up(self, others: Mapping[str, Keeper]) -> None:
        """Tell this keeper whom it waits for: before its start, and before its end."""
        self._needs = [others[name] for name in self.entry.after]
        self._needed_by = [other for other in others.values() if self.entry.name in other.entry.after]

    def adopt(self) -> bool:
        """Take over the process an earlier supervisor left running, if there is one; say whether there is."""
        found = recall(self._home.entry(self.entry.name)) if isinstance(self.entry, Program) else None
        self.process = found if found is not None and found.alive() else None
        return self.process is not None

    def run(self) -> None:
        """Live the entry's whole life."""
        try:
            for other in self._needs:
                while not other.ready.wait(LOOK):
                    if self._stopping.is_set():
                        return
            if isinstance(self.entry, Job):
                self._do(self.entry)
            else:
                self._keep(self.entry)
        finally:
            self._end()

    def _do(self, job: Job) -> None:
        """Do a job once; a failed one is tried again, since what it needs may have died under it."""
        failures = 0
        while not self._stopping.is_set():
            log = self._home.log(job.name)
            self._start(job)
            process = self.process
            if process is None or process.child is None:
                return
            deadline = time.monotonic() + job.patience
            while process.alive() and time.monotonic() < deadline and not self._stopping.wait(TICK):
                pass
            if process.child.poll() == 0:
                self.process = None
                self._board.set(job.name, Phase.READY)
                self.ready.set()
                self._stopping.wait()
                return
            if self._stopping.is_set():
                return
            process.kill()
            self._board.set(job.name, Phase.FAILED, f"{job.name} did not succeed\n{tail(log)}", restarted=True)
            self._pause(failures)
            failures += 1

    def _keep(self, program: Program) -> None:
        failures = 0
        while not self._stopping.is_set():
            begun = time.monotonic()
            note = self._live(program)
            if self._stopping.is_set():
                return
            self.ready.clear()
            failures = 0 if time.monotonic() - begun > STEADY else failures + 1
            self._board.set(program.name, Phase.FAILED, note, restarted=True)
            self._pause(max(0, failures - 1))

    def _live(self, program: Program) -> str:
        """Start a program, or go on with an adopted one, until it ends; return why it did."""
        log = self._home.log(program.name)
        try:
            if self.process is None:
                self._start(program)
            process = self.process
            if process is None:
                return "not started"
            await_ready(program, process, log, self._stopping.is_set)
        except (NotReady, OSError) as error:
            if self.process is not None:
                self.process.kill()
                self.process = None
            return str(error)
        if not self._stopping.is_set():
            self._board.set(program.name, Phase.READY, pid=process.pid)
            self.ready.set()
        while process.alive() and not self._stopping.wait(LOOK):
            pass
        if self._stopping.is_set():
            return ""
        process.kill()  # what it left behind
        self.process = None
        return f"{program.name} ended by itself\n{tail(log)}"

    def _start(self, entry: Program | Job) -> None:
        self._board.set(entry.name, Phase.STARTING)
        self.process = launch(entry.command(), self._home.log(entry.name))
        remember(self.process, self._home.entry(entry.name))

    def _pause(self, failures: int) -> None:
        self._stopping.wait(PAUSES[min(failures, len(PAUSES) - 1)])

    def _end(self) -> None:
        """End the program once nobody needs it any more."""
        self._stopping.wait()
        for other in self._needed_by:
            other.ended.wait()
        name = self.entry.name
        ended_by = NOTHING
        if self.process is not None:
            self._board.set(name, Phase.STOPPING, pid=self.process.pid)
            pushes = self.entry.stop if isinstance(self.entry, Program) else ()
            ended_by = self.process.end(pushes)
        if isinstance(self.entry, Program):
            self.entry.cleared()
        self._home.entry(name).unlink(missing_ok=True)
        self._board.set(name, Phase.STOPPED, ended_by)
        self.ended.set()
