"""What the figures were measured on, and how busy it was: without that they mean nothing."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import pika
import psutil
import psycopg

from tests.bench.stack import Stack

PACKAGES = ("celery", "kombu", "pika", "psycopg", "sqlalchemy", "pydantic")


@dataclass(frozen=True, slots=True)
class Machine:
    """Hardware and versions."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    rabbitmq: str
    postgresql: str
    packages: dict[str, str]


class Meter:
    """Tells how much of the processors' time programs of others took since the meter was made."""

    def __init__(self) -> None:
        self._began, self._all, self._ours = time.monotonic(), _spent(), _spent_by_us()

    def others(self) -> float:
        """Return that share, between 0 and 1; ask when everything that was started has ended."""
        taken = (_spent() - self._all) - (_spent_by_us() - self._ours)
        return max(0.0, taken / (time.monotonic() - self._began) / (os.cpu_count() or 1))


def _spent() -> float:
    times = psutil.cpu_times()
    return float(sum(getattr(times, name, 0.0) for name in ("user", "nice", "system", "irq", "softirq", "steal")))


def _spent_by_us() -> float:
    """Return the seconds of this process and of all its children that have ended, and theirs."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def describe(stack: Stack) -> Machine:
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
    )


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
