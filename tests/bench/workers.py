"""Celery workers started for a measurement, as processes of their own, and ended by their process id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from producers.cli.metrics_directory import make_directory
from producers.cli.pool import worker_command
from shared.broker.topology import pool_named
from tests.bench import plain
from tests.bench.queues import Queues, wait_for

PROCESSES = 2
PREFETCH = pool_named("processing").prefetch
"""Messages each of our processes may hold: as many as in the pool of many short messages."""

PLAIN_PREFETCH = 32
"""Celery's prefetch multiplier where it was fastest; more gains nothing."""


@contextmanager
def millrace_worker(
    pool: str,
    place: Path,
    queues: Queues,
    prefetch: int = PREFETCH,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[None]:
    """Run a pool by the command line that `millrace pool start` uses, only with the benchmark's kinds added."""
    command = worker_command(
        pool_named(pool),
        concurrency=PROCESSES,
        prefetch=prefetch,
        node=f"bench.{pool}.{os.getpid()}@localhost",
        log_level="INFO",
    )
    command[command.index("consumers.app")] = "tests.bench.app"
    own = {"MILLRACE_POOL": pool, "PROMETHEUS_MULTIPROC_DIR": str(make_directory(place, pool, os.getpid()))}
    with process(command, {**environment, **own}, place / f"{pool}.log"):
        wait_for(lambda: queues.consumers(pool) > 0, f"the pool {pool} to start")
        yield


@contextmanager
def plain_worker(place: Path, queues: Queues, prefetch: int = PLAIN_PREFETCH) -> Iterator[None]:
    """Run a worker of plain Celery; it logs warnings only."""
    command = [
        *(sys.executable, "-m", "celery", "-A", "tests.bench.plain", "worker"),
        *("--queues", plain.QUEUE, "--concurrency", str(PROCESSES), "--prefetch-multiplier", str(prefetch)),
        *("--hostname", f"bench.plain.{os.getpid()}@localhost", "--loglevel", "WARNING"),
        *("--without-mingle", "--without-gossip"),
    ]
    with process(command, {}, place / "plain.log"):
        wait_for(lambda: queues.consumers(plain.QUEUE) > 0, "the plain worker to start")
        yield


@contextmanager
def relay(place: Path) -> Iterator[None]:
    """Run the outbox relay."""
    with process([sys.executable, "-m", "producers.relay"], {}, place / "relay.log"):
        yield


@contextmanager
def process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Run a program with some variables more than our own; what it says goes to `log`."""
    with log.open("ab") as output:
        running = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        try:
            running.wait(timeout=15)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
