"""Whether the topology's table holds together: every kind one queue, every queue one pool, no message twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from shared.broker import topology
from shared.broker.patterns import matches, overlap
from shared.broker.topology import Pool


def flaws(
    kinds: Iterable[str], pools: Sequence[Pool] = topology.POOLS, queues: Iterable[str] | None = None
) -> list[str]:
    """Return one line for each flaw of the table; none means that it holds together.

    `kinds` are the names of all contracts, `queues` those that are declared (the table's own when left out).
    """
    declared = {queue.name for queue in topology.queues()} if queues is None else set(queues)
    return [*_exchanges(pools), *_overlaps(pools), *_homeless(kinds, pools), *_unattended(pools, declared)]


def _exchanges(pools: Sequence[Pool]) -> Iterator[str]:
    for pool in pools:
        for pattern in pool.patterns:
            if pattern.partition(".")[0] not in topology.TOPICS:
                yield f"pool {pool.name}: {pattern} begins with no exchange; there are {', '.join(topology.TOPICS)}"


def _overlaps(pools: Sequence[Pool]) -> Iterator[str]:
    for one, other in combinations(pools, 2):
        for pattern in one.patterns:
            for rival in other.patterns:
                if overlap(pattern, rival):
                    yield f"{one.name} and {other.name} would both get what fits {pattern} and {rival}"


def _homeless(kinds: Iterable[str], pools: Sequence[Pool]) -> Iterator[str]:
    for kind in kinds:
        exchange = kind.partition(".")[0]
        if exchange == topology.FACTS:
            continue
        takers = [pool.name for pool in pools if any(matches(pattern, kind) for pattern in pool.patterns)]
        if exchange not in topology.TOPICS:
            yield f"{kind}: its first word is no exchange; there are {', '.join(topology.TOPICS)}"
        elif not takers:
            yield f"{kind}: no queue is bound for it"
        elif len(takers) > 1:
            yield f"{kind}: reaches {' and '.join(takers)}, and would be done more than once"


def _unattended(pools: Sequence[Pool], declared: set[str]) -> Iterator[str]:
    waiting_only = {tier.name for tier in topology.TIERS}
    owners: dict[str, list[str]] = {}
    for pool in pools:
        for queue in pool.queues:
            owners.setdefault(queue, []).append(pool.name)
    for queue in sorted(declared - waiting_only - set(owners)):
        yield f"queue {queue}: no pool consumes it"
    for queue, names in owners.items():
        if queue not in declared:
            yield f"queue {queue}: consumed by {names[0]}, but never declared"
        if len(names) > 1:
            yield f"queue {queue}: belongs to {' and '.join(names)}"
