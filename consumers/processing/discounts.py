"""Stock near its expiry: batches by the hundred, their discounts, and what everything priced costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from consumers.run import Effect, Run
from consumers.task import handles, stores
from shared import clock, outbox
from shared.catalog.discounts.history import record_prices
from shared.catalog.discounts.recompute import recompute
from shared.catalog.discounts.store import receive
from shared.contracts import aggregation, prices


@stores(prices.BATCH_RECEIVED, bundle=500, wait=0.05)
def receive_batches(asks: Sequence[prices.BatchReceived], effect: Effect) -> None:
    """Store what many messages say of batches."""
    receive(effect.connection, asks, effect.published_at, clock.now())


@handles(prices.RECOMPUTE_DISCOUNTS)
def recompute_all_discounts(ask: prices.RecomputeDiscounts, run: Run) -> None:
    """Give every batch that expires soon the discount that the tiers have for it today."""
    looked_at = changed = ended = 0
    with run.finish() as effect:
        for piece in recompute(effect.connection, clock.now(), ask.days_threshold):
            looked_at += piece.looked_at
            changed += len(piece.changes)
            ended += sum(change.percent == 0 for change in piece.changes)
            effect.announce(*(change.fact() for change in piece.changes))
            # Into the outbox with them, slice by slice: however many change, few are in memory.
            outbox.put(effect.connection, effect.following)
            effect.following.clear()
        effect.result = {"batches": looked_at, "changed": changed, "ended": ended}


@handles(aggregation.UPDATE_PRICE_HISTORY)
def update_price_history(_ask: aggregation.UpdatePriceHistory, run: Run) -> None:
    """Add what everything priced costs to the history of this hour."""
    with run.finish() as effect:
        effect.result = asdict(record_prices(effect.connection, clock.now()))
