"""The supervisor with small programs in place of large ones: order, death, jobs, and a stack found half alive."""

from __future__ import annotations

import functools
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from deploy.local import status
from deploy.local.home import Home
from deploy.local.ports import free_port, is_open
from deploy.local.process import Command, Process, Push, launch, recall, remember
from deploy.local.program import Job, Program
from deploy.local.stack import leftovers
from deploy.local.status import Phase
from deploy.local.supervisor import Supervisor
from tests.eventually import eventually

SERVE = """
import signal, socket, sys, time
name, port, diary = sys.argv[1:]
def note(what):
    with open(diary, "a") as file:
        file.write(f"{what} {name}\\n")
def stop(*_):
    note("stop")
    sys.exit()
signal.signal(signal.SIGTERM, stop)
server = socket.create_server(("127.0.0.1", int(port)))
note("start")
while True:
    time.sleep(60)
"""
"""A program that listens, and writes down when it starts and when it is told to stop."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


class Small:
    """Makes small programs, and reads what they noted."""

    def __init__(self, folder: Path) -> None:
        self.diary = folder / "diary"
        self.folder = folder
        self.ports: dict[str, int] = {}

    def program(self, name: str, *after: str) -> Program:
        port = self.ports[name] = free_port()
        argv = (sys.executable, "-c", SERVE, name, str(port), str(self.diary))
        ready = functools.partial(is_open, port)
        return Program(name, self.command(*argv), ready, after, stop=(Push(signal.SIGTERM, 5),), patience=20)

    def command(self, *argv: str) -> Callable[[], Command]:
        return functools.partial(Command, argv, dict(os.environ), self.folder)

    def noted(self, what: str) -> list[str]:
        lines = self.diary.read_text().splitlines() if self.diary.exists() else []
        return [line.partition(" ")[2] for line in lines if line.startswith(what)]


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path)


@contextmanager
def kept(home: Home, *entries: Program | Job) -> Iterator[Supervisor]:
    """Run a supervisor in this process until the block ends, and its programs with it."""
    remember(Process(os.getpid(), psutil.Process().create_time()), home.supervisor)
    supervisor = Supervisor(home, entries)
    supervisor.start()
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()
        watching.join(30)
        assert not watching.is_alive(), "the supervisor did not end"


def all_ready(home: Home) -> bool:
    standings = status.read(home)
    return bool(standings) and all(told.phase is Phase.READY for told in standings.values())


def pid(home: Home, name: str) -> int:
    process = recall(home.entry(name))
    assert process is not None
    return process.pid


def test_programs_start_after_those_they_need_and_end_before_them(home: Home, small: Small) -> None:
    entries = (
        small.program("pool", "job"),
        Job("job", small.command("/bin/true"), ("broker",)),
        small.program("broker"),
    )

    with kept(home, *entries):
        eventually(lambda: all_ready(home), what="every program ready")

    assert small.noted("start") == ["broker", "pool"]
    assert small.noted("stop") == ["pool", "broker"]
    assert leftovers(home) == []


def test_a_program_that_dies_is_started_again_and_its_neighbour_is_left_alone(home: Home, small: Small) -> None:
    with kept(home, small.program("broker"), small.program("pool", "broker")):
        eventually(lambda: all_ready(home), what="every program ready")
        before = pid(home, "pool")
        os.kill(pid(home, "broker"), signal.SIGKILL)
        eventually(lambda: status.read(home)["broker"].restarts == 1, what="the death to be noticed")
        eventually(lambda: all_ready(home), what="the broker to be back")
        after = pid(home, "pool")

    assert small.noted("start") == ["broker", "pool", "broker"]
    assert after == before


def test_what_a_dead_program_left_behind_does_not_outlive_it(home: Home, small: Small) -> None:
    port = free_port()
    listen = f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(600)"
    script = f'{sys.executable} -c "{listen}" & wait'
    program = Program("shell", small.command("/bin/sh", "-c", script), functools.partial(is_open, port), patience=20)

    with kept(home, program):
        eventually(lambda: all_ready(home), what="the program ready")
        child = psutil.Process(pid(home, "shell")).children()[0]
        os.kill(pid(home, "shell"), signal.SIGKILL)
        eventually(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, what="the child's end")


def test_a_job_that_fails_is_said_to_and_done_again(home: Home, small: Small) -> None:
    script = f"echo tried >> {small.diary}; test $(wc -l < {small.diary}) -gt 1 || {{ echo no luck; exit 3; }}"
    job = Job("migrations", small.command("/bin/sh", "-c", script))

    with kept(home, job, small.program("pool", "migrations")):
        failed = eventually(
            lambda: next((told for told in [status.read(home)["migrations"]] if told.phase is Phase.FAILED), None),
            what="the failure to be told",
        )
        eventually(lambda: all_ready(home), what="the second try to succeed")

    assert failed is not None
    assert "no luck" in failed.note


def test_a_program_that_cannot_start_is_told_with_the_end_of_its_log(home: Home, small: Small) -> None:
    broken = Program("api", small.command("/bin/sh", "-c", "echo no such module; exit 1"), lambda: False)

    with kept(home, broken):
        told = eventually(lambda: status.read(home)["api"].restarts and status.read(home)["api"], what="a failure")

    assert told
    assert "api ended instead of getting ready" in told.note or told.phase is Phase.STARTING


def test_the_next_supervisor_takes_over_what_still_runs_and_starts_what_does_not(home: Home, small: Small) -> None:
    broker, pool = small.program("broker"), small.program("pool", "broker")
    running, dead = (launch(program.command(), home.log(program.name)) for program in (broker, pool))
    for name, process in (("broker", running), ("pool", dead)):
        remember(process, home.entry(name))
        eventually(functools.partial(is_open, small.ports[name]), what=f"{name} ready")
    dead.kill()

    with kept(home, broker, pool):
        eventually(lambda: all_ready(home), what="the stack to be whole again")
        taken_over, fresh = pid(home, "broker"), pid(home, "pool")
    assert running.wait(5)

    assert taken_over == running.pid
    assert fresh != dead.pid
    assert leftovers(home) == []


def test_a_stack_whose_folder_is_deleted_ends_by_itself(home: Home, small: Small) -> None:
    program = small.program("broker")
    with kept(home, program) as supervisor:
        eventually(lambda: all_ready(home), what="the program ready")
        shutil.rmtree(home.folder)
        eventually(supervisor.keepers["broker"].ended.is_set, what="the program's end")

    assert small.noted("stop") == ["broker"]
