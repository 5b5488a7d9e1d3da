"""`python -m deploy.prometheus`: a private Prometheus that watches the running local stack until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from deploy.local import state
from deploy.local.home import Home
from deploy.local.ports import LOOPBACK, free_port, is_free
from deploy.local.program import NotReady, Service
from deploy.local.progress import Progress
from deploy.prometheus import private, scraping, tools

PORT = 9090
"""Where people look for a Prometheus; another one is chosen when somebody has that one."""


def watch(home: Home, progress: Progress, wanted: int | None) -> int:
    """Run a Prometheus against the stack that is up, print its address, and end it when we are told to end."""
    chosen = state.load(home)
    if chosen is None or not home.env.exists():
        progress.failed("the stack is not up; make up")
        return 1
    targets = scraping.of_stack(chosen)
    port = wanted or (PORT if is_free(PORT) else free_port())
    try:
        found = tools.get(home, progress)
        folder = home.folder / "prometheus"
        service = Service(private.program(folder, found, port, targets), progress.log("prometheus"))
        service.start()
    except NotReady as error:
        progress.failed(str(error))
        return 1
    try:
        progress.say(f"  Prometheus    http://{LOOPBACK}:{port}  reads {len(targets)} programs; Ctrl-C ends it")
        _until_told()
    finally:
        service.stop()
    return 0


def _until_told() -> None:
    told = threading.Event()

    def tell(_signal: int, _frame: FrameType | None) -> None:
        told.set()

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    told.wait()


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and do what it says; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m deploy.prometheus", description=__doc__)
    parser.add_argument("--home", type=Path, default=Home().folder, help="folder of the stack (default: %(default)s)")
    parser.add_argument("--port", type=int, help=f"where to listen (default: {PORT}, or a free one)")
    told = parser.parse_args(arguments)
    home = Home(told.home.resolve())
    return watch(home, Progress(home), told.port)


if __name__ == "__main__":
    sys.exit(main())
