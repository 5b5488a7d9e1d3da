"""Every schedule there is from the beginning: one table, which `millrace schedules sync` brings to the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from shared.catalog.venues.sources import SourceKind
from shared.schedules.definition import GRACE, Definition, MissedRun
from shared.schedules.trigger import Crontab

NEW_YORK: Final = "America/New_York"


@dataclass(frozen=True, slots=True)
class Seed:
    """A schedule named after its kind; its description is the contract's own summary.

    What reads `of_source` is about the oldest enabled source of that kind, and is not seeded while there is none.
    """

    kind: str
    crontab: str
    time_zone: str = "UTC"
    payload: Mapping[str, Any] = field(default_factory=dict)
    of_source: SourceKind | None = None
    missed_run: MissedRun = "run_once"
    grace_seconds: int = GRACE

    def definition(self, description: str, source_id: int | None = None) -> Definition:
        """Return what is seeded."""
        given = {} if source_id is None else {"source_id": source_id}
        return Definition(
            name=self.kind,
            kind=self.kind,
            trigger=Crontab(self.crontab, self.time_zone),
            payload={**self.payload, **given},
            missed_run=self.missed_run,
            grace_seconds=self.grace_seconds,
            description=description,
        )


SEEDS: Final = (
    Seed("scrape.venue.vanwezel", "0 6 * * *", NEW_YORK, of_source="vanwezel"),
    Seed("scrape.venue.mote", "30 6 * * *", NEW_YORK, of_source="mote"),
    Seed("scrape.source.ingest_all", "0 */2 * * *"),
    Seed("scrape.adaptations.wikidata", "0 2 * * *"),
    Seed("scrape.adaptations.tmdb", "0 3 * * sun"),
    Seed("scrape.minifigures.catalog", "0 2 * * *"),
    Seed("price.minifigure.update_all", "0 */6 * * *"),
    Seed("price.discounts.recompute", "0 * * * *"),
    Seed("aggregation.price_history", "0 */6 * * *"),
    Seed("aggregation.snapshots.daily", "0 1 * * *"),
    Seed("aggregation.statistics", "0 1 * * *"),
    Seed("maintenance.refresh.content", "0 3 * * sun"),
    Seed("maintenance.refresh.people", "0 3 * * sun"),
    Seed("maintenance.cleanup.sync_logs", "0 4 1 * *"),
    Seed("maintenance.cleanup.listings", "0 3 * * sun"),
    Seed("maintenance.cleanup.discounts", "0 2 * * *"),
    Seed("maintenance.cleanup.sessions", "0 4 * * *"),
    Seed("maintenance.cleanup.tokens", "0 5 * * mon"),
    # How things were an hour ago, nobody can find out any more.
    Seed("maintenance.health", "0 * * * *", missed_run="skip", grace_seconds=300),
    Seed("maintenance.watchdog", "*/15 * * * *", missed_run="skip", grace_seconds=300),
)
