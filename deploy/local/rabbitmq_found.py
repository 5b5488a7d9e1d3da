"""Where a `rabbitmq-server` is that can be run privately, on the packages of the usual systems."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server",
    "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
    "/opt/rabbitmq*/sbin/rabbitmq-server",
)
"""The server's own script. Debian's and Red Hat's /usr/sbin/rabbitmq-server is another, which insists on the user
`rabbitmq` and on /var/lib/rabbitmq, and is of no use to a private node."""

WRAPPER = "rabbitmq-script-wrapper"

CHOSEN = "MILLRACE_RABBITMQ_SERVER"
"""Variable that names another server script than the one this machine has installed."""


class RabbitMQMissing(Exception):
    """This machine has no RabbitMQ and no way to one; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Installed:
    """The two executables of a node: the server's script and Erlang's register of names."""

    server: Path
    epmd: Path


def find_installed() -> Installed | None:
    """Return an installed RabbitMQ that we can execute, None when there is none."""
    server = _server()
    epmd = _epmd()
    return None if server is None or epmd is None else Installed(server, epmd)


def _server() -> Path | None:
    if chosen := os.environ.get(CHOSEN):
        return Path(chosen)
    for pattern in PROGRAMS:
        for found in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if os.access(found, os.X_OK):
                return found
    on_path = shutil.which("rabbitmq-server")
    if on_path is None or Path(on_path).resolve().name == WRAPPER:
        return None
    return Path(on_path)


def _epmd() -> Path | None:
    """Return epmd: on the PATH, or among Erlang's own executables, which every installation has."""
    if on_path := shutil.which("epmd"):
        return Path(on_path)
    erl = shutil.which("erl")
    if erl is None:
        return None
    root = Path(erl).resolve().parents[1]
    return next(iter(sorted(root.glob("erts-*/bin/epmd"), reverse=True)), None)


def missing() -> RabbitMQMissing:
    """Return the error that tells a person all the ways to a broker."""
    return RabbitMQMissing(
        "there is no RabbitMQ here, and no way to one was found. One of these helps:\n"
        "  - install it:          sudo apt-get install rabbitmq-server   (or dnf, brew, apk)\n"
        "  - start Docker:        the runner then uses the image rabbitmq:4-management\n"
        "  - name a broker:       export RABBITMQ_URL=amqp://user:password@host:5672/vhost"
    )
