"""The pool's own metrics: one endpoint for the parent and all its processes.

Values live in memory-mapped files (`shared.telemetry.slots`) in the folder `PROMETHEUS_MULTIPROC_DIR`, set before the
worker starts; the parent adds them up when it is asked.
"""

from __future__ import annotations

import os
from typing import Any

from celery import signals
from celery.worker import state
from prometheus_client import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from shared.settings import Settings
from shared.telemetry import metrics
from shared.telemetry.serving import serve
from shared.telemetry.slots import FOLDER


class Processes(Collector):
    """How many processes a worker has, busy and idle, at the moment of asking."""

    def __init__(self, pool: str, worker: Any) -> None:
        self._pool = pool
        self._worker = worker

    def collect(self) -> list[Metric]:
        """Return `millrace_pool_processes`."""
        total = self._worker.pool.num_processes
        busy = min(len(state.active_requests), total)
        (family,) = metrics.pool_processes.describe()
        for name, number in (("busy", busy), ("idle", total - busy)):
            family.add_sample(family.name, {"queue": self._pool, "state": name}, number)
        return [family]


@signals.worker_ready.connect
def _serve(sender: Any, **_: Any) -> None:
    """Open the endpoint when the pool is up."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        return
    pool = os.environ.get("MILLRACE_POOL", "celery")
    counted = MultiProcessCollector(None, path=folder)
    serve(Settings(), counted, Processes(pool, sender.controller))
