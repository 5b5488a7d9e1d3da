"""Daily snapshots of prices: what an item was offered for on a day, in a condition and a currency, in five numbers.

A day begins and ends at midnight UTC. What is summed up are fixed prices without shipping: an auction's bid is no price
until it ends. Nothing is averaged across currencies. A snapshot is always made of all that is known of its day, so
running it again changes nothing, and what arrives late is in it after the next run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    true,
)

from shared.database.engine import driver
from shared.database.metadata import metadata

price_snapshots: Final = Table(
    "price_snapshots",
    metadata,
    Column("snapshot_date", Date, primary_key=True, comment="The day, in UTC"),
    Column(
        "minifigure_id",
        Integer,
        ForeignKey("minifigures.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        comment="The item",
    ),
    Column("condition", Text, primary_key=True, comment="NEW, USED or SEALED"),
    Column("currency", Text, primary_key=True, comment="ISO 4217"),
    Column("min_price", Numeric(12, 2), nullable=False, comment="Lowest fixed price without shipping"),
    Column("max_price", Numeric(12, 2), nullable=False, comment="Highest"),
    Column("avg_price", Numeric(14, 4), nullable=False, comment="Arithmetic mean"),
    Column("median_price", Numeric(14, 4), nullable=False, comment="Median; between the two middle ones if even"),
    Column("listing_count", Integer, nullable=False, comment="How many offers these numbers are of"),
    Column("computed_at", DateTime(timezone=True), nullable=False, comment="When they last changed"),
    CheckConstraint("listing_count > 0", name="listing_count"),
    Index(None, "minifigure_id", "snapshot_date"),
    comment="Prices of a day, by item, condition and currency",
)

listing_retention: Final = Table(
    "listing_retention",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=true(), comment="There is one row at most"),
    Column("kept_since", Date, nullable=False, comment="Listings of earlier days have been, or are being, forgotten"),
    CheckConstraint("one", name="one"),
    comment="Since which day price listings are kept; no row: since ever",
)

# Groups are gathered by hashing, and each is sorted by itself: sorting all listings at once by group and
# price takes twice as long. Sorted prices give the median exactly; percentile_cont goes by way of binary fractions.
_AGGREGATE: Final = """
WITH gathered AS (
    SELECT minifigure_id, condition, currency, array_agg(price) AS prices, avg(price) AS mean,
        count(*)::integer AS number
    FROM price_listings
    WHERE observed_on = %(day)s AND price_kind = 'fixed' {item}
        AND %(day)s >= ALL (SELECT kept_since FROM listing_retention)
    GROUP BY minifigure_id, condition, currency
), today AS (
    SELECT minifigure_id, condition, currency, sorted[1] AS least, sorted[number] AS most, round(mean, 4) AS mean,
        (sorted[(number + 1) / 2] + sorted[number / 2 + 1]) / 2 AS median, number
    FROM gathered, LATERAL (
        SELECT array_agg(price ORDER BY price) AS sorted FROM unnest(prices) AS price OFFSET 0
    ) AS ordered
), written AS (
    INSERT INTO price_snapshots AS held
        (snapshot_date, minifigure_id, condition, currency, min_price, max_price, avg_price, median_price,
         listing_count, computed_at)
    SELECT %(day)s, minifigure_id, condition, currency, least, most, mean, median, number, %(at)s FROM today
    ON CONFLICT (snapshot_date, minifigure_id, condition, currency) DO UPDATE
    SET min_price = excluded.min_price, max_price = excluded.max_price, avg_price = excluded.avg_price,
        median_price = excluded.median_price, listing_count = excluded.listing_count,
        computed_at = excluded.computed_at
    WHERE (held.min_price, held.max_price, held.avg_price, held.median_price, held.listing_count)
        IS DISTINCT FROM
        (excluded.min_price, excluded.max_price, excluded.avg_price, excluded.median_price, excluded.listing_count)
    RETURNING 1
), gone AS (
    DELETE FROM price_snapshots AS held
    WHERE snapshot_date = %(day)s {item}
        AND %(day)s >= ALL (SELECT kept_since FROM listing_retention)
        AND NOT EXISTS (
            SELECT FROM today
            WHERE (today.minifigure_id, today.condition, today.currency)
                = (held.minifigure_id, held.condition, held.currency)
        )
    RETURNING 1
)
SELECT (SELECT count(*) FROM today), (SELECT count(*) FROM written), (SELECT count(*) FROM gone)
"""

_ALL: Final = _AGGREGATE.format(item="")
_ONE: Final = _AGGREGATE.format(item="AND minifigure_id = %(minifigure_id)s")

# Two runs for a day at once would each see half of what the other does.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('price_snapshots'), %(day)s::date - date '2000-01-01')"


@dataclass(frozen=True, slots=True)
class Aggregated:
    """What computing a day's snapshots did: how many there are, were written, and were removed."""

    snapshots: int
    written: int
    removed: int

    @property
    def changed(self) -> int:
        """How many are not as they were."""
        return self.written + self.removed


def forget_before(connection: Connection, day: date) -> None:
    """Note that listings of earlier days are about to be deleted; from now on their snapshots stay as they are."""
    driver(connection).execute(
        "INSERT INTO listing_retention (kept_since) VALUES (%s) ON CONFLICT (one) DO UPDATE"
        " SET kept_since = greatest(listing_retention.kept_since, excluded.kept_since)",
        (day,),
    )


def aggregate(connection: Connection, day: date, at: datetime, minifigure_id: int | None = None) -> Aggregated:
    """Compute the snapshots of a day, of one item or of all, by one statement; one that is as it was is not written.

    A day whose listings have been forgotten, even if some of them are still there, keeps the snapshots it has.
    """
    raw = driver(connection)
    values: dict[str, Any] = {"day": day, "at": at, "minifigure_id": minifigure_id}
    raw.execute(_LOCK, values)
    raw.execute("SET LOCAL work_mem = '64MB'")
    row = raw.execute(_ALL if minifigure_id is None else _ONE, values).fetchone() or (0, 0, 0)
    return Aggregated(*row)
