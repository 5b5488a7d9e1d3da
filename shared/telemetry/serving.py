"""A process's own /metrics."""

from __future__ import annotations

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.registry import Collector

from shared.settings import Settings


def serve(settings: Settings, *collectors: Collector) -> None:
    """Answer /metrics with these, or with all that this process counts, if its settings name a port.

    Raises OSError when the port is taken: that is worth a failed start, not a silent process. It is answered by
    threads that do not keep the process alive.
    """
    if settings.metrics_port is None:
        return
    registry = CollectorRegistry(support_collectors_without_names=True)
    for collector in collectors or (REGISTRY,):
        registry.register(collector)
    start_http_server(settings.metrics_port, addr=settings.listen, registry=registry)
