"""What the runner knows of a program: how to start it, when it is ready, whom it needs, how to end it."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.process import TICK, Command, Process, Push, launch


class NotReady(Exception):
    """A program did not become ready; the text says how, and shows the end of its log."""


@dataclass(frozen=True, slots=True)
class Program:
    """One program of the stack.

    `command` prepares what the program needs on disk and returns what to execute; it is called before each start.
    `ready` is asked until it says yes; it may take a second and raises nothing. `after` names what must be ready
    before this starts, and what ends only after this has ended. `patience` is in seconds.
    """

    name: str
    command: Callable[[], Command]
    ready: Callable[[], bool]
    after: tuple[str, ...] = ()
    stop: tuple[Push, ...] = (Push(signal.SIGTERM, 10),)
    patience: float = 90.0
    cleared: Callable[[], None] = field(default=lambda: None)
    """Called when it has ended, for what it may leave behind outside its process group."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something done once on the way up. `command` is executed, and must end with 0 within `patience` seconds."""

    name: str
    command: Callable[[], Command]
    after: tuple[str, ...] = ()
    patience: float = 120.0


class Service:
    """A program run by this very process: how tests get a broker or a database of their own."""

    def __init__(self, program: Program, log: Path) -> None:
        self.program = program
        self.log = log
        self.process: Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the program while it runs."""
        return None if self.process is None else self.process.pid

    def start(self) -> None:
        """Start the program and wait until it is ready; raises NotReady when it ends or dawdles instead."""
        self.process = launch(self.program.command(), self.log)
        try:
            await_ready(self.program, self.process, self.log)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> str:
        """End the program as its table entry says; return what ended it."""
        return self._end(self.program.stop)

    def kill(self) -> None:
        """End the program and its children at once, as a crash would."""
        self._end(())

    def _end(self, pushes: tuple[Push, ...]) -> str:
        ended_by = "was gone"
        if self.process is not None:
            ended_by = self.process.end(pushes)
            self.process = None
        self.program.cleared()
        return ended_by


def await_ready(program: Program, process: Process, log: Path, given_up: Callable[[], bool] = lambda: False) -> None:
    """Wait until a program that was started is ready, or `given_up` says that nobody waits any more.

    Raises NotReady when it ends, or when its patience runs out.
    """
    deadline = time.monotonic() + program.patience
    while not given_up():
        if not process.alive():
            raise NotReady(f"{program.name} ended instead of getting ready\n{tail(log)}")
        if program.ready():
            return
        if time.monotonic() > deadline:
            raise NotReady(f"{program.name} was not ready after {program.patience:g} s\n{tail(log)}")
        time.sleep(TICK)


def tail(log: Path, lines: int = 15) -> str:
    """Return the end of a log with its place, indented, for an error's text."""
    text = ""
    with contextlib.suppress(FileNotFoundError):
        text = log.read_text(errors="replace")
    shown = [f"    {line}" for line in text.splitlines()[-lines:]]
    return "\n".join([f"  {log} ends with:", *shown] if shown else [f"  {log} is empty"])
