"""Bringing the local stack up and down."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from deploy.local import exports, programs, source, state, status
from deploy.local.home import CHECKOUT, Home
from deploy.local.process import TICK, Command, Process, Push, launch, recall
from deploy.local.program import NotReady, tail
from deploy.local.progress import Progress
from deploy.local.rabbitmq_found import RabbitMQMissing
from deploy.local.status import Phase, Standing
from deploy.local.supervisor import Supervisor, table

GIVE_UP = 3
"""Failures in a row of one program after which `up` stops waiting for it; its keeper goes on trying."""

CALM = 1.0
"""Seconds after which a wait is shown."""

DOWN = 90.0
"""Seconds that a whole stack may take to end; its slowest program has half of it."""


def running(home: Home) -> Process | None:
    """Return the supervisor of a stack that is up, or coming up."""
    found = recall(home.supervisor)
    return found if found is not None and found.alive() else None


def leftovers(home: Home) -> list[tuple[str, Process]]:
    """Return the programs in the table of processes that still run, by name."""
    files = sorted((home.folder / "run").glob("*.process.json"))
    found = [(file.name.removesuffix(".process.json"), recall(file)) for file in files]
    return [(name, process) for name, process in found if process is not None and process.alive()]


def whole(standings: Mapping[str, Standing]) -> bool:
    """Say whether every program is ready."""
    return bool(standings) and all(told.phase is Phase.READY for told in standings.values())


def up(home: Home, progress: Progress) -> Mapping[str, str]:
    """Bring the stack up, repair what is left of one, or find it up; return its addresses by their exported names.

    Raises NotReady when a program does not come up, RabbitMQMissing when there is no broker to be had.
    """
    begun = time.monotonic()
    with home.alone(lambda: progress.say("  another command is at work on this stack; waiting for it")):
        chosen = state.load(home)
        supervisor = running(home)
        if supervisor is None:
            supervisor, chosen = _begin(home, progress, chosen)
        elif chosen is None:
            raise NotReady(f"{home.state} is gone though the stack runs; make down, then make up")
        elif whole(status.read(home)):
            progress.say("  the stack is up already")
            return chosen.exported
        _await(home, progress, supervisor)
    progress.done("everything is up", time.monotonic() - begun)
    return chosen.exported


def _begin(home: Home, progress: Progress, old: state.State | None) -> tuple[Process, state.State]:
    """Decide on ports and addresses, write them down, start the supervisor."""
    outside = exports.given(os.environ, old)
    if not outside.broker:
        source.find_or_install(progress)
    # Where programs of a half-dead stack still run, the ports are theirs and stay what they are.
    chosen = old if old is not None and leftovers(home) else state.choose(old, programs.LISTENERS)
    told = exports.addresses(home, chosen, outside, programs.METRICS)
    chosen = replace(chosen, exported=told)
    state.save(home, chosen)
    exports.write(home, told)
    home.status.unlink(missing_ok=True)
    if not leftovers(home):
        _put_logs_away(home)
    argv = (sys.executable, "-m", "deploy.local.supervisor", str(home.folder))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return launch(Command(argv, env, CHECKOUT), home.log("supervisor")), chosen


def _put_logs_away(home: Home) -> None:
    """Begin new logs; those of the last time stay beside them."""
    for log in (home.folder / "log").glob("*.log"):
        log.replace(log.with_suffix(".log.last"))


def _await(home: Home, progress: Progress, supervisor: Process) -> None:
    """Print a line for each program that becomes ready; raise NotReady when one will not, or nobody cares for them."""
    shown: dict[str, tuple[Phase, int]] = {}
    begun = time.monotonic()
    try:
        while True:
            standings = status.read(home)
            for name, told in standings.items():
                if shown.get(name) != (told.phase, told.restarts):
                    shown[name] = (told.phase, told.restarts)
                    if told.phase is Phase.READY:
                        progress.still()
                        progress.done(name, told.seconds)
                    elif told.phase is Phase.FAILED:
                        progress.still()
                        progress.failed(told.note)
                if told.phase is Phase.FAILED and told.restarts >= GIVE_UP:
                    raise NotReady(f"{name} does not come up; make down stops the rest")
            if whole(standings):
                return
            if not supervisor.alive():
                raise NotReady(f"the supervisor ended\n{tail(home.log('supervisor'))}")
            if time.monotonic() - begun > CALM:
                open_ones = [name for name, told in standings.items() if told.phase is Phase.STARTING]
                progress.waiting(f"waiting for {', '.join(open_ones)}, {time.monotonic() - begun:.0f} s")
            time.sleep(TICK)
    finally:
        progress.still()


def down(home: Home, progress: Progress) -> None:
    """End every program of the stack: pools first, so that they finish what they began, broker and database last."""
    begun = time.monotonic()
    with home.alone(lambda: progress.say("  another command is at work on this stack; waiting for it")):
        supervisor = running(home)
        if supervisor is None and not leftovers(home):
            progress.say("  nothing of the stack runs")
        elif supervisor is not None:
            supervisor.signal(signal.SIGTERM)
            _watch_end(home, progress, supervisor)
        else:
            progress.say("  the supervisor is gone; ending what it left")
            _end_without_supervisor(home, progress)
        for name, process in leftovers(home):
            progress.done(f"{name}, left over: {process.end((Push(signal.SIGTERM, 10),))}", 0.0)
        for file in (*(home.folder / "run").glob("*.json"), home.env):
            file.unlink(missing_ok=True)
    progress.done("everything is down", time.monotonic() - begun)


def _end_without_supervisor(home: Home, progress: Progress) -> None:
    """Take the supervisor's place just long enough to end the programs it left, in their order."""
    try:
        heir = Supervisor(home, table(home))
    except (RabbitMQMissing, SystemExit):
        return  # the table cannot be made any more; what is left is ended one by one
    heir.stop()
    heir.start()
    _show_ends(home, progress, lambda: any(keeper.is_alive() for keeper in heir.keepers.values()))


def _watch_end(home: Home, progress: Progress, supervisor: Process) -> None:
    _show_ends(home, progress, supervisor.alive)
    supervisor.kill()  # it should be gone; what it did not end is ended next


def _show_ends(home: Home, progress: Progress, going_on: Callable[[], bool]) -> None:
    """Print a line for each program that ended, until all have, or the time is up."""
    begun = time.monotonic()
    shown: set[str] = set()
    last = False
    while not last:
        last = not going_on() or time.monotonic() - begun > DOWN
        standings = status.read(home)
        for name, told in standings.items():
            if told.phase is Phase.STOPPED and name not in shown:
                shown.add(name)
                if told.note != status.NOTHING:
                    progress.still()
                    progress.done(f"{name}: {told.note}", told.seconds)
        if time.monotonic() - begun > CALM:
            open_ones = [name for name, told in standings.items() if told.phase is Phase.STOPPING]
            progress.waiting(f"ending {', '.join(open_ones)}, {time.monotonic() - begun:.0f} s")
        time.sleep(TICK)
    progress.still()


@contextlib.contextmanager
def borrowed(home: Home, progress: Progress) -> Iterator[Mapping[str, str]]:
    """Give the addresses of a running stack: of one that is up already, or of one that comes up and goes down again."""
    ours = running(home) is None
    try:
        yield up(home, progress)
    finally:
        if ours:
            down(home, progress)
