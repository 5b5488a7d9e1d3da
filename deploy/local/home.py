"""The places of a local stack: everything below one folder, `.millrace` in the checkout."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a stack keeps its state; nothing of it lies elsewhere, save sockets whose path would be too long."""

    folder: Path = CHECKOUT / ".millrace"

    @property
    def env(self) -> Path:
        """Shell exports that connect any other program; holds passwords, so for its owner only."""
        return self.folder / "env"

    @property
    def state(self) -> Path:
        """What is chosen once and kept: ports and secrets."""
        return self.folder / "stack.json"

    @property
    def status(self) -> Path:
        """What the supervisor says of each program."""
        return self.folder / "run" / "status.json"

    @property
    def supervisor(self) -> Path:
        """The supervisor's own entry in the table of processes."""
        return self.folder / "run" / "supervisor.json"

    def log(self, name: str) -> Path:
        """Return where a program's output goes."""
        return self.folder / "log" / f"{name}.log"

    def entry(self, name: str) -> Path:
        """Return a program's entry in the table of processes."""
        return self.folder / "run" / f"{name}.process.json"

    def make(self) -> None:
        """Make the folders. PostgreSQL, when we are root, must be able to pass the first."""
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        for name in ("run", "log"):
            (self.folder / name).mkdir(mode=0o700, exist_ok=True)

    @contextlib.contextmanager
    def alone(self, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Hold the stack's lock, so that two commands never start or stop it at once; `on_wait` if that takes time."""
        self.make()
        with (self.folder / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                on_wait()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @contextlib.contextmanager
    def installing(self) -> Iterator[None]:
        """Hold the lock of whoever installs packages: of two package managers at once one would give up."""
        self.make()
        with (self.folder / "install.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    draft = file.with_name(f"{file.name}.draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(file)
