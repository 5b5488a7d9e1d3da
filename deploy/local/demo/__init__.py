"""`make demo`: drives the running stack through every door, kills a message on purpose, and says what happened.

Ends with 0 only if every step did what it says. It speaks to the stack as strangers would: the command line, HTTP,
Celery's `.delay`, and an AMQP client that knows nothing of Millrace.
"""

from __future__ import annotations

import sys
import time

from rich.console import Console

from deploy.local.demo import catalogues, clockwork, screen
from deploy.local.demo.story import Failed, Stack, Story

PARTS = (catalogues.begin, screen.tell, catalogues.tell, clockwork.tell, catalogues.end)
"""In this order: what takes long begins first."""


def main() -> int:
    """Run the demo against the stack that the environment names; return the exit code."""
    console = Console(width=None if sys.stdout.isatty() else 120)
    story = Story(console)
    started = time.perf_counter()
    try:
        stack = Stack()
        for part in PARTS:
            part(stack, story)
    except Failed:
        console.print(story.table())
        console.print("[red]The demo failed; the logs are in .millrace/log/.")
        return 1
    console.print(story.table())
    console.print(f"[green]All of it happened[/], in {time.perf_counter() - started:.1f} s.")
    return 0
