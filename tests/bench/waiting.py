"""How long a message waits until its handler begins: at rest, and where somebody waits behind ten thousand others."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Self

import psycopg

from shared.broker.publisher import Publisher
from shared.broker.wire import compose
from shared.contracts.kind import Payload
from tests.bench import kinds, plain
from tests.bench.figures import Aim, Contender, Figures, percentile
from tests.bench.queues import Queues, wait_for
from tests.bench.raw import Pipeline
from tests.bench.stack import Stack
from tests.bench.workers import millrace_worker, plain_worker

AT_REST, URGENT = "publish to start, at rest", "urgent message, publish to start, behind a crowd"

OURS_P50 = Contender(AT_REST, "Millrace", "ms p50", ours=True)
PLAIN_P50 = Contender(AT_REST, "plain Celery", "ms p50")
OURS_P99 = Contender(AT_REST, "Millrace", "ms p99", ours=True)
PLAIN_P99 = Contender(AT_REST, "plain Celery", "ms p99")
OURS_URGENT = Contender(URGENT, "Millrace, urgent lane", "ms p50", ours=True)
PLAIN_URGENT = Contender(URGENT, "plain Celery, one queue", "ms p50")

AIMS = (Aim(OURS_P50, PLAIN_P50), Aim(OURS_P99, PLAIN_P99), Aim(OURS_URGENT, PLAIN_URGENT))

APART = 0.012
"""Seconds between messages at rest: several times what one takes, so that each finds everybody idle."""

URGENT_APART = 0.05
CALM_POOL, LANE_POOL = "maintenance", "content"


def measure_rest(stack: Stack, figures: Figures, *, rounds: int, messages: int, tell: Callable[[str], None]) -> None:
    """Send `messages` one at a time to each worker in turn, `rounds` times."""
    with (
        _Post(stack) as post,
        millrace_worker(CALM_POOL, stack.place, post.queues),
        plain_worker(stack.place, post.queues),
    ):
        sides: tuple[tuple[Contender, Contender, Callable[[int], list[float]]], ...] = (
            (OURS_P50, OURS_P99, lambda number: post.ours(lambda key: kinds.Mark(key=key), number, APART)),
            (PLAIN_P50, PLAIN_P99, lambda number: post.theirs(number, APART)),
        )
        for _, _, run in sides:
            run(20)
        for each in range(rounds):
            for middle, tail, run in sides:
                tell(f"round {each + 1}: {middle.what}, {middle.who}")
                waits = run(messages)
                figures.add(middle, median(waits))
                figures.add(tail, percentile(waits, 0.99))


def measure_urgent(
    stack: Stack, figures: Figures, *, rounds: int, crowd: int, messages: int, tell: Callable[[str], None]
) -> None:
    """Put a crowd before our worker and send urgent messages behind it, `rounds` times; then before plain Celery's.

    Both workers hold one message for each process, as a pool with a lane does.
    """
    with (
        _Post(stack) as post,
        millrace_worker(LANE_POOL, stack.place, post.queues, prefetch=1),
        plain_worker(stack.place, post.queues, prefetch=1),
    ):
        post.ours(lambda key: kinds.UrgentMark(key=key), 20, APART, priority=9)
        post.theirs(20, APART)
        for each in range(rounds):
            tell(f"round {each + 1}: {URGENT}, {OURS_URGENT.who}")
            post.publisher.publish_many(compose(kinds.BENCH_CONTRACTS, kinds.Crowd(), priority=1) for _ in range(crowd))
            waits = post.ours(lambda key: kinds.UrgentMark(key=key), messages, URGENT_APART, priority=9)
            if post.queues.waiting(LANE_POOL) == 0:
                raise RuntimeError("the crowd was gone before the urgent messages were through")
            figures.add(OURS_URGENT, median(waits))
            post.queues.purge(LANE_POOL)
        # Once: it waits for the whole crowd to be handled, and that is not a matter of a few per cent.
        tell(f"{URGENT}, {PLAIN_URGENT.who}")
        letters = (plain.letter(post.app, plain.NOTHING, {}) for _ in range(crowd))
        Pipeline(stack.broker, letters).run()
        figures.add(PLAIN_URGENT, median(post.theirs(messages, URGENT_APART)))


class _Post:
    """Sends messages that note when their handlers began, and reads those notes."""

    def __init__(self, stack: Stack) -> None:
        self.app = plain.plain_app(stack.settings)
        plain.declare(self.app)
        self.publisher = Publisher(stack.broker)
        self.queues = Queues(stack.broker)
        self._database = psycopg.connect(stack.database, autocommit=True)
        self._database.execute("TRUNCATE bench_marks")
        self._key = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.publisher.close()
        self.queues.__exit__()
        self._database.close()

    def ours(self, make: Callable[[int], Payload], number: int, apart: float, priority: int = 5) -> list[float]:
        """Send by our line; return the milliseconds each waited."""

        def send(key: int) -> None:
            self.publisher.publish(compose(kinds.BENCH_CONTRACTS, make(key), app_id="bench", priority=priority))

        return self._waits("millrace", send, number, apart)

    def theirs(self, number: int, apart: float) -> list[float]:
        """Send by plain Celery; return the milliseconds each waited."""
        return self._waits("plain", lambda key: self.app.send_task(plain.MARK, kwargs={"key": key}), number, apart)

    def _waits(self, who: str, send: Callable[[int], object], number: int, apart: float) -> list[float]:
        sent: dict[int, int] = {}
        for _ in range(number):
            self._key += 1
            sent[self._key] = time.time_ns()
            send(self._key)
            time.sleep(apart)
        wait_for(lambda: len(self._began(who, min(sent))) == number, f"{number} messages to begin", every=0.2)
        began = self._began(who, min(sent))
        return [(began[key] - at) / 1e6 for key, at in sent.items()]

    def _began(self, who: str, least: int) -> Mapping[int, int]:
        query = "SELECT key, began_ns FROM bench_marks WHERE who = %s AND key >= %s"
        return dict(self._database.execute(query, (who, least)).fetchall())
