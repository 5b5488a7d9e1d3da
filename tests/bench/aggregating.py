"""Seconds for the price snapshots of a day with many listings: first computed, and computed again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date

import psycopg
from sqlalchemy import Engine

from shared import clock
from shared.catalog.minifigures.snapshots import aggregate
from shared.database.engine import open_engine
from tests.bench.figures import Contender, Figures
from tests.bench.stack import Stack

WHAT = "daily snapshots of 1,000,000 listings, 20,000 groups"
OURS = Contender(WHAT, "Millrace, first run of a day", "s", ours=True)
AGAIN = Contender(WHAT, "Millrace, the same day again", "s", ours=True)

ITEMS = 10_000
FIRST = date(2026, 1, 1)

_ITEMS = """
INSERT INTO minifigures (set_number, item_type, name, synced_at)
SELECT 'bench' || n, 'minifigure', 'Figure', now() FROM generate_series(1, %s) AS n
"""

_LISTINGS = """
INSERT INTO price_listings (minifigure_id, observed_on, source, item_id, title, condition, price, currency, price_kind,
                            first_seen_at, observed_at)
SELECT item.id, %(day)s, 'bench', n || '-' || item.id, 'x', (ARRAY['NEW', 'USED'])[1 + n %% 2],
    (hashint4(n * 10007 + item.id) & 131071) / 100.0, 'USD', 'fixed', now(), now()
FROM minifigures AS item, generate_series(1, %(each)s) AS n WHERE set_number LIKE 'bench%%'
"""


def measure(stack: Stack, figures: Figures, *, listings: int, tell: Callable[[str], None]) -> None:
    """Fill one day, compute its snapshots and compute them again."""
    engine = open_engine(stack.database, pool=1, name="bench")
    tell(f"a day of {listings:,} listings is filled")
    with psycopg.connect(stack.database, autocommit=True) as connection:
        connection.execute(_ITEMS, (ITEMS,))
        connection.execute(_LISTINGS, {"day": FIRST, "each": listings // ITEMS})
        connection.execute("VACUUM ANALYZE price_listings")
    for contender in (OURS, AGAIN):
        tell(f"{contender.what}: {contender.who}")
        figures.add(contender, _seconds(engine, FIRST))
    engine.dispose()


def _seconds(engine: Engine, day: date) -> float:
    began = time.perf_counter()
    with engine.begin() as connection:
        aggregate(connection, day, clock.now())
    return time.perf_counter() - began
