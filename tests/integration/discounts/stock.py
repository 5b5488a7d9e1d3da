"""Stock that the tests of discounts speak of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from psycopg.rows import dict_row
from sqlalchemy import Engine

from shared.catalog.discounts import recompute, store
from shared.catalog.discounts.recompute import Change
from shared.catalog.discounts.rules import Floor, Tier
from shared.catalog.discounts.store import Terms
from shared.contracts.prices import BatchReceived
from shared.database.engine import driver

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOON.date()


def batch(sku: str = "YOG-150", lot: str = "L1", *, days_left: int = 12, **more: Any) -> BatchReceived:
    """Return what an inventory says of a batch."""
    told: dict[str, Any] = {"expires_on": TODAY + timedelta(days=days_left), "quantity": 10, "currency": "EUR", **more}
    return BatchReceived(sku=sku, lot=lot, **{**told, "base_price": Decimal(told.get("base_price", "10.00"))})


@dataclass(slots=True)
class Shop:
    """Stock and its discounts."""

    engine: Engine

    def receive(self, *batches: BatchReceived, told: datetime | Sequence[datetime] = NOON, at: datetime = NOON) -> None:
        """Store batches as one bundle."""
        times = [told] * len(batches) if isinstance(told, datetime) else told
        with self.engine.begin() as connection:
            store.receive(connection, batches, times, at)

    def recompute(self, at: datetime = NOON, threshold: int = 30) -> list[Change]:
        """Recompute all discounts and return what has changed."""
        with self.engine.begin() as connection:
            return [change for piece in recompute.recompute(connection, at, threshold) for change in piece.changes]

    def terms(self, *tiers: Tier, floor: Floor | None = None) -> None:
        """Set other tiers, and another floor."""
        with self.engine.begin() as connection:
            store.set_terms(connection, Terms(tiers, floor or Floor()))

    def end_expired(self, at: datetime, limit: int = 100) -> list[Change]:
        """End discounts of what has expired."""
        with self.engine.begin() as connection:
            return recompute.end_expired(connection, at, limit)

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of a statement."""
        with self.engine.begin() as connection, driver(connection).cursor(row_factory=dict_row) as cursor:
            return cursor.execute(statement, values).fetchall()

    def run(self, statement: str, *values: Any) -> None:
        """Run a statement that answers nothing."""
        with self.engine.begin() as connection:
            driver(connection).execute(statement, values or None)

    def current(self) -> dict[tuple[str, str], tuple[Any, Any]]:
        """Return percentage and price of each discount that is given."""
        rows = self.rows("SELECT * FROM discounts WHERE ended_at IS NULL")
        return {(row["sku"], row["lot"]): (row["percent"], row["price"]) for row in rows}

    def history(self, sku: str = "YOG-150", lot: str = "L1") -> list[tuple[Any, Any, date]]:
        """Return a batch's discounts: percentage, price and day of each change."""
        statement = "SELECT * FROM discount_changes WHERE sku = %s AND lot = %s ORDER BY id"
        return [(row["percent"], row["price"], row["changed_at"].date()) for row in self.rows(statement, sku, lot)]
