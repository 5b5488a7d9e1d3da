"""The minifigures domain: the catalogue of minifigures and sets, and what they are offered for."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE minifigures (
            id         integer GENERATED ALWAYS AS IDENTITY,
            set_number text NOT NULL,
            item_type  text NOT NULL,
            name       text NOT NULL,
            theme      text,
            subtheme   text,
            year       smallint,
            image      text,
            pieces     integer,
            minifigs   integer,
            synced_at  timestamptz NOT NULL,
            PRIMARY KEY (id),
            CONSTRAINT minifigures_item_type_check CHECK (item_type IN ('minifigure', 'set')),
            CONSTRAINT minifigures_set_number_check CHECK (set_number = lower(set_number))
        );
        CREATE UNIQUE INDEX minifigures_set_number_idx ON minifigures (set_number);
        COMMENT ON TABLE minifigures IS 'The catalogue: minifigures, and the sets they come in';
        COMMENT ON COLUMN minifigures.id IS 'Our own id, by which prices are asked for';
        COMMENT ON COLUMN minifigures.set_number IS
            'BrickLink''s number of a figure (sw0001a), Brickset''s of a set (75192-1), in lower case';
        COMMENT ON COLUMN minifigures.item_type IS 'minifigure or set';
        COMMENT ON COLUMN minifigures.name IS 'As the catalogue has it';
        COMMENT ON COLUMN minifigures.theme IS 'Such as Star Wars';
        COMMENT ON COLUMN minifigures.subtheme IS 'Such as Ultimate Collector Series';
        COMMENT ON COLUMN minifigures.year IS 'Year of its first release';
        COMMENT ON COLUMN minifigures.image IS 'Absolute address of a picture';
        COMMENT ON COLUMN minifigures.pieces IS 'How many parts a set, or a figure, has';
        COMMENT ON COLUMN minifigures.minifigs IS 'How many minifigures a set has';
        COMMENT ON COLUMN minifigures.synced_at IS 'When something new was last learnt of it';

        CREATE TABLE catalogue_syncs (
            source       text,
            synced_until timestamptz NOT NULL,
            PRIMARY KEY (source)
        );
        COMMENT ON TABLE catalogue_syncs IS 'How far the changes of a source''s catalogue have been read';
        COMMENT ON COLUMN catalogue_syncs.source IS 'brickset';
        COMMENT ON COLUMN catalogue_syncs.synced_until IS 'What changed there before this has been read';

        CREATE TABLE price_fetches (
            minifigure_id integer REFERENCES minifigures ON DELETE CASCADE,
            condition     text,
            due_at        timestamptz,
            priced_at     timestamptz,
            PRIMARY KEY (minifigure_id, condition),
            CONSTRAINT price_fetches_condition_check CHECK (condition IN ('NEW', 'USED', 'SEALED'))
        );
        COMMENT ON TABLE price_fetches IS 'When the prices of an item in a condition were asked for, and fetched';
        COMMENT ON COLUMN price_fetches.minifigure_id IS 'The item';
        COMMENT ON COLUMN price_fetches.condition IS 'NEW, USED or SEALED';
        COMMENT ON COLUMN price_fetches.due_at IS 'When the fetch asked for last is to begin';
        COMMENT ON COLUMN price_fetches.priced_at IS 'When eBay was last asked for it with success';

        CREATE TABLE price_listings (
            minifigure_id  integer REFERENCES minifigures ON DELETE CASCADE,
            observed_on    date,
            source         text,
            item_id        text,
            title          text NOT NULL,
            condition      text NOT NULL,
            price          numeric(12, 2) NOT NULL,
            currency       text NOT NULL,
            converted_from text,
            shipping       numeric(12, 2),
            price_kind     text NOT NULL,
            bids           integer,
            url            text,
            image          text,
            seller         text,
            ends_at        timestamptz,
            first_seen_at  timestamptz NOT NULL,
            observed_at    timestamptz NOT NULL,
            ended_at       timestamptz,
            PRIMARY KEY (minifigure_id, observed_on, source, item_id),
            CONSTRAINT price_listings_condition_check CHECK (condition IN ('NEW', 'USED', 'SEALED')),
            CONSTRAINT price_listings_price_kind_check CHECK (price_kind IN ('fixed', 'auction'))
        );
        -- Days are summed up over all items, and forgotten: both begin with the day.
        CREATE INDEX price_listings_observed_on_minifigure_id_idx ON price_listings (observed_on, minifigure_id);
        COMMENT ON TABLE price_listings IS 'Offers as they were seen: a row for each offer and day';
        COMMENT ON COLUMN price_listings.minifigure_id IS 'The item that is offered';
        COMMENT ON COLUMN price_listings.observed_on IS 'The day, in UTC';
        COMMENT ON COLUMN price_listings.source IS 'Where it is offered: ebay, or what another service calls its own';
        COMMENT ON COLUMN price_listings.item_id IS 'The source''s id of the offer';
        COMMENT ON COLUMN price_listings.title IS 'What the seller wrote';
        COMMENT ON COLUMN price_listings.condition IS 'NEW, USED or SEALED (new in its unopened box)';
        COMMENT ON COLUMN price_listings.price IS 'Without shipping; of an auction the current bid';
        COMMENT ON COLUMN price_listings.currency IS 'ISO 4217, such as USD';
        COMMENT ON COLUMN price_listings.converted_from IS
            'The currency the seller asks, where the source converted it';
        COMMENT ON COLUMN price_listings.shipping IS 'In the same currency; null when unknown, which is not zero';
        COMMENT ON COLUMN price_listings.price_kind IS 'fixed or auction';
        COMMENT ON COLUMN price_listings.bids IS 'Of an auction';
        COMMENT ON COLUMN price_listings.url IS 'Absolute address of the offer';
        COMMENT ON COLUMN price_listings.image IS 'Absolute address of a picture';
        COMMENT ON COLUMN price_listings.seller IS 'The seller''s name at the source';
        COMMENT ON COLUMN price_listings.ends_at IS 'When it will end, or did, where that is known';
        COMMENT ON COLUMN price_listings.first_seen_at IS
            'When the offer was first seen, on this day or an earlier one';
        COMMENT ON COLUMN price_listings.observed_at IS 'When it was first seen as this row has it';
        COMMENT ON COLUMN price_listings.ended_at IS
            'When it was found to have ended; a row of a later day says that it came back';
        """
    )
