"""Installing RabbitMQ with the system's package manager, without leaving a broker running that nobody asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

from deploy.local.progress import Progress
from deploy.local.rabbitmq_found import RabbitMQMissing, missing

APT = """
set -e
export DEBIAN_FRONTEND=noninteractive
guard=/usr/sbin/policy-rc.d
if [ ! -e "$guard" ]; then
    trap 'rm -f "$guard"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\\n# There while a package is installed: it starts no service.\\nexit 101\\n' > "$guard"
    chmod 755 "$guard"
fi
had_epmd=$(command -v epmd || true)
install() { apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=120 rabbitmq-server; }
install || { apt-get update -q -o DPkg::Lock::Timeout=120; install; }
units=rabbitmq-server.service
[ -n "$had_epmd" ] || units="$units epmd.service epmd.socket"
if command -v systemctl > /dev/null; then
    # shellcheck disable=SC2086
    systemctl disable $units || true
elif command -v update-rc.d > /dev/null; then
    update-rc.d rabbitmq-server disable || true
fi
"""
"""Debian's package starts its broker on installation and at every boot after; we want the program, not the service.
A policy-rc.d that is there already is somebody's decision and stays."""


@dataclass(frozen=True, slots=True)
class Manager:
    """A package manager: its command, what it is told, and whether it must be root."""

    name: str
    argv: tuple[str, ...]
    root: bool = True


MANAGERS = (
    Manager("apt-get", ("/bin/sh", "-c", APT)),
    Manager("dnf", ("dnf", "install", "-y", "rabbitmq-server")),
    Manager("apk", ("apk", "add", "rabbitmq-server")),
    Manager("brew", ("brew", "install", "rabbitmq"), root=False),
)

PATIENCE = 900.0
"""Seconds; eighty megabytes over a slow line."""


def install_rabbitmq(progress: Progress) -> None:
    """Install `rabbitmq-server`, announced before it happens; raises RabbitMQMissing with the way out if it fails."""
    manager = next((known for known in MANAGERS if shutil.which(known.name)), None)
    if manager is None:
        raise missing()
    become_root = _become_root() if manager.root else ()
    if become_root is None:
        raise RabbitMQMissing(
            f"RabbitMQ is not installed, and {manager.name} needs root: neither are we root nor may we `sudo` "
            f"without a password.\n{missing()}"
        )
    with progress.step(f"RabbitMQ is not here: installing rabbitmq-server with {manager.name}; no service is started"):
        log = progress.log("install")
        with log.open("ab") as output:
            done = subprocess.run(
                [*become_root, *manager.argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=PATIENCE,
                check=False,
            )
    if done.returncode != 0:
        last = "\n".join(f"    {line}" for line in log.read_text(errors="replace").splitlines()[-15:])
        raise RabbitMQMissing(f"{manager.name} could not install rabbitmq-server:\n{last}\n{missing()}")


def _become_root() -> tuple[str, ...] | None:
    """Return the words that make a command root's: none for root, sudo's where it asks nothing, None for no way."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") is None:
        return None
    asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    return ("sudo", "-n") if asked.returncode == 0 else None
