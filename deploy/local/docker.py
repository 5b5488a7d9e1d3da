"""RabbitMQ from Docker, for machines that have that and no `rabbitmq-server`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from deploy.local.ports import LOOPBACK
from deploy.local.process import Command
from deploy.local.program import Program
from deploy.local.rabbitmq import PLUGINS, STOP, USER, VHOST, Identity, accepts

IMAGE = "rabbitmq:4-management"

FIRST_START = 600.0
"""Seconds; the image is fetched before the broker can start."""


def usable() -> bool:
    """Say whether a Docker daemon answers us."""
    if shutil.which("docker") is None:
        return False
    try:
        asked = subprocess.run(["docker", "info"], capture_output=True, timeout=10, check=False)
    except subprocess.TimeoutExpired:
        return False
    return asked.returncode == 0


class Docker:
    """A container as the private node; its data lie in a volume, so that they survive the container."""

    def program(self, home: Path, identity: Identity, environment: Mapping[str, str]) -> Program:
        """Return the container as an entry of the runner's table."""
        name = identity.node.partition("@")[0]

        def command() -> Command:
            home.mkdir(mode=0o700, parents=True, exist_ok=True)
            plugins = home / "enabled_plugins"
            plugins.write_text(f"[{','.join(PLUGINS)}].\n")
            plugins.chmod(0o644)  # read by the container's own user
            _remove(name)
            return Command(_run(name, plugins, identity), _environment(environment, identity), home)

        return Program(
            "rabbitmq",
            command,
            ready=lambda: accepts(identity.url, identity.amqp),
            stop=STOP,
            patience=FIRST_START,
            cleared=lambda: _remove(name),
        )


def _run(name: str, plugins: Path, identity: Identity) -> list[str]:
    ports = {identity.amqp: 5672, identity.management: 15672, identity.prometheus: 15692}
    return [
        *("docker", "run", "--rm", "--name", name, "--hostname", "localhost"),
        *(word for ours, its in ports.items() for word in ("-p", f"{LOOPBACK}:{ours}:{its}")),
        *("-v", f"{name}:/var/lib/rabbitmq", "-v", f"{plugins}:/etc/rabbitmq/enabled_plugins:ro,z"),
        # Named only: the values come from our environment, so that no password stands in the list of processes.
        *("-e", "RABBITMQ_DEFAULT_USER", "-e", "RABBITMQ_DEFAULT_PASS", "-e", "RABBITMQ_DEFAULT_VHOST"),
        *("-e", "RABBITMQ_NODENAME", IMAGE),
    ]


def _environment(environment: Mapping[str, str], identity: Identity) -> dict[str, str]:
    return {
        **environment,
        "RABBITMQ_DEFAULT_USER": USER,
        "RABBITMQ_DEFAULT_PASS": identity.password,
        "RABBITMQ_DEFAULT_VHOST": VHOST,
        "RABBITMQ_NODENAME": identity.node,
    }


def _remove(name: str) -> None:
    """Remove the container of that name, which outlives a `docker run` that was killed."""
    subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False, env=dict(os.environ))
