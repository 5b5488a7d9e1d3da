"""What a command of the runner says while it works: a line for each step, with the time it took."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.status import Status

from deploy.local.home import Home

EVERY = 5.0
"""Seconds between two lines about the same wait where no terminal can show it move."""


class Progress:
    """Lines on a terminal or in a file; on a terminal, what takes longer moves."""

    def __init__(self, home: Home, console: Console | None = None) -> None:
        self.home = home
        self.console = console or Console(highlight=False, soft_wrap=True)
        self._moving: Status | None = None
        self._said = time.monotonic()

    def log(self, name: str) -> Path:
        """Return where the output of a step goes."""
        self.home.make()
        return self.home.log(name)

    def say(self, text: str) -> None:
        """Print a line."""
        self.console.print(escape(text))

    def done(self, text: str, seconds: float) -> None:
        """Print a line for something that is finished."""
        self.console.print(f"  [green]✓[/] {escape(text)} [dim]{seconds:.1f} s[/]")

    def failed(self, text: str) -> None:
        """Print a line for something that did not work; more lines may follow in the text."""
        first, _, rest = text.partition("\n")
        self.console.print(f"  [red]✗[/] {escape(first)}")
        if rest:
            self.console.print(escape(rest))

    def waiting(self, text: str) -> None:
        """Show what is awaited; call it as often as you like."""
        if self.console.is_terminal:
            if self._moving is None:
                self._moving = self.console.status(escape(text))
                self._moving.start()
            self._moving.update(escape(text))
        elif time.monotonic() - self._said > EVERY:
            self.console.print(f"  … {escape(text)}")
            self._said = time.monotonic()

    def still(self) -> None:
        """Stop showing what was awaited."""
        self._said = time.monotonic()
        if self._moving is not None:
            self._moving.stop()
            self._moving = None

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Announce a step, show that it goes on, and say how long it took."""
        self.say(f"  {text} …")
        begun = time.monotonic()
        self.waiting(text)
        try:
            yield
        finally:
            self.still()
        self.done(text, time.monotonic() - begun)
