"""A Prometheus of our own: its data below one folder, listening on loopback only."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from pathlib import Path

import httpx

from deploy.local.ports import LOOPBACK
from deploy.local.process import Command, Push
from deploy.local.program import Program
from deploy.prometheus.scraping import Target, configuration
from deploy.prometheus.tools import Tools

EVERY = 5.0
"""Seconds between two looks: a local stack is looked at by somebody who waits."""

KEPT = "7d"


def program(home: Path, tools: Tools, port: int, targets: Iterable[Target], *, every: float = EVERY) -> Program:
    """Return a Prometheus as an entry of the runner's table; it reads `targets` and follows our rules."""
    own = f"{LOOPBACK}:{port}"
    wanted = list(targets)

    def command() -> Command:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = home / "prometheus.json"
        file.write_text(configuration(wanted, own=own, every=every))
        options = {
            "config.file": file,
            "storage.tsdb.path": home / "data",
            "storage.tsdb.retention.time": KEPT,
            "web.listen-address": own,
            "log.level": "warn",
        }
        return Command((str(tools.prometheus), *(f"--{name}={value}" for name, value in options.items())), {}, home)

    def ready() -> bool:
        try:
            return httpx.get(f"http://{own}/-/ready", timeout=1).is_success
        except httpx.TransportError:
            return False

    return Program("prometheus", command, ready, stop=(Push(signal.SIGTERM, 20),))
