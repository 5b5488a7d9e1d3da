"""Daily snapshots of prices, and backfills of them."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE price_snapshots (
            snapshot_date date,
            minifigure_id integer REFERENCES minifigures ON DELETE CASCADE,
            condition     text,
            currency      text,
            min_price     numeric(12, 2) NOT NULL,
            max_price     numeric(12, 2) NOT NULL,
            avg_price     numeric(14, 4) NOT NULL,
            median_price  numeric(14, 4) NOT NULL,
            listing_count integer NOT NULL,
            computed_at   timestamptz NOT NULL,
            PRIMARY KEY (snapshot_date, minifigure_id, condition, currency),
            CONSTRAINT price_snapshots_listing_count_check CHECK (listing_count > 0)
        );
        CREATE INDEX price_snapshots_minifigure_id_snapshot_date_idx ON price_snapshots (minifigure_id, snapshot_date);
        COMMENT ON TABLE price_snapshots IS 'Prices of a day, by item, condition and currency';
        COMMENT ON COLUMN price_snapshots.snapshot_date IS 'The day, in UTC';
        COMMENT ON COLUMN price_snapshots.minifigure_id IS 'The item';
        COMMENT ON COLUMN price_snapshots.condition IS 'NEW, USED or SEALED';
        COMMENT ON COLUMN price_snapshots.currency IS 'ISO 4217';
        COMMENT ON COLUMN price_snapshots.min_price IS 'Lowest fixed price without shipping';
        COMMENT ON COLUMN price_snapshots.max_price IS 'Highest';
        COMMENT ON COLUMN price_snapshots.avg_price IS 'Arithmetic mean';
        COMMENT ON COLUMN price_snapshots.median_price IS 'Median; between the two middle ones if even';
        COMMENT ON COLUMN price_snapshots.listing_count IS 'How many offers these numbers are of';
        COMMENT ON COLUMN price_snapshots.computed_at IS 'When they last changed';

        CREATE TABLE listing_retention (
            one        boolean PRIMARY KEY DEFAULT true,
            kept_since date NOT NULL,
            CONSTRAINT listing_retention_one_check CHECK (one)
        );
        COMMENT ON TABLE listing_retention IS 'Since which day price listings are kept; no row: since ever';
        COMMENT ON COLUMN listing_retention.one IS 'There is one row at most';
        COMMENT ON COLUMN listing_retention.kept_since IS
            'Listings of earlier days have been, or are being, forgotten';

        CREATE TABLE backfills (
            id         text PRIMARY KEY,
            start_date date NOT NULL,
            end_date   date NOT NULL,
            next_date  date NOT NULL,
            state      text NOT NULL,
            changed    integer NOT NULL,
            started_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            CONSTRAINT backfills_state_check CHECK (state IN ('running', 'cancelled', 'finished'))
        );
        COMMENT ON TABLE backfills IS 'Backfills of price snapshots, and how far they are';
        COMMENT ON COLUMN backfills.id IS 'Correlation id of its messages';
        COMMENT ON COLUMN backfills.start_date IS 'First day';
        COMMENT ON COLUMN backfills.end_date IS 'Last day';
        COMMENT ON COLUMN backfills.next_date IS 'The day that comes next';
        COMMENT ON COLUMN backfills.state IS 'running, cancelled or finished';
        COMMENT ON COLUMN backfills.changed IS 'Snapshots written or removed so far';
        COMMENT ON COLUMN backfills.started_at IS 'When its first day was done';
        COMMENT ON COLUMN backfills.updated_at IS 'When its latest day was done';
        """
    )
