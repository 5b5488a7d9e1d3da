"""What the figures were measured on, and how busy it was: without that they mean nothing."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pika
import psycopg

from tests.bench.stack import Stack

PACKAGES = ("celery", "kombu", "pika", "psycopg", "sqlalchemy", "pydantic")


@dataclass(frozen=True, slots=True)
class Machine:
    """Hardware and versions; `load` is the one-minute load average before the first measurement."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    rabbitmq: str
    postgresql: str
    packages: dict[str, str]
    load: float


def load() -> float:
    """Return the average number of processes that wanted a core in the last minute."""
    return os.getloadavg()[0]


def describe(stack: Stack, load_before: float) -> Machine:
    """Look at this machine and ask broker and database for their versions."""
    broker = pika.BlockingConnection(pika.URLParameters(stack.broker))
    rabbitmq = broker._impl.server_properties["version"]
    broker.close()
    with psycopg.connect(stack.database) as database:
        postgresql = str(database.info.parameter_status("server_version")).split()[0]
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        rabbitmq=rabbitmq.decode() if isinstance(rabbitmq, bytes) else str(rabbitmq),
        postgresql=postgresql,
        packages={name: version(name) for name in PACKAGES},
        load=round(load_before, 2),
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
