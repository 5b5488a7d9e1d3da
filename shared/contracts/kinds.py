"""Every kind there is: add a domain's `KINDS` here and the line knows it."""

from __future__ import annotations

from shared.contracts import adaptations, aggregation, maintenance, minifigures, prices, screen, venues
from shared.contracts.registry import Contracts

CONTRACTS = Contracts(
    (
        *screen.KINDS,
        *venues.KINDS,
        *adaptations.KINDS,
        *minifigures.KINDS,
        *prices.KINDS,
        *aggregation.KINDS,
        *maintenance.KINDS,
    )
)
