"""The pool's own metrics: one endpoint for the parent and all its processes.

Values live in memory-mapped files, one per process, in the folder `PROMETHEUS_MULTIPROC_DIR` (set before the worker
starts); the parent adds them up when it is asked.
"""

from __future__ import annotations

import os
from typing import Any

from celery import signals
from celery.worker import state
from prometheus_client import CollectorRegistry, multiprocess, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from shared.settings import Settings


class Processes(Collector):
    """How many processes a pool has, busy and idle, at the moment of asking."""

    def __init__(self, pool: str, worker: Any) -> None:
        self._pool = pool
        self._worker = worker

    def collect(self) -> list[GaugeMetricFamily]:
        """Return `millrace_pool_processes`."""
        total = self._worker.pool.num_processes
        busy = min(len(state.active_requests), total)
        family = GaugeMetricFamily(
            "millrace_pool_processes", "Processes of a pool, by state: busy or idle.", labels=("queue", "state")
        )
        family.add_metric((self._pool, "busy"), busy)
        family.add_metric((self._pool, "idle"), total - busy)
        return [family]


@signals.worker_ready.connect
def _serve(sender: Any, **_: Any) -> None:
    """Open the endpoint when the pool is up; a port that is taken is worth a failed start, not a silent pool."""
    settings = Settings()
    port = settings.metrics_port
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if port is None or folder is None:
        return
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry, path=folder)
    registry.register(Processes(os.environ.get("MILLRACE_POOL", "celery"), sender.controller))
    start_http_server(port, addr=settings.listen, registry=registry)


@signals.worker_process_shutdown.connect
def _forget(pid: int | None = None, **_: Any) -> None:
    """Drop the gauges of a process that ends; its counters stay, so sums never fall."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(pid or os.getpid())
