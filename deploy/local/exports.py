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
from deploy.sandbox import options

STANDINS = {
    "TVDB_URL": ("/tvdb/v4", {"TVDB_API_KEY": options.API_KEY}),
    "WIKIDATA_URL": ("/wikidata/sparql", {}),
    "TMDB_URL": ("/tmdb/3", {"TMDB_TOKEN": options.TMDB_TOKEN}),
    "BRICKSET_URL": ("/brickset", {"BRICKSET_API_KEY": options.BRICKSET_API_KEY}),
    "EBAY_URL": (
        "/ebay",
        {"EBAY_CLIENT_ID": options.EBAY_CLIENT_ID, "EBAY_CLIENT_SECRET": options.EBAY_CLIENT_SECRET},
    ),
}
"""Where the sandbox answers as each upstream does, and with which keys. Importing it to ask would cost a second; a
test compares."""

FLOWER_USER = "operator"

OF_UPSTREAMS = {url: (url, *keys) for url, (_, keys) in STANDINS.items()}
OF_UPSTREAMS["TVDB_URL"] += ("TVDB_PIN",)
OF_UPSTREAMS["TMDB_URL"] += ("TMDB_API_KEY",)
"""What a person may set to have a true upstream, or another stand-in, instead."""

GIVEN = (
    "RABBITMQ_URL",
    "RABBITMQ_MANAGEMENT_URL",
    "DATABASE_URL",
    *(name for names in OF_UPSTREAMS.values() for name in names),
)
"""What a person may set to point the stack elsewhere."""


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

    def upstream(self, url: str) -> bool:
        """Say whether the upstream of this variable is meant to be the true one, or another stand-in."""
        return any(name in self.values for name in OF_UPSTREAMS[url])


def given(environment: Mapping[str, str], state: State | None) -> Given:
    """Return what was set by hand; our own exports, of this start or an earlier one, are told by their secrets."""
    values = {name: environment[name] for name in GIVEN if environment.get(name)}
    if state is not None:
        ours = (state.rabbitmq.password, state.database_password)
        values = {name: value for name, value in values.items() if not any(secret in value for secret in ours)}
    for url, (path, keys) in STANDINS.items():
        address = urlsplit(values.get(url, ""))
        if (address.hostname, address.path) == (LOOPBACK, path) and keys.items() <= values.items():
            values = {name: value for name, value in values.items() if name != url and name not in keys}
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
        "FLOWER_URL": f"http://{FLOWER_USER}:{state.flower_password}@{LOOPBACK}:{state.ports['flower']}",
        "FLOWER_BASIC_AUTH": f"{FLOWER_USER}:{state.flower_password}",
        "MILLRACE_METRICS_URLS": " ".join(f"http://{LOOPBACK}:{state.ports[name]}/metrics" for name in metrics),
        "MILLRACE_ADMIN_TOKEN": state.admin_token,
        "MILLRACE_TOKEN_SECRET": state.token_secret,
        "SANDBOX_URL": sandbox,
    }
    if outside.broker:
        del told["RABBITMQ_MANAGEMENT_URL"]
    told |= standins(sandbox, [url for url in STANDINS if not outside.upstream(url)])
    return told | dict(outside.values)


def standins(sandbox: str, urls: Iterable[str] = STANDINS) -> dict[str, str]:
    """Return the addresses of upstreams at a sandbox, with the keys it accepts."""
    told: dict[str, str] = {}
    for url in urls:
        path, keys = STANDINS[url]
        told |= {url: f"{sandbox}{path}", **keys}
    return told


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
