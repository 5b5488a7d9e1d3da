"""What the probe kinds do."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence

from billiard.exceptions import SoftTimeLimitExceeded
from celery import shared_task
from celery.exceptions import Ignore, Reject, Retry
from sqlalchemy import text

from consumers.run import Effect, Run
from consumers.task import LineTask, handles, stores
from shared import errors
from shared.database.engine import driver
from tests.probe import kinds

UPSERT = text(
    "INSERT INTO probe_rows VALUES (:key, :value, 1) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, times = probe_rows.times + 1"
)

UPSERT_MANY = (
    "INSERT INTO probe_rows SELECT key, value, 1 FROM unnest(%s::bigint[], %s::bigint[]) AS given (key, value) "
    "ON CONFLICT (key) DO UPDATE SET value = excluded.value, times = probe_rows.times + 1"
)


class Unpicklable(Exception):
    """An error that cannot be made again from what it says."""

    def __init__(self, one: int, two: int) -> None:
        self.lock = threading.Lock()
        super().__init__(f"{one} and {two}")


ERRORS: dict[str, Callable[[], BaseException]] = {
    "UpstreamAway": lambda: errors.UpstreamAway("probe", "503"),
    "RateLimited": lambda: errors.RateLimited("probe", 7.0),
    "LimitReached": lambda: errors.LimitReached("probe", 1.0),
    "UpstreamGone": lambda: errors.UpstreamGone("probe", "it"),
    "UnreadableAnswer": lambda: errors.UnreadableAnswer("probe", "not JSON", b"<html>garbage"),
    "ZeroDivisionError": lambda: ZeroDivisionError("a bug"),
    "MemoryError": MemoryError,
    "SystemExit": SystemExit,
    "Ignore": Ignore,
    "Reject": Reject,
    "Retry": Retry,
    "Unpicklable": lambda: Unpicklable(1, 2),
}


def made(name: str) -> BaseException:
    """Return a fresh error."""
    return ERRORS[name]()


@handles(kinds.NOTHING, bundle=32)
def nothing(_ask: kinds.Nothing, _run: Run) -> None:
    """Do nothing."""


@handles(kinds.STORE, bundle=32)
def store(ask: kinds.Store, run: Run) -> None:
    """Upsert a row."""
    with run.finish() as effect:
        effect.connection.execute(UPSERT, {"key": ask.key, "value": ask.value})


@stores(kinds.OBSERVE, bundle=500, wait=0.05)
def observe(asks: Sequence[kinds.Observe], effect: Effect) -> None:
    """Upsert a row for each, by one statement."""
    keys, spoiled = [ask.key for ask in asks], [1 // (not ask.spoil) for ask in asks]
    driver(effect.connection).execute(UPSERT_MANY, (keys, spoiled))


@handles(kinds.SLEEP)
def sleep(ask: kinds.Sleep, run: Run) -> None:
    """Sleep, then count."""
    run.begin()
    time.sleep(ask.seconds)
    with run.finish() as effect:
        effect.connection.execute(UPSERT, {"key": ask.key, "value": 0})


@handles(kinds.FAIL)
def fail(ask: kinds.Fail, run: Run) -> None:
    """Fail as told."""
    if run.message.attempt < ask.times:
        raise made(ask.error)


@handles(kinds.LIFTED)
def lifted(ask: kinds.OldStore, run: Run) -> None:
    """Upsert a row."""
    with run.finish() as effect:
        effect.connection.execute(UPSERT, {"key": ask.key, "value": 0})


@handles(kinds.DIE)
def die(_ask: kinds.Die, _run: Run) -> None:
    """End as a process ends that the kernel has run out of memory for."""
    os.kill(os.getpid(), signal.SIGKILL)


@handles(kinds.CRASH, bundle=32)
def crash(ask: kinds.Crash, run: Run) -> None:
    """Upsert a row among others, or take them all along."""
    if ask.crash:
        os.kill(os.getpid(), signal.SIGKILL)
    with run.finish() as effect:
        effect.connection.execute(UPSERT, {"key": ask.key, "value": 0})


@handles(kinds.ASK)
def ask(ask: kinds.Ask, run: Run) -> None:
    """Upsert a row and ask for more; what was asked for must vanish with the failure."""
    with run.finish() as effect:
        effect.connection.execute(UPSERT, {"key": ask.key, "value": 0})
        effect.ask(*(kinds.Store(key=ask.key + child) for child in range(1, ask.children + 1)))
        if ask.fail:
            raise made("ZeroDivisionError")


@shared_task(name=kinds.DAWDLE.name, base=LineTask, soft_time_limit=0.3, time_limit=30)
def dawdle(_ask: kinds.Dawdle, _run: Run) -> None:
    """Be interrupted."""
    time.sleep(30)


@shared_task(name=kinds.HANG.name, base=LineTask, soft_time_limit=0.2, time_limit=0.6)
def hang(_ask: kinds.Hang, _run: Run) -> None:
    """Hear the interruption, go on, and be killed."""
    with contextlib.suppress(SoftTimeLimitExceeded):
        time.sleep(30)
    time.sleep(30)
