"""The table of the local stack: every program, how it is started, when it is ready, and whom it needs."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Mapping, Sequence

from deploy.local import postgres
from deploy.local.exports import Given, scripts
from deploy.local.home import CHECKOUT, Home
from deploy.local.ports import LOOPBACK, is_open
from deploy.local.process import Command, Push
from deploy.local.program import Job, Program
from deploy.local.source import Source
from deploy.local.state import State
from shared.broker import topology

POOLS = tuple(f"pool-{pool.name}" for pool in topology.POOLS)

MEASURED = (*POOLS, "relay", "scheduler", "exporter")
"""Programs that open a port for their metrics and for nothing else."""

METRICS = (*MEASURED, "api")
"""Programs that answer /metrics at their port."""

LISTENERS = ("sandbox", "api", "flower", *MEASURED)
"""Programs that need a port of their own."""

MILLRACE = ("producers.cli",)
"""The module behind the command `millrace`, which image, units and manifests start each role with, too."""

WARM = (Push(signal.SIGTERM, 20), Push(signal.SIGQUIT, 10))
"""Pools: finish what was begun, then give back what was not."""


def environment(told: Mapping[str, str]) -> dict[str, str]:
    """Return what every program of ours gets: our caller's environment, and the addresses of the stack."""
    env = {**os.environ, **told}
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
    programs += [
        Job("migrations", _millrace(env, "migrate"), _if(not outside.database, "postgresql")),
        Job("topology", _millrace(env, "topology", "apply"), _if(source is not None, "rabbitmq")),
    ]
    return programs + _ours(state, env)


def _ours(state: State, env: Mapping[str, str]) -> list[Program | Job]:
    """Return what belongs to Millrace itself."""
    ports = state.ports

    def listening(name: str, *argv: str, after: tuple[str, ...], stop: tuple[Push, ...] = ()) -> Program:
        own = {**env, "MILLRACE_METRICS_PORT": str(ports[name])} if name in MEASURED else env
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
