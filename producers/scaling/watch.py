"""Looking at every pool again and again: what waits, who works, how fast, and how many processes that is worth.

One look asks the broker, the running instances and the database. Rates and ages come from comparing looks, so whoever
wants them keeps its Watch; a single look tells what can be told at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from producers.scaling import bounds
from producers.scaling.ages import Ages
from producers.scaling.asking import WITHIN, instances
from producers.scaling.bounds import UPSTREAMS, Connections
from producers.scaling.rules import CALM, Bounds, Load, Rules
from producers.scaling.views import Instance, PoolView, QueueView
from shared.broker import topology
from shared.broker.topology import Pool
from shared.errors import MissingSetting
from shared.management import Management, connect, vhost_of
from shared.settings import Settings

WINDOW: Final = 60.0
"""Seconds over which rates are taken."""

ENOUGH: Final = 20
"""Finished messages that a mean is taken from at least, if need be from before the window."""


@dataclass(slots=True)
class _Rates:
    """What came and what was finished, over the last `window` seconds of looks at one pool."""

    window: float

    came: deque[tuple[float, float]] = field(default_factory=deque)
    """(moment, messages that had arrived in all)"""
    done: deque[tuple[float, int, float]] = field(default_factory=deque)
    """(moment, messages finished, seconds they took) since the look before"""
    told: dict[tuple[str, int], tuple[int, float]] = field(default_factory=dict)
    """What each instance (name, process id) told last."""

    def arrivals(self, at: float, arrived: float) -> float | None:
        """Return the messages a second that have come in."""
        self.came.append((at, arrived))
        while len(self.came) > 2 and self.came[1][0] <= at - self.window:  # noqa: PLR2004 - two points make a rate
            self.came.popleft()
        since, before = self.came[0]
        return max(arrived - before, 0.0) / (at - since) if at > since else None

    def mean(self, at: float, told: Mapping[tuple[str, int], tuple[int, float]]) -> float | None:
        """Return the seconds that a process takes for a message, lately if there were enough, else ever since."""
        fresh = [
            (handled - before[0], seconds - before[1])
            for instance, (handled, seconds) in told.items()
            for before in (self.told.get(instance, (0, 0.0)),)
        ]
        self.told = dict(told)
        messages = sum(handled for handled, _ in fresh)
        if messages > 0:
            self.done.append((at, messages, sum(seconds for _, seconds in fresh)))
        total = sum(messages for _, messages, _ in self.done)
        while self.done and self.done[0][0] < at - self.window and total - self.done[0][1] >= ENOUGH:
            total -= self.done.popleft()[1]
        return sum(seconds for *_, seconds in self.done) / total if total else None


class Watch:
    """Looks at every pool; all in seconds.

    `within` is how long instances have to answer, `window` what rates are taken over, and `calm` is that of `Rules`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        within: float = WITHIN,
        window: float = WINDOW,
        calm: float = CALM,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._within = within
        self._clock = clock
        self._ages = {queue: Ages() for pool in topology.POOLS for queue in pool.queues}
        self._rates = {pool.name: _Rates(window) for pool in topology.POOLS}
        self._rules = {pool.name: Rules(calm=calm) for pool in topology.POOLS}

    def look(self) -> list[PoolView]:
        """Return every pool as it is now, in the order of the topology; takes a second or two.

        Raises MissingSetting without the address of the management API, ManagementRefused or httpx's TransportError
        when that does not answer, and PoolsUnheard when the broker does not. A database that is away bounds nothing.
        """
        queues = self._queues()
        at = self._clock()
        views = {name: self._queue(at, name, queues.get(name)) for name in self._ages}
        running = instances(self._settings, self._within)
        free = bounds.connections(self._settings.database_url.get_secret_value())
        held = {pool.name: sum(one.processes for one in running if one.pool == pool.name) for pool in topology.POOLS}
        return [
            self._pool(
                at,
                pool,
                [views[name] for name in pool.queues],
                [one for one in running if one.pool == pool.name],
                free.processes(pool.name, held) if isinstance(free, Connections) else None,
            )
            for pool in topology.POOLS
        ]

    def _queues(self) -> dict[str, dict[str, Any]]:
        if self._settings.rabbitmq_management_url is None:
            raise MissingSetting("RABBITMQ_MANAGEMENT_URL", "nobody else knows how long queues are")
        vhost = vhost_of(self._settings.rabbitmq_url.get_secret_value())
        with connect(self._settings.rabbitmq_management_url.get_secret_value()) as client:
            return {queue["name"]: queue for queue in Management(client, vhost).queues()}

    def _queue(self, at: float, name: str, told: Mapping[str, Any] | None) -> QueueView:
        ready, unacked = (told or {}).get("messages_ready"), (told or {}).get("messages_unacknowledged")
        consumers = (told or {}).get("consumers")
        if ready is None or unacked is None:
            return QueueView(name, ready, unacked, consumers, told is not None, None, guessed=False)
        # Missing altogether until the first message is acknowledged, and after the broker was started again.
        stats = (told or {}).get("message_stats") or {}
        age = self._ages[name].look(
            at,
            ready=int(ready),
            unacked=int(unacked),
            acked=int(stats.get("ack") or 0),
            rate=float((stats.get("ack_details") or {}).get("rate") or 0.0),
        )
        return QueueView(name, ready, unacked, consumers, True, age.seconds, age.guessed)

    def _pool(
        self, at: float, pool: Pool, queues: list[QueueView], running: list[Instance], connections: int | None
    ) -> PoolView:
        rates = self._rates[pool.name]
        # Dead letters are kept beside a pool's own work, and make no case for more processes.
        own = [queue for queue in queues if queue.name != topology.DEAD_LETTERS]
        arrivals = rates.arrivals(at, sum(self._ages[queue.name].arrived for queue in own))
        mean = rates.mean(at, {(one.node, one.pid): (one.handled, one.seconds) for one in running})
        worst = max(own, key=lambda queue: queue.oldest_age or 0.0)
        busy, processes = sum(one.busy for one in running), sum(one.processes for one in running)
        ready = sum(queue.ready or 0 for queue in own)
        name, limit = UPSTREAMS.get(pool.name, ("", None))
        recommended = self._rules[pool.name].recommend(
            at,
            Load(ready, busy, processes, worst.oldest_age, pool.objective, arrivals, mean),
            Bounds(pool.most, connections, None if limit is None else limit.most / limit.per, name),
        )
        return PoolView(
            name=pool.name,
            queues=tuple(queues),
            instances=tuple(running),
            processes=processes,
            busy=busy,
            ready=ready,
            oldest_age=worst.oldest_age,
            guessed=worst.guessed,
            arrivals=arrivals,
            mean_seconds=mean,
            objective=pool.objective,
            recommended=recommended.processes,
            reason=recommended.reason,
        )
