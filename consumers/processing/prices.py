"""Prices that other services have seen: stored by the hundred."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.run import Effect
from consumers.task import stores
from shared import clock
from shared.catalog.minifigures.observations import store_observations
from shared.contracts.prices import PRICES_OBSERVED, PricesObserved


@stores(PRICES_OBSERVED, bundle=500, wait=0.05)
def store_observed_prices(asks: Sequence[PricesObserved], effect: Effect) -> None:
    """Store the observations of many messages at once."""
    store_observations(effect.connection, [each for ask in asks for each in ask.observations], clock.now())
