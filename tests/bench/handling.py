"""Messages handled per second by a prefork worker of two processes, with a backlog in front of it.

Ours goes through the whole line: contract, run log, duplicate check and effect in one transaction, metrics, a log
line in a file. Plain Celery does the same no-op, or the same upsert in its own transaction, and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import LiteralString

import psycopg

from shared.broker.publisher import Publisher
from shared.broker.wire import compose
from shared.contracts.kind import Payload
from tests.bench import kinds, plain
from tests.bench.figures import Aim, Contender, Figures
from tests.bench.queues import Queues, wait_for
from tests.bench.raw import Pipeline
from tests.bench.stack import Stack
from tests.bench.workers import millrace_worker, plain_worker
from tests.probe.kinds import Nothing, Observe, Store

UNIT = "msgs/s"
NO_OP, UPSERT = "handle a message that does nothing", "handle a message that upserts one row"

OURS_ALONE = Contender(UPSERT, "Millrace, all guarantees, kept out of bundles", UNIT, ours=True)
OURS_NO_OP = Contender(NO_OP, "Millrace, all guarantees", UNIT, ours=True)
PLAIN_NO_OP = Contender(NO_OP, "plain Celery, no guarantee", UNIT)
OURS_UPSERT = Contender(UPSERT, "Millrace, all guarantees", UNIT, ours=True)
OURS_SETS = Contender(UPSERT, "Millrace, all guarantees, by sets of 500", UNIT, ours=True)
PLAIN_UPSERT = Contender(UPSERT, "plain Celery, no guarantee", UNIT)

AIMS = (
    Aim(OURS_NO_OP, PLAIN_NO_OP),
    Aim(OURS_UPSERT, PLAIN_UPSERT, at_least=1),
    Aim(OURS_SETS, PLAIN_UPSERT, peer_shown_as="plain Celery, beside ours by sets"),
    Aim(OURS_ALONE, PLAIN_UPSERT, peer_shown_as="plain Celery, beside ours kept out of bundles"),
)

POOL = "maintenance"
WARM_UP = 200
"""Messages handled before anything is measured: connections open, statements prepared."""

SETS = 4
"""How many times as many messages are handled by sets: they would be gone before the watch has looked twice."""

LONGEST = 2.5
"""Seconds a backlog is watched; a slow machine handles a part of it, and the rate is the same."""

REST = 0.05
"""Part of the backlog that is left out of the measurement: it may be in the processes' hands already."""


def measure(stack: Stack, figures: Figures, *, rounds: int, messages: int, tell: Callable[[str], None]) -> None:
    """Put `messages` before each worker in turn, `rounds` times; both run all the while, the other one idle."""
    app = plain.plain_app(stack.settings)
    plain.declare(app)
    keys = _Keys()
    with (
        Publisher(stack.broker) as publisher,
        Queues(stack.broker) as queues,
        psycopg.connect(stack.database, autocommit=True) as database,
        millrace_worker(POOL, stack.place, queues),
        plain_worker(stack.place, queues),
    ):

        def ours(make: Callable[[int], Payload], number: int) -> float:
            before = _count(database, "SELECT count(*) FROM sync_log WHERE status = 'succeeded'")
            errors = publisher.publish_many(
                compose(kinds.BENCH_CONTRACTS, make(key), app_id="bench") for key in keys.take(number)
            )
            if errors:
                raise errors[0]
            rate, dropped = _drained(queues, POOL)
            expected = before + number - dropped
            # The guarantee is part of the figure: each of them is in the run log as done, once.
            wait_for(
                lambda: _count(database, "SELECT count(*) FROM sync_log WHERE status = 'succeeded'") == expected,
                "every message to be in the run log",
            )
            return rate

        def theirs(task: str, number: int) -> float:
            fields = (({"key": key, "value": key} if task == plain.STORE else {}) for key in keys.take(number))
            Pipeline(stack.broker, (plain.letter(app, task, each) for each in fields)).run()
            return _drained(queues, plain.QUEUE)[0]

        contenders: tuple[tuple[Contender, Callable[[int], float]], ...] = (
            (OURS_UPSERT, lambda number: ours(lambda key: Store(key=key, value=key), number)),
            (PLAIN_UPSERT, lambda number: theirs(plain.STORE, number)),
            (OURS_SETS, lambda number: ours(lambda key: Observe(key=key), number * SETS)),
            (OURS_ALONE, lambda number: ours(lambda key: kinds.Alone(key=key), number)),
            (OURS_NO_OP, lambda number: ours(lambda _key: Nothing(), number)),
            (PLAIN_NO_OP, lambda number: theirs(plain.NOTHING, number)),
        )
        for _, run in contenders:
            run(WARM_UP)
        for each in range(rounds):
            for contender, run in contenders:
                tell(f"round {each + 1}: {contender.what}, {contender.who}")
                figures.add(contender, run(messages))


class _Keys:
    """Numbers that are never used twice, so that every upsert inserts."""

    def __init__(self) -> None:
        self._next = 1

    def take(self, number: int) -> Iterator[int]:
        first, self._next = self._next, self._next + number
        return iter(range(first, first + number))


def _count(database: psycopg.Connection[tuple[int]], query: LiteralString) -> int:
    row = database.execute(query).fetchone()
    return row[0] if row else 0


def _drained(queues: Queues, queue: str) -> tuple[float, int]:
    """Watch a queue being emptied, for LONGEST seconds at most, and drop what is left then.

    Returns the rate at which it was emptied until only REST was left, and how many messages were dropped.
    """
    began = time.perf_counter()
    backlog = queues.waiting(queue)
    last, left = began, backlog

    def over() -> bool:
        nonlocal last, left
        now, waiting = time.perf_counter(), queues.waiting(queue)
        if waiting > backlog * REST:
            last, left = now, waiting
        return waiting == 0 or now > began + LONGEST

    wait_for(over, f"{queue} to be empty")
    return (backlog - left) / (last - began) if last > began else 0.0, queues.purge(queue)
