"""The words after `millrace` by which each way of deploying starts each role."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from shared.broker import topology

ROOT = Path(__file__).parents[3]

Words = tuple[str, ...]

PLACES = ("--port", "--host", "--address", "--concurrency")
"""Options that say where and how large; everything else must be the same everywhere."""


def bare(words: Iterable[str]) -> Words:
    """Return the words without the options of a place."""
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in PLACES:
            next(rest)
        else:
            kept.append(word)
    return tuple(kept)


def of_compose() -> set[Words]:
    """Return what docker-compose.rabbit.yml starts, but for the operator's own."""
    services = yaml.safe_load((ROOT / "docker-compose.rabbit.yml").read_text())["services"]
    ours = [service for service in services.values() if service["image"].startswith("millrace:")]
    return {bare(service["command"]) for service in ours if "profiles" not in service}


def of_systemd() -> set[Words]:
    """Return what the units start; the template once for each pool."""
    found = set()
    for unit in (ROOT / "deploy" / "systemd").glob("*.service"):
        for line in re.findall(r"^ExecStart=(.*)$", unit.read_text(), flags=re.MULTILINE):
            for command in re.findall(r"/opt/millrace/bin/millrace ([^;']+)", line):
                for pool in topology.POOLS:
                    found.add(bare(command.replace("%i", pool.name).split()))
    return found


def of_kubernetes(objects: Iterable[dict[str, Any]]) -> set[Words]:
    """Return what the containers of Deployments and Jobs are started with."""
    return {bare(container["args"]) for container in containers(objects)}


def containers(objects: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield every container of Deployments and Jobs, those that go first included."""
    for one in objects:
        if one["kind"] in {"Deployment", "Job"}:
            pod = one["spec"]["template"]["spec"]
            yield from pod["containers"]
            yield from pod.get("initContainers", ())
