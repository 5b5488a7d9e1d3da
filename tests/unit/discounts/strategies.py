"""Batches, tiers and floors as they may be, for the tests of the rules and of the SQL that computes the same."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from shared.catalog.discounts.rules import Floor, Tier

PERCENT = st.decimals(0, 100, places=2)
MONEY = st.one_of(
    st.decimals(0, 2, places=2), st.decimals(0, 100, places=2), st.decimals(0, Decimal("9999999999.99"), places=2)
)
QUANTITIES = st.one_of(st.integers(0, 20), st.integers(0, 2**31 - 1))
DAYS_LEFT = st.integers(-3, 60)
TIERS = st.lists(
    st.builds(Tier, st.integers(0, 60), PERCENT, st.integers(0, 20)),
    max_size=8,
    unique_by=lambda tier: (tier.days_left, tier.min_quantity),
)
FLOORS = st.builds(Floor, PERCENT | st.just(Decimal(0)), MONEY | st.just(Decimal(0)))
