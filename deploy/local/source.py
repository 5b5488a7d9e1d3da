"""Where RabbitMQ comes from on this machine: installed, Docker, or the package manager, in this order."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from deploy.local import docker, packages, rabbitmq
from deploy.local.program import Program
from deploy.local.progress import Progress
from deploy.local.rabbitmq import Identity
from deploy.local.rabbitmq_found import Installed, RabbitMQMissing, find_installed, missing


class Source(Protocol):
    """A way to a private node."""

    def program(self, home: Path, identity: Identity, environment: Mapping[str, str]) -> Program:
        """Return the node as an entry of the runner's table."""
        ...


class Machine:
    """The `rabbitmq-server` installed on this machine."""

    def __init__(self, installed: Installed) -> None:
        self._installed = installed

    def program(self, home: Path, identity: Identity, environment: Mapping[str, str]) -> Program:
        """Return the node as an entry of the runner's table."""
        return rabbitmq.program(home, identity, self._installed, environment)


def find() -> Source:
    """Return what is there already; raises RabbitMQMissing when nothing is."""
    if installed := find_installed():
        return Machine(installed)
    if docker.usable():
        return docker.Docker()
    raise missing()


def find_or_install(progress: Progress) -> Source:
    """Return what is there, or what the package manager brings, announced before it happens.

    Any number of processes may ask at once. Raises RabbitMQMissing, whose text says what to do, when there is no way.
    """
    with contextlib.suppress(RabbitMQMissing):
        return find()
    with progress.home.installing():
        if find_installed() is None:
            packages.install_rabbitmq(progress)
    return find()
