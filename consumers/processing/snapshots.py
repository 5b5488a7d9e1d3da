"""Daily snapshots of prices: of a day, of one item, of a long range of days."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.catalog.minifigures import backfills, store
from shared.catalog.minifigures.snapshots import aggregate
from shared.contracts import aggregation


@handles(aggregation.AGGREGATE_DAY)
def aggregate_daily_snapshots(ask: aggregation.AggregateDay, run: Run) -> None:
    """Compute the snapshots of a day; of yesterday, as of the time of publishing, when none is given."""
    day = ask.target_date or (run.published_at() - timedelta(days=1)).date()
    with run.finish() as effect:
        done = aggregate(effect.connection, day, clock.now())
        effect.announce(
            aggregation.SnapshotsAggregated(target_date=day, snapshots=done.snapshots, changed=done.changed)
        )
        effect.result = {"target_date": day.isoformat(), **asdict(done)}


@handles(aggregation.AGGREGATE_MINIFIGURE)
def aggregate_snapshot_for_minifigure(ask: aggregation.AggregateMinifigure, run: Run) -> None:
    """Compute the snapshots of one item for a day; for the day of publishing when none is given."""
    day = ask.target_date or run.published_at().date()
    with run.finish() as effect:
        held = store.item_by_id(effect.connection, ask.minifigure_id)
        done = aggregate(effect.connection, day, clock.now(), held.id)
        effect.result = {"target_date": day.isoformat(), "set_number": held.item.set_number, **asdict(done)}


@handles(aggregation.BACKFILL_SNAPSHOTS)
def backfill_snapshots(ask: aggregation.BackfillSnapshots, run: Run) -> None:
    """Compute the snapshots of the first day of a range, and ask for the rest of it."""
    backfill, at = run.message.correlation_id, clock.now()
    with run.finish() as effect:
        if not backfills.begin_day(effect.connection, backfill, ask.start_date, ask.end_date, at):
            effect.result = {"backfill": backfill, "cancelled": True}
            return
        done = aggregate(effect.connection, ask.start_date, at)
        backfills.end_day(effect.connection, backfill, ask.start_date, done.changed)
        if ask.start_date < ask.end_date:
            following = ask.start_date + timedelta(days=1)
            effect.ask(aggregation.BackfillSnapshots(start_date=following, end_date=ask.end_date))
        effect.result = {"backfill": backfill, "target_date": ask.start_date.isoformat(), **asdict(done)}
