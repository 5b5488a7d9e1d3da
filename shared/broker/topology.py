"""The topology of the line as one table: pools, their queues, and every way between them.

Everything else (declaration, export, check, routing in the publisher, the queues a worker consumes) is derived
from `POOLS` and `TIERS`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from shared.broker.patterns import matches

TOPICS = ("scrape", "price", "aggregation", "maintenance")
"""Where producers publish, with the kind as routing key."""

URGENT = "urgent"
"""Same routing keys as `TOPICS`, for messages somebody waits for: leads to a pool's urgent lane where it has one.

A topic exchange cannot route on the priority property, so the lane has a door of its own. Our publisher uses it
for priority 7 and above; a foreign client simply publishes to it.
"""

WORK = "work"
"""Private and direct, key = queue: retries and replays come back here, to one queue only."""

FACTS = "facts"
DEAD_LETTER = "dead-letter"
DEAD_LETTERS = "dead-letters"
"""The queue behind the exchange `DEAD_LETTER`."""

URGENT_FROM = 7
"""The least priority that counts as urgent."""

DELIVERY_LIMIT = 5
"""Deliveries that may end without an answer (killed processes, lost nodes) before a message counts as poison."""

NEVER_GIVE_UP = 2_000_000_000
"""Delivery limit where nothing may be given up; RabbitMQ 3.10 cannot say "none", and 4.x says 20 by default."""


@dataclass(frozen=True, slots=True)
class Pool:
    """One Celery pool and its queue of the same name.

    `patterns` are bound on the exchange named by their first word. `prefetch` is the number of messages each
    process may hold: 1 where tasks are long and an urgent one must not wait behind them, more where they are
    short and a round trip for each would dominate. `concurrency` is the default number of processes, `most` how many a
    recommendation may ask for. `objective` is the age in seconds that the oldest message of its queue should not
    reach: alerts compare with it, and recommendations aim below it.
    """

    name: str
    patterns: tuple[str, ...]
    lane: bool = False
    prefetch: int = 1
    concurrency: int = 2
    most: int = 16
    objective: float = 300.0

    @property
    def urgent(self) -> str | None:
        """Name of the queue for what somebody waits for, if this pool has one."""
        return f"{self.name}.urgent" if self.lane else None

    @property
    def queues(self) -> tuple[str, ...]:
        """Every queue this pool consumes, the urgent one first."""
        own = (self.name,) if self.urgent is None else (self.urgent, self.name)
        return (*own, DEAD_LETTERS) if self.name == "maintenance" else own


POOLS = (
    Pool("content", ("scrape.series.#", "scrape.movie.#"), lane=True),
    Pool("person", ("scrape.person.#",), lane=True),
    Pool(
        "scraping",
        (
            "scrape.venue.#",
            "scrape.source.#",
            "scrape.adaptations.#",
            "scrape.minifigures.#",
            "price.minifigure.#",
        ),
        lane=True,
        objective=900.0,  # sites are read at the pace at which sites may be read
    ),
    Pool(
        "processing",
        ("aggregation.#", "price.discounts.#", "price.batch.#", "price.observed.#"),
        prefetch=1000,  # twice a bundle of 500: one in work, one gathering
        objective=60.0,
    ),
    Pool("maintenance", ("maintenance.#",), prefetch=8),
)


@dataclass(frozen=True, slots=True)
class Tier:
    """A queue in which messages wait `seconds` at most before they go back to `WORK`.

    A message that must wait less carries its own `expiration`, so a delay is exact while the tier is quiet, and
    late by no more than the tier's own time when a longer wait stands at its head.
    """

    seconds: int

    @property
    def name(self) -> str:
        """Name of the exchange and of the queue, e.g. `retry.30s`."""
        for unit, size in (("h", 3600), ("m", 60)):
            if self.seconds % size == 0:
                return f"retry.{self.seconds // size}{unit}"
        return f"retry.{self.seconds}s"


TIERS = (Tier(5), Tier(30), Tier(120), Tier(600), Tier(3600))


def tier_for(delay: float) -> Tier:
    """Return the tier in which a message waits `delay` seconds: the shortest that is long enough, or the longest."""
    return next((tier for tier in TIERS if delay <= tier.seconds), TIERS[-1])


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange to declare; all are durable."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue to declare; all are durable quorum queues."""

    name: str
    arguments: dict[str, Any] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Binding:
    """A way from an exchange to a queue."""

    exchange: str
    routing_key: str
    queue: str


def exchanges() -> Iterator[Exchange]:
    """Yield every exchange of the line."""
    for name in (*TOPICS, URGENT, FACTS):
        yield Exchange(name, "topic")
    yield Exchange(WORK, "direct")
    # Any key leads to the one queue behind it; the key itself goes on unchanged (a queue's name).
    for name in (DEAD_LETTER, *(tier.name for tier in TIERS)):
        yield Exchange(name, "fanout")


def queues() -> Iterator[Queue]:
    """Yield every queue of the line with its arguments."""
    for name in work_queues():
        dead = {"x-dead-letter-exchange": DEAD_LETTER, "x-dead-letter-routing-key": name}
        yield Queue(name, _quorum(delivery_limit=DELIVERY_LIMIT) | dead | _AT_LEAST_ONCE)
    for tier in TIERS:
        back = {"x-dead-letter-exchange": WORK, "x-message-ttl": tier.seconds * 1000}
        yield Queue(tier.name, _quorum(delivery_limit=NEVER_GIVE_UP) | back | _AT_LEAST_ONCE)
    yield Queue(DEAD_LETTERS, _quorum(delivery_limit=NEVER_GIVE_UP))


def bindings() -> Iterator[Binding]:
    """Yield every binding of the line."""
    for pool in POOLS:
        for pattern in pool.patterns:
            yield Binding(pattern.partition(".")[0], pattern, pool.name)
            yield Binding(URGENT, pattern, pool.urgent or pool.name)
    for queue in work_queues():
        yield Binding(WORK, queue, queue)
    for tier in TIERS:
        yield Binding(tier.name, "", tier.name)
    yield Binding(DEAD_LETTER, "", DEAD_LETTERS)


def pool_named(name: str) -> Pool:
    """Return the pool of that name; raises ValueError with the names there are."""
    for pool in POOLS:
        if pool.name == name:
            return pool
    raise ValueError(f"no pool is called {name!r}; there are {', '.join(pool.name for pool in POOLS)}")


def pool_of(kind: str) -> Pool | None:
    """Return the pool whose queue a message of this kind reaches, or None when it reaches none."""
    return next((pool for pool in POOLS if any(matches(pattern, kind) for pattern in pool.patterns)), None)


def queue_for(kind: str, priority: int) -> str:
    """Return the queue a message of this kind and priority ends up in; raises ValueError when there is none."""
    pool = pool_of(kind)
    if pool is None:
        raise ValueError(f"no queue is bound for {kind!r}")
    return pool.urgent or pool.name if priority >= URGENT_FROM else pool.name


def exchange_for(kind: str, priority: int) -> str:
    """Return the exchange to which a message of this kind and priority is published."""
    topic = kind.partition(".")[0]
    return URGENT if priority >= URGENT_FROM and topic != FACTS else topic


def work_queues() -> Iterator[str]:
    """Yield the names of the queues in which messages wait for a pool, and may die: neither tiers nor dead letters."""
    for pool in POOLS:
        if pool.urgent is not None:
            yield pool.urgent
        yield pool.name


def _quorum(*, delivery_limit: int) -> dict[str, Any]:
    return {"x-queue-type": "quorum", "x-delivery-limit": delivery_limit}


_AT_LEAST_ONCE = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
