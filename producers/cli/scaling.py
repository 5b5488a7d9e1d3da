"""`millrace pool status|scale|recommend|autoscale`: seeing how pools stand, and how many processes they have."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from producers.cli.failures import USAGE, Failure, explain
from producers.cli.output import AsJson, print_json, print_table
from shared.broker import topology
from shared.errors import MissingSetting
from shared.settings import Settings

# What asks the pools imports Celery, which `millrace pool start` need not wait for: it is imported when it is used.
if TYPE_CHECKING:
    from producers.scaling.autoscale import Autoscaler, Turn
    from producers.scaling.views import Instance, PoolView
    from producers.scaling.watch import Watch

START = "millrace pool start {}"

Name = Annotated[str, typer.Argument(help=f"One of {', '.join(pool.name for pool in topology.POOLS)}.")]


def known(name: str) -> topology.Pool:
    """Return the pool of that name; raises Failure."""
    try:
        return topology.pool_named(name)
    except ValueError as error:
        raise Failure(str(error), "millrace pool status lists them", USAGE) from error


def status(*, as_json: AsJson = False) -> None:
    """Show each pool: its instances, how many processes are busy, its queues, and how old what waits in them is."""
    views = _look(_watch(calm=0.0))
    if as_json:
        print_json([asdict(view) for view in views])
        return
    print_table(
        ("pool", "inst.", "busy", "queue", "waiting", "in work", "oldest"),
        [
            (
                *((view.name, str(len(view.instances)), f"{view.busy} of {view.processes}") if first else ("", "", "")),
                queue.name,
                *map(_unknown, (queue.ready, queue.unacked)),
                _age(queue.oldest_age, guessed=queue.guessed),
            )
            for view in views
            for first, queue in zip((True, False, False), view.queues, strict=False)
        ],
    )
    if missing := [queue.name for view in views for queue in view.queues if not queue.declared]:
        typer.echo(f"not declared: {', '.join(missing)}; millrace topology apply declares them", err=True)
    if idle := [view.name for view in views if view.ready and not view.instances]:
        typer.echo(f"nobody works on: {', '.join(idle)}; {START.format('NAME')} does", err=True)


def scale(
    name: Name,
    processes: Annotated[int, typer.Argument(min=1, help="Processes of the pool in all, over all its instances.")],
    *,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when all are up, and those too many have ended.")
    ] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait at most.")] = 1800.0,
    as_json: AsJson = False,
) -> None:
    """Give a running pool another number of processes: at once if it is more, as they finish if it is fewer.

    No running task is interrupted. The number lasts until an instance ends: one that is started anew begins with its
    own. An autoscaler that runs respects it.
    """
    from producers.scaling.scale import CannotSpread, NobodyWorks, NotAllAnswered  # noqa: PLC0415
    from producers.scaling.scale import scale as scale_pool  # noqa: PLC0415

    known(name)
    try:
        done = scale_pool(Settings(), name, processes, wait=timeout if wait else None)
    except NobodyWorks as error:
        raise Failure(str(error), f"{START.format(name)} --concurrency {processes}") from error
    except CannotSpread as error:
        step = "stop an instance (SIGTERM), or say a larger number"
        if processes > error.running:
            step = f"start another instance: {START.format(name)}"
        raise Failure(str(error), step, USAGE) from error
    except NotAllAnswered as error:
        raise Failure(
            str(error), "the same command again, which is harmless; millrace pool status shows them"
        ) from error
    if as_json:
        print_json(
            {"pool": done.pool, "before": list(map(asdict, done.before)), "after": list(map(asdict, done.after))}
        )
    else:
        _changed(done.before, done.after)
    open_ones = sum(one.starting + one.stopping for one in done.after)
    if wait and open_ones:
        raise Failure(f"{open_ones} processes are still starting or finishing", "millrace pool status shows them")


def recommend(
    *,
    watch: Annotated[
        float | None, typer.Option(min=2, help="Look again every so many seconds until it is interrupted.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say how many processes each pool should have, and why.

    Rates come from comparing looks: with --watch the second one knows more than the first.
    """
    # Who looks once wants to know what would do now, and who watches, what an autoscaler would do.
    looking = _watch(calm=0.0 if watch is None else None)
    while True:
        views = _look(looking)
        if as_json:
            print_json([_recommended(view) for view in views])
        else:
            print_table(
                ("pool", "has", "should have", "because"),
                [(view.name, view.processes, view.recommended, view.reason) for view in views],
                title=None if watch is None else time.strftime("%H:%M:%S"),
            )
        if watch is None:
            return
        time.sleep(watch)


