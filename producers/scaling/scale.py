"""Giving a running pool another number of processes, spread over its instances."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from producers.scaling.asking import instances, resize
from producers.scaling.views import Instance
from shared.broker import topology
from shared.errors import MillraceError
from shared.settings import Settings

TICK: Final = 0.5
"""Seconds between two looks while waiting."""

MOST_EACH: Final = 256
"""Processes of one instance beyond which a number is taken for a slip of the hand; the instance refuses it, too."""


class NobodyWorks(MillraceError):
    """The pool has no running instance."""

    def __init__(self, pool: str) -> None:
        self.pool = pool
        super().__init__(f"no instance of the pool {pool} answers")


class CannotSpread(MillraceError):
    """So many processes cannot be spread over so many instances."""

    def __init__(self, pool: str, processes: int, running: int) -> None:
        self.pool, self.processes, self.running = pool, processes, running
        why = "each needs one" if processes < running else f"each may have {MOST_EACH}"
        super().__init__(f"{processes} processes cannot be spread over {running} instances of {pool}: {why}")


class NotAllAnswered(MillraceError):
    """Some instances were told and have not answered; telling them again is harmless."""

    def __init__(self, nodes: Sequence[str]) -> None:
        self.nodes = tuple(nodes)
        super().__init__(f"told, but no answer from {', '.join(nodes)}")


@dataclass(frozen=True, slots=True)
class Scaled:
    """The instances of a pool before and after, in the order of their names."""

    pool: str
    before: tuple[Instance, ...]
    after: tuple[Instance, ...]


def spread(processes: int, have: Mapping[str, int]) -> dict[str, int]:
    """Return how many processes each instance gets, given how many each has now.

    No two differ by more than one, and as few as possible change. There must be one process for each at least.
    """
    each, more = divmod(processes, len(have))
    # Who already has one more keeps it, then who has even more; who has exactly the smaller number gives up last.
    order = sorted(have, key=lambda node: (have[node] != each + 1, have[node] == each, -have[node], node))
    return {node: each + (place < more) for place, node in enumerate(order)}


def scale(settings: Settings, pool: str, processes: int, *, by: str = "operator", wait: float | None = None) -> Scaled:
    """Give a pool so many processes in all, over every running instance of it, and return how it stands.

    With `wait` it returns when every process is up and every one too many has ended, or after so many seconds. Raises
    ValueError for a pool that does not exist, NobodyWorks, CannotSpread, NotAllAnswered, and PoolsUnheard.
    """
    topology.pool_named(pool)
    before = [one for one in instances(settings) if one.pool == pool]
    if not before:
        raise NobodyWorks(pool)
    if not len(before) <= processes <= len(before) * MOST_EACH:
        raise CannotSpread(pool, processes, len(before))
    # All are told, also those that keep their number: each shall know that somebody wants it so.
    after = resize(settings, spread(processes, {one.node: one.processes for one in before}), by=by)
    if missing := sorted({one.node for one in before} - {one.node for one in after}):
        raise NotAllAnswered(missing)
    deadline = time.monotonic() + (wait or 0.0)
    while any(one.starting or one.stopping for one in after) and time.monotonic() < deadline:
        time.sleep(TICK)
        after = [one for one in instances(settings) if one.pool == pool]
    return Scaled(pool, tuple(before), tuple(sorted(after, key=lambda one: one.node)))
