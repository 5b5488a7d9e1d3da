"""What a Prometheus of the local stack scrapes, written out of the addresses that the stack exports."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy.local.state import State

RULES = Path(__file__).parent / "rules"


@dataclass(frozen=True, slots=True)
class Target:
    """One address to read metrics from, and the labels that tell whose they are."""

    job: str
    url: str
    labels: Mapping[str, str] = field(default_factory=dict)


def of_stack(chosen: State) -> list[Target]:
    """Return every address of a local stack that answers /metrics, the broker's own and Flower's among them."""
    names = {port: name for name, port in chosen.ports.items()}
    urls = chosen.exported["MILLRACE_METRICS_URLS"].split()
    targets = [named(names[urlsplit(url).port or 0], url) for url in urls]
    # A broker that somebody gave us is watched by somebody.
    if chosen.exported["RABBITMQ_URL"] == chosen.rabbitmq.url:
        targets.append(Target("rabbitmq", chosen.rabbitmq.metrics_url))
    flower = urlsplit(chosen.exported["FLOWER_URL"])
    targets.append(Target("flower", f"http://{flower.hostname}:{flower.port}/metrics"))
    return targets


def named(program: str, url: str) -> Target:
    """Return the target that a program of the stack is: `pool-content` is of the job `pool` and the pool content."""
    job, _, pool = program.partition("-")
    return Target("pool", url, {"pool": pool}) if job == "pool" else Target(program, url)


def configuration(targets: Iterable[Target], *, own: str, every: float) -> str:
    """Return a configuration in JSON, which is YAML: all targets and `own`, Prometheus' own host and port.

    `every` is the seconds between two looks at a target, and between two evaluations of the rules in `RULES`.
    """
    by_job: dict[str, list[Target]] = {}
    for target in (*targets, Target("prometheus", f"http://{own}/metrics")):
        by_job.setdefault(target.job, []).append(target)
    pause = f"{round(every * 1000)}ms"
    return json.dumps(
        {
            "global": {"scrape_interval": pause, "scrape_timeout": pause, "evaluation_interval": pause},
            "rule_files": [str(RULES / "*.yml")],
            "scrape_configs": [{"job_name": job, "static_configs": _static(of)} for job, of in by_job.items()],
        },
        indent=2,
    )


def _static(targets: Iterable[Target]) -> list[dict[str, Any]]:
    configs = []
    for target in targets:
        address = urlsplit(target.url)
        labels = {**target.labels, "__metrics_path__": address.path}
        configs.append({"targets": [address.netloc], "labels": labels})
    return configs
