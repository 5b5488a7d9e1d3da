"""`millrace probe`: whether the process that runs here under these settings does answer; a container's health check.

It asks the process itself and nobody else. So neither an idle pool, nor one in the middle of a long task, nor one that
waits for its broker is taken for dead and started again, which would only hand its work to somebody else.
"""

from __future__ import annotations

import os
import ssl
from enum import StrEnum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Annotated

import typer

from producers.cli.failures import USAGE, Failure
from producers.cli.flower import DEFAULTS
from shared.settings import Settings

app = typer.Typer(add_completion=False)

PATIENCE = 5.0
"""Seconds for an answer."""


class Role(StrEnum):
    """What runs here."""

    API = "api"
    POOL = "pool"
    RELAY = "relay"
    SCHEDULER = "scheduler"
    EXPORTER = "exporter"
    FLOWER = "flower"


@app.command()
def probe(
    role: Annotated[Role, typer.Argument(help="What runs here.")],
    *,
    ready: Annotated[bool, typer.Option("--ready", help="Ask whether it can work, not only whether it lives.")] = False,
) -> None:
    """Ask the process that was started with this environment whether it lives; exit code 1 when it does not answer.

    Ready is an API whose database answers, and a pool that has processes; the others are ready when they live.
    """
    settings = Settings()
    port, path = _door(role, settings, ready=ready)
    host = "127.0.0.1" if settings.listen == "0.0.0.0" else settings.listen  # noqa: S104
    certificate = settings.certificate_file if role is Role.API else None
    text = _answer(_connection(host, port, certificate), path)
    if role is Role.POOL and ready and not _processes(text):
        raise Failure("the pool has no process", "look into its log")
    typer.echo(f"{role} {'is ready' if ready else 'lives'}")


def _door(role: Role, settings: Settings, *, ready: bool) -> tuple[int, str]:
    """Return where a role answers: port and path."""
    match role:
        case Role.API:
            return settings.api_port, "/ready" if ready else "/health"
        case Role.FLOWER:
            return int(os.environ.get("FLOWER_PORT", DEFAULTS["FLOWER_PORT"])), "/healthcheck"
    if settings.metrics_port is None:
        raise Failure("no port to ask: MILLRACE_METRICS_PORT is not set", "set it, to any free port", USAGE)
    return settings.metrics_port, "/metrics"


def _connection(host: str, port: int, certificate: Path | None) -> HTTPConnection:
    """Return a connection that is not yet open. No client library: this runs every few seconds."""
    if certificate is None:
        return HTTPConnection(host, port, timeout=PATIENCE)
    # Whoever shows this very certificate is who we ask for; it is made out to another name than loopback's.
    context = ssl.create_default_context(cafile=certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.check_hostname = False
    return HTTPSConnection(host, port, timeout=PATIENCE, context=context)


def _answer(connection: HTTPConnection, path: str) -> str:
    """Return what is answered with 200; raises Failure."""
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        text = response.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        place = f"{connection.host}:{connection.port}"
        raise Failure(f"no answer at {place}: {error}", "look into its log, and for its end") from error
    finally:
        connection.close()
    if response.status != 200:  # noqa: PLR2004 - HTTP's own number
        raise Failure(f"{path} answers {response.status}: {text[:300]}", "look into its log")
    return text


def _processes(text: str) -> float:
    """Return how many processes a pool has, busy or idle, by its own metrics."""
    lines = (line for line in text.splitlines() if line.startswith("millrace_pool_processes{"))
    return sum(float(line.rpartition(" ")[2]) for line in lines)