def autoscale(
    name: Annotated[str | None, typer.Argument(help="The pool; or give --all.")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every pool.")] = False,
    most: Annotated[
        int | None, typer.Option(min=1, help="Processes of each pool on this machine; its cores if left out.")
    ] = None,
    every: Annotated[float, typer.Option(min=2, help="Seconds between two looks.")] = 10.0,
) -> None:
    """Keep the pools of this machine at what is recommended, until it is stopped; prints what it does, and why.

    Of all machines, one at a time does this for a pool. It starts and stops no instance. Whoever says `millrace pool
    scale` meanwhile is respected until the instance, or this, is started anew.
    """
    if (name is None) != everything:
        raise Failure("say which pool, or --all", "millrace pool autoscale --all", USAGE)
    pools = [pool.name for pool in topology.POOLS] if name is None else [known(name).name]

    from producers.scaling.autoscale import AnotherWorks, Autoscaler, Turn  # noqa: PLC0415

    settings = Settings()
    scaler = Autoscaler(settings.host, most or os.cpu_count() or 1)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with Turn(settings.database_url.get_secret_value(), pools) as turn:
            _keep(scaler, turn, pools, settings, every)
    except AnotherWorks as error:
        raise Failure(str(error), "stop that one first; pg_locks shows who holds it") from error
    except KeyboardInterrupt:
        typer.echo("stopped; every pool keeps the processes it has")


def _keep(scaler: Autoscaler, turn: Turn, pools: Sequence[str], settings: Settings, every: float) -> None:
    from producers.scaling.autoscale import apply  # noqa: PLC0415

    watch = _watch()
    said: dict[str, tuple[str, int]] = {}
    typer.echo(f"autoscaling {', '.join(pools)} on {settings.host}, {scaler.most} processes each at most")
    while True:
        turn.confirm()
        try:
            for decision in scaler.decide([view for view in _look(watch) if view.name in pools]):
                apply(settings, decision)
                told = (decision.left_alone, decision.want)
                if said.get(decision.pool) != told:
                    change = f"{decision.have} -> {decision.want}" if decision.processes else f"{decision.have}"
                    typer.echo(f"{time.strftime('%H:%M:%S')} {decision.pool} {change}: {decision.reason}")
                said[decision.pool] = told
        except Exception as error:
            failure = explain(error)
            if failure is None:
                raise
            typer.echo(f"{time.strftime('%H:%M:%S')} {failure.cause}; looking again", err=True)
        time.sleep(every)


def _watch(calm: float | None = None) -> Watch:
    from producers.scaling.rules import CALM  # noqa: PLC0415
    from producers.scaling.watch import Watch  # noqa: PLC0415

    return Watch(Settings(), calm=CALM if calm is None else calm)


def _look(watch: Watch) -> list[PoolView]:
    try:
        return watch.look()
    except MissingSetting as error:
        raise Failure(str(error), "set it; of a local stack, `. .millrace/env`", USAGE) from error


def _changed(before: Sequence[Instance], after: Sequence[Instance]) -> None:
    was = {one.node: one.processes for one in before}
    rows: list[tuple[object, ...]] = [
        (one.node, was.get(one.node), one.processes, one.starting, one.stopping) for one in after
    ]
    if len(rows) > 1:
        rows.append(("all", sum(was.values()), *_sums(after)))
    print_table(("instance", "before", "after", "starting", "stopping"), rows)


def _sums(instances: Sequence[Instance]) -> tuple[int, int, int]:
    return (
        sum(one.processes for one in instances),
        sum(one.starting for one in instances),
        sum(one.stopping for one in instances),
    )


def _recommended(view: PoolView) -> dict[str, object]:
    return {"pool": view.name, "processes": view.processes, "recommended": view.recommended, "reason": view.reason}


def _age(seconds: float | None, *, guessed: bool) -> str:
    if seconds is None:
        return "?"
    whole = round(seconds)
    told = f"{whole} s" if whole < 120 else f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"  # noqa: PLR2004
    if guessed:
        return f"about {told}" if whole else "not known yet"
    return told


def _unknown(cell: object) -> object:
    return "?" if cell is None else cell


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
