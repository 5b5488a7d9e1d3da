"""What is known of the pools: instances that answer, how old what waits is, how many processes there should be."""

from __future__ import annotations

from producers.exporter.sources import Fact
from producers.scaling.watch import Watch
from shared.settings import Settings
from shared.telemetry import metrics

WITHIN = 2.0
"""Seconds that instances have to answer: one on a busy machine is not to be taken for dead."""


class Pools:
    """Looks at every pool; keeps what it needs to compare one look with those before."""

    def __init__(self, settings: Settings) -> None:
        self._watch = Watch(settings, within=WITHIN)

    def look(self) -> list[Fact]:
        """Return what is told of each pool; raises what `Watch.look` does."""
        facts = []
        for pool in self._watch.look():
            name = {"queue": pool.name}
            facts += [
                Fact(metrics.pool_instances, len(pool.instances), name),
                Fact(metrics.pool_recommended_processes, pool.recommended, name),
            ]
            for queue in pool.queues:
                facts.append(Fact(metrics.queue_objective_seconds, pool.objective, {"queue": queue.name}))
                if queue.oldest_age is not None:
                    age = Fact(metrics.queue_oldest_message_age_seconds, queue.oldest_age, {"queue": queue.name})
                    facts.append(age)
        return facts
