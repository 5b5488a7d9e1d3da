"""Discounts of what has expired are ended, some at a time."""

from __future__ import annotations

from typing import Final

from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.catalog.discounts.recompute import end_expired
from shared.contracts.maintenance import CLEANUP_DISCOUNTS, CleanupDiscounts

SLICE: Final = 2000
"""Discounts ended by one message, so that no transaction is long; the next slice is a message of its own."""


@handles(CLEANUP_DISCOUNTS)
def cleanup_expired_discounts(ask: CleanupDiscounts, run: Run) -> None:
    """End discounts of batches that have expired, and ask for the next slice if there may be more."""
    with run.finish() as effect:
        ended = end_expired(effect.connection, clock.now(), SLICE)
        effect.announce(*(change.fact() for change in ended))
        if len(ended) == SLICE:
            effect.ask(ask)
        effect.result = {"ended": len(ended), "more": len(ended) == SLICE}
