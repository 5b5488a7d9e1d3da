"""The discounts domain: batches in stock, their discounts, what everything priced cost; and statistics of it all."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE products (
            sku      text PRIMARY KEY,
            name     text,
            named_at timestamptz,
            added_at timestamptz NOT NULL
        );
        COMMENT ON TABLE products IS 'What is sold in batches';
        COMMENT ON COLUMN products.sku IS 'What the inventory calls it';
        COMMENT ON COLUMN products.name IS 'What people call it, where a batch said so';
        COMMENT ON COLUMN products.named_at IS 'When the message that named it was published';
        COMMENT ON COLUMN products.added_at IS 'When the first batch of it was stored';

        CREATE TABLE batches (
            sku         text REFERENCES products,
            lot         text,
            expires_on  date NOT NULL,
            quantity    integer NOT NULL,
            base_price  numeric(12, 2) NOT NULL,
            currency    text NOT NULL,
            received_at timestamptz NOT NULL,
            told_at     timestamptz NOT NULL,
            PRIMARY KEY (sku, lot),
            CONSTRAINT batches_quantity_check CHECK (quantity >= 0),
            CONSTRAINT batches_base_price_check CHECK (base_price >= 0)
        );
        -- The soonest expiry first is how discounts are listed.
        CREATE INDEX batches_expires_on_sku_lot_idx ON batches (expires_on, sku, lot);
        COMMENT ON TABLE batches IS 'Lots of products in stock';
        COMMENT ON COLUMN batches.sku IS 'The product';
        COMMENT ON COLUMN batches.lot IS 'What the inventory calls this lot of it';
        COMMENT ON COLUMN batches.expires_on IS 'The last day on which it may be sold';
        COMMENT ON COLUMN batches.quantity IS 'How many there are; 0 is sold out';
        COMMENT ON COLUMN batches.base_price IS 'Price of one without a discount';
        COMMENT ON COLUMN batches.currency IS 'ISO 4217, such as EUR';
        COMMENT ON COLUMN batches.received_at IS 'When it was first stored';
        COMMENT ON COLUMN batches.told_at IS 'When the message that says so was published; an older one is late';

        CREATE TABLE discount_tiers (
            days_left    integer,
            min_quantity integer DEFAULT 0,
            percent      numeric(5, 2) NOT NULL,
            PRIMARY KEY (days_left, min_quantity),
            CONSTRAINT discount_tiers_days_left_check CHECK (days_left BETWEEN 0 AND 3650),
            CONSTRAINT discount_tiers_min_quantity_check CHECK (min_quantity >= 0),
            CONSTRAINT discount_tiers_percent_check CHECK (percent BETWEEN 0 AND 100)
        );
        COMMENT ON TABLE discount_tiers IS
            'Which discount is given for how many days to expiry and how much stock';
        COMMENT ON COLUMN discount_tiers.days_left IS 'Counts with so many days left or fewer';
        COMMENT ON COLUMN discount_tiers.min_quantity IS 'Counts with so many in stock or more';
        COMMENT ON COLUMN discount_tiers.percent IS
            'Off the base price; of tiers that count the largest is given';
        INSERT INTO discount_tiers (days_left, percent) VALUES (30, 10), (21, 20), (14, 30), (7, 50), (2, 70);

        CREATE TABLE discount_floor (
            one     boolean PRIMARY KEY DEFAULT true,
            percent numeric(5, 2) NOT NULL,
            price   numeric(12, 2) NOT NULL,
            CONSTRAINT discount_floor_one_check CHECK (one),
            CONSTRAINT discount_floor_percent_check CHECK (percent BETWEEN 0 AND 100),
            CONSTRAINT discount_floor_price_check CHECK (price >= 0)
        );
        COMMENT ON TABLE discount_floor IS 'What no discount goes below';
        COMMENT ON COLUMN discount_floor.one IS 'There is one row';
        COMMENT ON COLUMN discount_floor.percent IS 'No price is below so much of the base price';
        COMMENT ON COLUMN discount_floor.price IS 'Nor below this, in whatever currency';
        INSERT INTO discount_floor (percent, price) VALUES (20, 0);

        CREATE TABLE discounts (
            sku        text,
            lot        text,
            percent    numeric(5, 2) NOT NULL,
            base_price numeric(12, 2) NOT NULL,
            price      numeric(12, 2) NOT NULL,
            currency   text NOT NULL,
            since      timestamptz NOT NULL,
            ended_at   timestamptz,
            PRIMARY KEY (sku, lot),
            FOREIGN KEY (sku, lot) REFERENCES batches ON DELETE CASCADE,
            CONSTRAINT discounts_percent_check CHECK (percent > 0 AND percent <= 100),
            CONSTRAINT discounts_price_check CHECK (price >= 0 AND price < base_price)
        );
        COMMENT ON TABLE discounts IS 'The latest discount of each batch that ever had one';
        COMMENT ON COLUMN discounts.sku IS 'The product';
        COMMENT ON COLUMN discounts.lot IS 'The batch of it';
        COMMENT ON COLUMN discounts.percent IS 'Off the base price';
        COMMENT ON COLUMN discounts.base_price IS 'The price it is off';
        COMMENT ON COLUMN discounts.price IS 'The price it makes';
        COMMENT ON COLUMN discounts.currency IS 'ISO 4217, of both prices';
        COMMENT ON COLUMN discounts.since IS 'When it was given';
        COMMENT ON COLUMN discounts.ended_at IS 'When it ended; null while it is given';

        CREATE TABLE discount_changes (
            id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            sku        text NOT NULL,
            lot        text NOT NULL,
            percent    numeric(5, 2) NOT NULL,
            base_price numeric(12, 2) NOT NULL,
            price      numeric(12, 2) NOT NULL,
            currency   text NOT NULL,
            changed_at timestamptz NOT NULL,
            FOREIGN KEY (sku, lot) REFERENCES batches ON DELETE CASCADE
        );
        CREATE INDEX discount_changes_sku_lot_id_idx ON discount_changes (sku, lot, id);
        COMMENT ON TABLE discount_changes IS 'Every change of a batch''s discount, in their order';
        COMMENT ON COLUMN discount_changes.sku IS 'The product';
        COMMENT ON COLUMN discount_changes.lot IS 'The batch of it';
        COMMENT ON COLUMN discount_changes.percent IS 'Off the base price from then on; 0 is no discount';
        COMMENT ON COLUMN discount_changes.base_price IS 'The price it is off';
        COMMENT ON COLUMN discount_changes.price IS 'The price it makes';
        COMMENT ON COLUMN discount_changes.currency IS 'ISO 4217, of both prices';
        COMMENT ON COLUMN discount_changes.changed_at IS 'When it was given, changed or ended';

        CREATE TABLE price_history (
            recorded_at   timestamptz,
            priced        text,
            item          text,
            variant       text,
            currency      text,
            price         numeric(14, 4) NOT NULL,
            base_price    numeric(12, 2),
            snapshot_date date,
            PRIMARY KEY (recorded_at, priced, item, variant, currency),
            CONSTRAINT price_history_priced_check CHECK (priced IN ('batch', 'minifigure'))
        );
        CREATE INDEX price_history_item_recorded_at_idx ON price_history (item, recorded_at);
        COMMENT ON TABLE price_history IS 'What everything priced cost, hour by hour';
        COMMENT ON COLUMN price_history.recorded_at IS 'The hour, in UTC';
        COMMENT ON COLUMN price_history.priced IS 'batch or minifigure';
        COMMENT ON COLUMN price_history.item IS 'The sku of a batch, the number of a minifigure or set';
        COMMENT ON COLUMN price_history.variant IS 'The lot of a batch, the condition of a minifigure or set';
        COMMENT ON COLUMN price_history.currency IS 'ISO 4217';
        COMMENT ON COLUMN price_history.price IS 'Of a batch after its discount, else the median of the day';
        COMMENT ON COLUMN price_history.base_price IS 'Of a batch, before its discount';
        COMMENT ON COLUMN price_history.snapshot_date IS
            'Of a minifigure or set: the day, in UTC, whose median it is';

        CREATE TABLE site_statistics (
            day           date PRIMARY KEY,
            totals        jsonb NOT NULL,
            active_users  integer NOT NULL,
            works_by_type jsonb NOT NULL,
            computed_at   timestamptz NOT NULL
        );
        COMMENT ON TABLE site_statistics IS 'How much is held, day by day';
        COMMENT ON COLUMN site_statistics.day IS 'The day, in UTC, on which it was counted';
        COMMENT ON COLUMN site_statistics.totals IS 'Numbers by name: works, series, users, ...';
        COMMENT ON COLUMN site_statistics.active_users IS 'Users seen in the 30 days before';
        COMMENT ON COLUMN site_statistics.works_by_type IS 'Works by type; unknown where Wikidata does not say';
        COMMENT ON COLUMN site_statistics.computed_at IS 'When it was last counted on that day';
        """
    )
