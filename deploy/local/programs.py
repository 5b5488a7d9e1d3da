"""The table of the local stack: every program, how it is started, when it is ready, and whom it needs."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local import postgres
from deploy.local.exports import Given, scripts
from deploy.local.home import CHECKOUT, Home
from deploy.local.ports import LOOPBACK, is_open
from deploy.local.process import Command, Push
from deploy.local.program import Job, Program
from deploy.local.source import Source
from deploy.local.state import State
from shared.broker import topology
from shared.broker.accounts import Role, role_named

POOLS = tuple(f"pool-{pool.name}" for pool in topology.POOLS)

MEASURED = (*POOLS, "relay", "scheduler", "exporter")
"""Programs that open a port for their metrics and for nothing else."""

METRICS = (*MEASURED, "api")
"""Programs that answer /metrics at their port."""

LISTENERS = ("sandbox", "api", "flower", *MEASURED)
"""Programs that need a port of their own."""

MILLRACE = ("producers.cli",)
"""The module behind the command `millrace`, which image, units and manifests start each role with, too."""

ACCOUNTS = {
    **dict.fromkeys(POOLS, "consumer"),
    **dict.fromkeys(("relay", "scheduler", "exporter", "api"), "line"),
    "flower": "monitoring",
}
"""Roles of the programs that the broker knows by accounts of their own."""

WARM = (Push(signal.SIGTERM, 20), Push(signal.SIGQUIT, 10))
"""Pools: finish what was begun, then give back what was not."""


def environment(told: Mapping[str, str]) -> dict[str, str]:
    """Return what every program of ours gets: our caller's environment, and the addresses of the stack."""
    env = {**os.environ, **told}
    for name in told:
        env.pop(f"{name}_FILE", None)  # the caller's other way to say the same
    # Where Python may not keep compiled modules, each program of the stack takes seconds longer to start.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    env["PATH"] = f"{scripts()}{os.pathsep}{env.get('PATH', os.defpath)}"
    env["PYTHONUNBUFFERED"] = "1"
    # Nothing of the stack is reached through a proxy.
    for name in ("NO_PROXY", "no_proxy"):
        env[name] = ",".join(filter(None, (env.get(name), LOOPBACK, "localhost")))
    return env


def table(
    home: Home, state: State, outside: Given, source: Source | None, told: Mapping[str, str]
) -> list[Program | Job]:
    """Return the programs of this stack; what a person gave us from elsewhere is not among them.

    `source` is where the broker comes from, None when it is given.
    """
    env = environment(told)
    programs: list[Program | Job] = []
    if source is not None:
        programs.append(source.program(home.folder / "rabbitmq", state.rabbitmq, env))
    if not outside.database:
        programs.append(postgres.program(home.folder / "postgres", state.database_password))
    accounts = home.folder / "accounts"
    if source is not None:
        words = ("topology", "accounts", "apply", "--folder", str(accounts))
        programs.append(Job("accounts", _millrace(env, *words), ("rabbitmq",)))
    programs += [
        Job("migrations", _millrace(env, "migrate"), _if(not outside.database, "postgresql")),
        Job("topology", _millrace(env, "topology", "apply"), _if(source is not None, "rabbitmq")),
    ]
    return programs + _ours(state, env, None if source is None else accounts)


def restricted(env: Mapping[str, str], role: Role, accounts: Path) -> dict[str, str]:
    """Return an environment by which a program has the account of a role; `accounts` is where their files are."""
    own = {name: value for name, value in env.items() if name not in {"RABBITMQ_URL", "RABBITMQ_MANAGEMENT_URL"}}
    own["RABBITMQ_URL_FILE"] = str(accounts / f"{role.account}.url")
    if role.tags:
        own["RABBITMQ_MANAGEMENT_URL_FILE"] = str(accounts / f"{role.account}.management-url")
    return own


def _ours(state: State, env: Mapping[str, str], accounts: Path | None) -> list[Program | Job]:
    """Return what belongs to Millrace itself; `accounts` is where those of a broker of our own are."""
    ports = state.ports

    def listening(name: str, *argv: str, after: tuple[str, ...], stop: tuple[Push, ...] = ()) -> Program:
        own = dict(env)
        if name in MEASURED:
            own["MILLRACE_METRICS_PORT"] = str(ports[name])
        if accounts is not None and name in ACCOUNTS:
            own, after = restricted(own, role_named(ACCOUNTS[name]), accounts), (*after, "accounts")
        ready = functools.partial(is_open, ports[name])
        pushes = stop or (Push(signal.SIGTERM, 10),)
        return Program(name, _python(own, *argv), ready, after, pushes)

    line = ("migrations", "topology")
    return [
        listening("sandbox", "deploy.sandbox", "--port", str(ports["sandbox"]), after=()),
        *(
            listening(name, *MILLRACE, "pool", "start", pool.name, after=(*line, "sandbox"), stop=WARM)
            for name, pool in zip(POOLS, topology.POOLS, strict=True)
        ),
        listening("relay", *MILLRACE, "relay", after=line),
        Job("schedules", _millrace(env, "schedules", "sync"), ("migrations",)),
        listening("scheduler", *MILLRACE, "scheduler", after=("schedules",)),
        listening("exporter", *MILLRACE, "exporter", after=line),
        listening("api", *MILLRACE, "api", "--port", str(ports["api"]), after=("migrations", "sandbox")),
        listening("flower", "producers.cli", "flower", "--port", str(ports["flower"]), after=("topology",)),
    ]


def _python(env: Mapping[str, str], module: str, *arguments: str) -> functools.partial[Command]:
    argv: Sequence[str] = (sys.executable, "-m", module, *arguments)
    return functools.partial(Command, argv, env, CHECKOUT)


def _millrace(env: Mapping[str, str], *words: str) -> functools.partial[Command]:
    return _python(env, *MILLRACE, *words)


def _if(wanted: bool, name: str) -> tuple[str, ...]:
    return (name,) if wanted else ()
