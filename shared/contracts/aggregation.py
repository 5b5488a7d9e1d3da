"""The words of aggregation: daily snapshots of prices, price history, statistics."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Self

from pydantic import Field, model_validator

from shared.contracts.kind import EntityId, Kind, Payload

LONGEST_BACKFILL = 3660
"""Days one backfill may span: ten years."""


class AggregateDay(Payload):
    """Compute the price snapshots of a day (UTC); of yesterday when none is given."""

    target_date: date | None = None


class AggregateMinifigure(Payload):
    """Compute the price snapshots of one item for a day (UTC); for today when none is given."""

    minifigure_id: EntityId
    target_date: date | None = None


class BackfillSnapshots(Payload):
    """Compute the snapshots of each day from `start_date` to `end_date`, both included, one message a day."""

    start_date: date
    end_date: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        days = (self.end_date - self.start_date).days + 1
        if not 1 <= days <= LONGEST_BACKFILL:
            raise ValueError(f"a backfill spans 1 to {LONGEST_BACKFILL} days, from start_date to end_date")
        return self


class UpdatePriceHistory(Payload):
    """Record what everything priced costs right now."""


class UpdateStatistics(Payload):
    """Count what is held, and store the totals."""


class SnapshotsAggregated(Payload):
    """The snapshots of a day are stored: how many there are, and how many were added, changed or removed."""

    target_date: date
    snapshots: Annotated[int, Field(ge=0)]
    changed: Annotated[int, Field(ge=0)]


AGGREGATE_DAY = Kind(
    "aggregation.snapshots.daily",
    AggregateDay,
    "Compute the price snapshots of a day.",
    example={"target_date": "2026-11-21"},
    entity="snapshots:{target_date}",
)

AGGREGATE_MINIFIGURE = Kind(
    "aggregation.snapshots.minifigure",
    AggregateMinifigure,
    "Compute the price snapshots of one item for a day.",
    example={"minifigure_id": 1, "target_date": "2026-11-22"},
    entity="minifigure:{minifigure_id}",
)

BACKFILL_SNAPSHOTS = Kind(
    "aggregation.snapshots.backfill",
    BackfillSnapshots,
    "Compute the price snapshots of each day of a range.",
    example={"start_date": "2026-10-01", "end_date": "2026-10-31"},
    entity="backfill:{start_date}..{end_date}",
)

UPDATE_PRICE_HISTORY = Kind(
    "aggregation.price_history", UpdatePriceHistory, "Record what everything priced costs right now.", example={}
)

UPDATE_STATISTICS = Kind("aggregation.statistics", UpdateStatistics, "Count what is held.", example={})

SNAPSHOTS_AGGREGATED = Kind(
    "facts.snapshots.aggregated",
    SnapshotsAggregated,
    "The price snapshots of a day are stored.",
    example={"target_date": "2026-11-21", "snapshots": 5120, "changed": 12},
    entity="snapshots:{target_date}",
)

KINDS = (
    AGGREGATE_DAY,
    AGGREGATE_MINIFIGURE,
    BACKFILL_SNAPSHOTS,
    UPDATE_PRICE_HISTORY,
    UPDATE_STATISTICS,
    SNAPSHOTS_AGGREGATED,
)
