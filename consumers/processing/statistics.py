"""How much is held: counted and kept."""

from __future__ import annotations

from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.catalog import statistics
from shared.contracts.aggregation import UPDATE_STATISTICS, UpdateStatistics


@handles(UPDATE_STATISTICS)
def update_site_statistics(_ask: UpdateStatistics, run: Run) -> None:
    """Count what is held; who asks for statistics is answered with the latest."""
    with run.finish() as effect:
        effect.result = statistics.update(effect.connection, clock.now())
