"""`millrace flower`: Celery's own monitor, with this project's options, on its broker."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Annotated, Final

import typer

from producers.cli.failures import USAGE, Failure
from shared.broker import addresses
from shared.settings import Settings

app = typer.Typer(add_completion=False)

DEFAULTS: Final = {
    "FLOWER_ADDRESS": "127.0.0.1",
    "FLOWER_PORT": "5555",
    # They are kept in memory alone: what happened long ago stands in the run log.
    "FLOWER_MAX_TASKS": "10000",
    "FLOWER_MAX_WORKERS": "500",
    # A worker is named by its process: each one that was restarted would stay for ever.
    "FLOWER_PURGE_OFFLINE_WORKERS": "600",
    # Its buttons know neither roles nor a record of who pressed them; `millrace pool` and the console do.
    "FLOWER_READ_ONLY": "true",
    "FLOWER_INSPECT_TIMEOUT": "3000",
    "FLOWER_TASKS_COLUMNS": "name,kwargs,args,state,received,runtime",
}
"""Flower's own variables, where nobody has set them."""


@app.command()
def flower(
    *,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port; FLOWER_PORT, or 5555.")] = None,
    address: Annotated[str | None, typer.Option(help="Where to listen; FLOWER_ADDRESS, or loopback alone.")] = None,
) -> None:
    """Become Flower: workers, tasks and queues of this broker in a browser, until SIGTERM.

    FLOWER_BASIC_AUTH=user:password lets in whoever has them (several: separated by commas), and must be set. Every
    other option of Flower is a variable FLOWER_…, too.
    """
    settings = Settings()
    given = {"FLOWER_PORT": port and str(port), "FLOWER_ADDRESS": address}
    environment = {**os.environ, **{name: value for name, value in given.items() if value}}
    command = [sys.executable, "-m", "celery", "-A", "consumers.app", "flower"]
    sys.stdout.flush()
    os.execve(command[0], command, flower_environment(settings, environment))  # noqa: S606 - becomes it, as a pool does


def flower_environment(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment Flower is started with; secrets stand nowhere else, least of all on its command line.

    Raises Failure without users and passwords.
    """
    users = "" if settings.flower_basic_auth is None else settings.flower_basic_auth.get_secret_value()
    if not users or not all(all(user.partition(":")[::2]) for user in users.split(",")):
        raise Failure(
            "FLOWER_BASIC_AUTH is not set to user:password, and nobody is let in without",
            "FLOWER_BASIC_AUTH=operator:$(openssl rand -base64 18), or FLOWER_BASIC_AUTH_FILE",
            USAGE,
        )
    # A pool of this name has no handlers: none of their modules, parsers and all, is of use here.
    own = {"FLOWER_BASIC_AUTH": users, "MILLRACE_POOL": "flower"}
    if settings.rabbitmq_management_url is not None and "FLOWER_BROKER_API" not in environment:
        # One node's, and with the slash at its end, or Flower's broker page asks elsewhere.
        node = addresses.split(settings.rabbitmq_management_url.get_secret_value())[0]
        own["FLOWER_BROKER_API"] = node.rstrip("/") + "/api/"
    rest = {name: value for name, value in environment.items() if name != "FLOWER_BASIC_AUTH_FILE"}
    return {**DEFAULTS, **rest, **own}
