"""`millrace pool`: start a pool of workers, see how all of them are doing, and give them more or fewer processes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from producers.cli.metrics_directory import make_directory
from producers.cli.scaling import autoscale, known, recommend, scale, status
from shared.broker import topology
from shared.broker.topology import Pool
from shared.settings import Settings

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Worker pools: start one, see how all stand, scale them."
)


@app.command()
def start(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(pool.name for pool in topology.POOLS)}.")],
    *,
    concurrency: Annotated[
        int | None, typer.Option(min=1, help="Processes; the pool's own number if left out.")
    ] = None,
    prefetch: Annotated[
        int | None, typer.Option(min=1, help="Messages each process may hold; the pool's own number if left out.")
    ] = None,
    node_suffix: Annotated[
        str | None, typer.Option(help="Name of this worker instead of its process id; unique on this machine.")
    ] = None,
) -> None:
    """Become a worker of a pool: consumes the pool's queues until SIGTERM, then finishes what it has begun."""
    pool = known(name)
    settings = Settings()
    pid = os.getpid()
    environment = {
        **os.environ,
        "MILLRACE_POOL": pool.name,
        "PROMETHEUS_MULTIPROC_DIR": str(make_directory(Path(".millrace"), pool.name, pid)),
    }
    command = worker_command(
        pool,
        concurrency=concurrency or pool.concurrency,
        prefetch=prefetch or pool.prefetch,
        # Unique at each start: the broker may hold a dead namesake's control queue for a minute.
        node=f"{pool.name}.{node_suffix or pid}@{settings.host}",
        log_level=settings.log_level,
    )
    sys.stdout.flush()
    os.execve(command[0], command, environment)  # noqa: S606 - becomes the worker: signals reach it without a middleman


def worker_command(pool: Pool, *, concurrency: int, prefetch: int, node: str, log_level: str) -> list[str]:
    """Return the command line of a Celery worker that works for `pool`."""
    return [
        sys.executable,
        *("-m", "celery", "-A", "consumers.app", "worker"),
        *("--queues", ",".join(pool.queues)),
        *("--concurrency", str(concurrency)),
        *("--prefetch-multiplier", str(prefetch)),
        *("--hostname", node),
        *("--loglevel", log_level),
        # Hand a message to a process that is free, not to one that is busy for another twenty minutes.
        *("-O", "fair"),
        # Workers need not know of each other; both cost a second at start and messages ever after.
        *("--without-mingle", "--without-gossip"),
    ]


app.command()(status)
app.command()(scale)
app.command()(recommend)
app.command()(autoscale)
