"""`.millrace/env`: the addresses of the stack as shell exports, and which of them a person gave us instead."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local import postgres
from deploy.local.home import CHECKOUT, Home, write_private
from deploy.local.ports import LOOPBACK
from deploy.local.state import State
from deploy.sandbox.options import API_KEY

GIVEN = ("RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL", "DATABASE_URL", "TVDB_URL", "TVDB_API_KEY", "TVDB_PIN")
"""What a person may set to point the stack elsewhere."""

TVDB = "/tvdb/v4"
"""Where the sandbox answers as TheTVDB does. Importing it to ask would cost a second; a test compares."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the environment gives us that is not this stack's own: whoever ran `. .millrace/env` gives nothing."""

    values: Mapping[str, str]

    @property
    def broker(self) -> bool:
        """Say whether the broker is somebody else's."""
        return "RABBITMQ_URL" in self.values

    @property
    def database(self) -> bool:
        """Say whether the database is somebody else's."""
        return "DATABASE_URL" in self.values

    @property
    def tvdb(self) -> bool:
        """Say whether TheTVDB is meant to be the true one, or another stand-in."""
        return "TVDB_URL" in self.values or "TVDB_API_KEY" in self.values


def given(environment: Mapping[str, str], state: State | None) -> Given:
    """Return what was set by hand; our own exports, of this start or an earlier one, are told by their secrets."""
    values = {name: environment[name] for name in GIVEN if environment.get(name)}
    if state is not None:
        ours = (state.rabbitmq.password, state.database_password)
        values = {name: value for name, value in values.items() if not any(secret in value for secret in ours)}
    if values.get("TVDB_API_KEY") == API_KEY and urlsplit(values.get("TVDB_URL", "")).hostname == LOOPBACK:
        del values["TVDB_API_KEY"], values["TVDB_URL"]
    if "RABBITMQ_URL" not in values:
        values.pop("RABBITMQ_MANAGEMENT_URL", None)
    return Given(values)


def addresses(home: Home, state: State, outside: Given, metrics: Iterable[str]) -> dict[str, str]:
    """Return every address of the stack by the name it is exported under."""
    sandbox = f"http://{LOOPBACK}:{state.ports['sandbox']}"
    told = {
        "RABBITMQ_URL": state.rabbitmq.url,
        "RABBITMQ_MANAGEMENT_URL": state.rabbitmq.management_url,
        "DATABASE_URL": postgres.url(home.folder / "postgres", state.database_password),
        "MILLRACE_API_URL": f"http://{LOOPBACK}:{state.ports['api']}",
        "FLOWER_URL": f"http://{LOOPBACK}:{state.ports['flower']}",
        "MILLRACE_METRICS_URLS": " ".join(f"http://{LOOPBACK}:{state.ports[name]}/metrics" for name in metrics),
        "MILLRACE_ADMIN_TOKEN": state.admin_token,
        "SANDBOX_URL": sandbox,
        "TVDB_URL": f"{sandbox}{TVDB}",
        "TVDB_API_KEY": API_KEY,
    }
    if outside.broker:
        del told["RABBITMQ_MANAGEMENT_URL"]
    if outside.tvdb:
        del told["TVDB_URL"], told["TVDB_API_KEY"]
    return told | dict(outside.values)


def write(home: Home, told: Mapping[str, str]) -> None:
    """Write `.millrace/env`."""
    lines = [
        "# Written by `make up`; `. .millrace/env` connects a shell, and whatever it starts, to the local stack.",
        *(f"export {name}={shlex.quote(value)}" for name, value in told.items()),
        f'export PATH={shlex.quote(str(scripts()))}:"$PATH"',
    ]
    write_private(home.env, "\n".join(lines) + "\n")


def scripts() -> Path:
    """Return the folder of this environment's commands, `millrace` among them."""
    venv = CHECKOUT / ".venv" / "bin"
    return venv if venv.is_dir() else Path(sys.executable).parent
