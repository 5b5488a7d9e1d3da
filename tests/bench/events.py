"""What Celery's task events, which Flower switches on in every worker, cost a pool: `python -m tests.bench.events`.

The same messages for the same worker, in turn with and without events, on a broker and a database of its own. Processor
time of its main process is measured, by which the pool is limited: unlike a rate, it is the same on a busy machine.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from itertools import count

import psutil
import psycopg
from celery import Celery

from shared.broker.publisher import Publisher
from shared.broker.wire import compose
from shared.contracts.kind import Payload
from tests.bench import kinds
from tests.bench.handling import POOL
from tests.bench.queues import Queues, wait_for
from tests.bench.stack import throw_away
from tests.bench.workers import millrace_worker
from tests.probe.kinds import Observe, Store

ROUNDS = 3
SORTS: dict[str, tuple[Callable[[int], Payload], int]] = {
    "one by one": (lambda key: kinds.Alone(key=key), 500),
    "in bundles of 32": (lambda key: Store(key=key, value=key), 2000),
    "by sets of 500": (lambda key: Observe(key=key), 4000),
}
"""How messages travel, and how many of them are measured at a time."""


def main() -> None:
    """Measure, and print microseconds of processor time for a message."""
    keys = count(1)
    spent: dict[tuple[str, bool], list[float]] = {}
    with (
        throw_away() as stack,
        Publisher(stack.broker) as publisher,
        Queues(stack.broker) as queues,
        psycopg.connect(stack.database, autocommit=True) as database,
        millrace_worker(POOL, stack.place, queues),
    ):
        control = Celery(broker=stack.broker, set_as_current=False).control
        (worker,) = (child for child in psutil.Process().children() if "worker" in child.cmdline())

        def handle(sort: str, number: int) -> float:
            make = SORTS[sort][0]
            done, before = counted(database) + number, processor(worker)
            asks = (compose(kinds.BENCH_CONTRACTS, make(next(keys)), app_id="bench") for _ in range(number))
            assert publisher.publish_many(asks) == []
            wait_for(lambda: counted(database) == done, "every message to be in the run log", timeout=120)
            return (processor(worker) - before) / number * 1e6

        for sort in SORTS:
            handle(sort, 200)
        for _ in range(ROUNDS):
            for sort, (_, number) in SORTS.items():
                for told in (False, True):
                    command = "enable_events" if told else "disable_events"
                    assert control.broadcast(command, reply=True, timeout=10, limit=1), "the worker did not answer"
                    spent.setdefault((sort, told), []).append(handle(sort, number))
    for sort in SORTS:
        silent, telling = (statistics.median(spent[sort, each]) for each in (False, True))
        change = f"{(telling / silent - 1) * 100:+.0f} %"
        sys.stdout.write(f"{sort}: {silent:.0f} µs without events, {telling:.0f} µs with ({change})\n")


def counted(database: psycopg.Connection[tuple[int]]) -> int:
    """Return how many messages have been handled."""
    row = database.execute("SELECT count(*) FROM sync_log WHERE status = 'succeeded'").fetchone()
    return row[0] if row else 0


def processor(process: psutil.Process) -> float:
    """Return the seconds of processor time that a process has used, without its children's."""
    used = process.cpu_times()
    return float(used.user + used.system)


if __name__ == "__main__":
    main()
