"""What a running pool can be asked and told over the broker: how it stands, and how many processes it shall have.

Celery's own remote control carries it (`celery -A consumers.app inspect standing` works as well). Everything here runs
in the worker's main loop.
"""

from __future__ import annotations

import os
from typing import Any, Final

from celery.worker import state
from celery.worker.control import control_command, inspect_command

from consumers.request import finished

AUTOSCALER: Final = "autoscale"
"""What an autoscaler calls itself; it respects what anybody else has told."""

MOST: Final = 256
"""Processes beyond which a number is taken for a slip of the hand."""


@inspect_command()
def standing(control: Any, **_: Any) -> dict[str, Any]:
    """Tell how this instance of a pool stands: its processes, what they do, and what they have done."""
    consumer = control.consumer
    pool = consumer.pool
    return {
        "pool": os.environ.get("MILLRACE_POOL", "celery"),
        "host": control.app.settings.host,
        "pid": os.getpid(),
        "processes": pool.num_processes,
        "busy": len(state.active_requests),
        "prefetch": consumer.initial_prefetch_count,
        "handled": finished.messages,
        "seconds": round(finished.seconds, 6),
        "starting": pool.starting,
        "stopping": pool.stopping,
        "told": pool.told,
    }


@control_command(args=[("processes", int)], signature="processes")
def resize(control: Any, processes: int, by: str = "operator", **_: Any) -> dict[str, Any]:
    """Have so many processes from now on, until this instance ends; returns how it stands then.

    The number is absolute: what is told twice changes nothing more. No running task is interrupted: a process that is
    one too many ends when it has finished what it does.
    """
    if isinstance(processes, bool) or not isinstance(processes, int) or not 1 <= processes <= MOST:
        return {"error": f"{processes!r} is no number of processes from 1 to {MOST}"}
    consumer = control.consumer
    consumer.pool.told += by != AUTOSCALER
    change = processes - consumer.pool.num_processes
    if change:
        consumer.pool.resize(processes)
        consumer._update_prefetch_count(change)  # noqa: SLF001 - as Celery's own pool_grow does
    stands: dict[str, Any] = standing(control)
    return stands
