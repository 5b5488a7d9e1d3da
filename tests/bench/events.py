"""What Celery's task events, which Flower switches on in every worker, cost a pool: `python -m tests.bench.events`.

The same backlog before the same worker, in turn with and without events, on a broker and a database of its own.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from itertools import count

import psycopg
from celery import Celery

from shared.broker.publisher import Publisher
from shared.broker.wire import compose
from shared.contracts.kind import Payload
from tests.bench import kinds
from tests.bench.handling import POOL, drained
from tests.bench.queues import Queues, wait_for
from tests.bench.stack import throw_away
from tests.bench.workers import millrace_worker
from tests.probe.kinds import Observe, Store

ROUNDS = 5
MESSAGES = 4000

SORTS: dict[str, Callable[[int], Payload]] = {
    "one by one": lambda key: kinds.Alone(key=key),
    "in bundles of 32": lambda key: Store(key=key, value=key),
    "by sets of 500": lambda key: Observe(key=key),
}


def main() -> None:
    """Measure, and print messages a second."""
    keys = count(1)
    rates: dict[tuple[str, bool], list[float]] = {}
    with (
        throw_away() as stack,
        Publisher(stack.broker) as publisher,
        Queues(stack.broker) as queues,
        psycopg.connect(stack.database, autocommit=True) as database,
        millrace_worker(POOL, stack.place, queues),
    ):
        control = Celery(broker=stack.broker, set_as_current=False).control

        def rate(sort: str, number: int) -> float:
            before = counted(database)
            asks = (compose(kinds.BENCH_CONTRACTS, SORTS[sort](next(keys)), app_id="bench") for _ in range(number))
            assert publisher.publish_many(asks) == []
            rate, dropped = drained(queues, POOL)
            wait_for(lambda: counted(database) == before + number - dropped, "every message to be in the run log")
            return rate

        for sort in SORTS:
            rate(sort, 200)
        for _ in range(ROUNDS):
            for sort in SORTS:
                for told in (False, True):
                    command = "enable_events" if told else "disable_events"
                    assert control.broadcast(command, reply=True, timeout=5, limit=1), "the worker did not answer"
                    rates.setdefault((sort, told), []).append(rate(sort, MESSAGES * (4 if "sets" in sort else 1)))
    for sort in SORTS:
        without, told_of = (statistics.median(rates[sort, each]) for each in (False, True))
        change = f"{(told_of / without - 1) * 100:+.0f} %"
        sys.stdout.write(f"{sort}: {without:,.0f} msgs/s without events, {told_of:,.0f} with ({change})\n")


def counted(database: psycopg.Connection[tuple[int]]) -> int:
    """Return how many messages have been handled."""
    row = database.execute("SELECT count(*) FROM sync_log WHERE status = 'succeeded'").fetchone()
    return row[0] if row else 0


if __name__ == "__main__":
    main()
