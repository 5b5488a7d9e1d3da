"""Sources, and the listings that are read from them."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE sources (
            id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name          text NOT NULL,
            url           text NOT NULL UNIQUE,
            kind          text NOT NULL,
            time_zone     text NOT NULL,
            robots        text NOT NULL DEFAULT 'obey',
            robots_reason text,
            parent_id     integer REFERENCES sources ON DELETE CASCADE,
            enabled       boolean NOT NULL DEFAULT true,
            added_at      timestamptz NOT NULL,
            retired_at    timestamptz,
            etag          text,
            last_modified text,
            synced_at     timestamptz,
            checked_at    timestamptz,
            suspected_at  timestamptz,
            suspicions    integer NOT NULL DEFAULT 0,
            last_yield    integer,
            last_broken   integer,
            last_problems jsonb,
            CONSTRAINT sources_kind_check CHECK (kind IN ('ical', 'jsonld', 'vanwezel', 'mote')),
            CONSTRAINT sources_robots_check CHECK (robots IN ('obey', 'ignore'))
        );
        COMMENT ON TABLE sources IS 'Where listings are read from: feeds, pages and sites';
        COMMENT ON COLUMN sources.name IS 'What people call it';
        COMMENT ON COLUMN sources.url IS 'What is read';
        COMMENT ON COLUMN sources.kind IS 'How it is read: ical, jsonld, vanwezel or mote';
        COMMENT ON COLUMN sources.time_zone IS 'IANA zone of times that come without one';
        COMMENT ON COLUMN sources.robots IS 'obey, or ignore its robots.txt';
        COMMENT ON COLUMN sources.robots_reason IS 'Why robots.txt may be ignored, or who said so';
        COMMENT ON COLUMN sources.parent_id IS 'The source that found it';
        COMMENT ON COLUMN sources.enabled IS 'Whether it is read at all';
        COMMENT ON COLUMN sources.added_at IS 'When it was registered';
        COMMENT ON COLUMN sources.retired_at IS 'When the source that found it no longer named it; null while it does';
        COMMENT ON COLUMN sources.etag IS 'Version of what is stored, when all of it is';
        COMMENT ON COLUMN sources.last_modified IS 'The same, as a time in the words of the site';
        COMMENT ON COLUMN sources.synced_at IS 'When its listings were last read and stored';
        COMMENT ON COLUMN sources.checked_at IS 'When it last answered, if only that nothing has changed';
        COMMENT ON COLUMN sources.suspected_at IS
            'Since when it yields suspiciously few listings; null while all is well';
        COMMENT ON COLUMN sources.suspicions IS 'In a row, up to the last reading';
        COMMENT ON COLUMN sources.last_yield IS 'Listings of the last reading';
        COMMENT ON COLUMN sources.last_broken IS 'Entries of the last reading that could not be read';
        COMMENT ON COLUMN sources.last_problems IS 'The first of these: entry and problem';

        CREATE TABLE venue_listings (
            id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            source_id     integer NOT NULL REFERENCES sources ON DELETE CASCADE,
            key           text NOT NULL,
            title         text NOT NULL,
            starts_at     timestamptz NOT NULL,
            ends_at       timestamptz,
            all_day       boolean NOT NULL,
            time_zone     text NOT NULL,
            status        text NOT NULL,
            venue         text,
            address       text,
            description   text,
            url           text,
            image         text,
            ticket_url    text,
            availability  text,
            price_text    text,
            price_low     numeric,
            price_high    numeric,
            currency      text,
            organizer     text,
            categories    text[] NOT NULL DEFAULT '{}',
            first_seen_at timestamptz NOT NULL,
            changed_at    timestamptz NOT NULL,
            withdrawn_at  timestamptz,
            UNIQUE (source_id, key),
            CONSTRAINT venue_listings_availability_check
                CHECK (availability IN ('on_sale', 'sold_out', 'coming_soon', 'free')),
            CONSTRAINT venue_listings_status_check CHECK (status IN ('scheduled', 'cancelled', 'postponed'))
        );
        CREATE INDEX venue_listings_starts_at_id_idx ON venue_listings (starts_at, id);
        COMMENT ON TABLE venue_listings IS 'Evenings at venues, as their sources tell them';
        COMMENT ON COLUMN venue_listings.source_id IS 'The source that names it';
        COMMENT ON COLUMN venue_listings.key IS 'Its name within the source; stays when the evening is moved';
        COMMENT ON COLUMN venue_listings.starts_at IS 'Of an all-day listing the midnight in time_zone';
        COMMENT ON COLUMN venue_listings.ends_at IS 'Of an all-day listing the first midnight after it';
        COMMENT ON COLUMN venue_listings.all_day IS 'Whether only days are known, and no time of day';
        COMMENT ON COLUMN venue_listings.time_zone IS 'IANA zone of the venue';
        COMMENT ON COLUMN venue_listings.status IS 'scheduled, cancelled or postponed';
        COMMENT ON COLUMN venue_listings.venue IS 'Name of the place';
        COMMENT ON COLUMN venue_listings.address IS 'Address of the place';
        COMMENT ON COLUMN venue_listings.url IS 'Page about it';
        COMMENT ON COLUMN venue_listings.image IS 'Absolute address of a picture';
        COMMENT ON COLUMN venue_listings.ticket_url IS 'Where tickets are sold';
        COMMENT ON COLUMN venue_listings.availability IS 'on_sale, sold_out, coming_soon or free; null when not said';
        COMMENT ON COLUMN venue_listings.price_text IS 'The price in the source''s own words';
        COMMENT ON COLUMN venue_listings.price_low IS 'Lowest price of a ticket';
        COMMENT ON COLUMN venue_listings.price_high IS 'Highest price of a ticket';
        COMMENT ON COLUMN venue_listings.currency IS 'ISO 4217, such as USD';
        COMMENT ON COLUMN venue_listings.categories IS 'In the source''s words';
        COMMENT ON COLUMN venue_listings.first_seen_at IS 'When it was first stored';
        COMMENT ON COLUMN venue_listings.changed_at IS 'When this row last changed';
        COMMENT ON COLUMN venue_listings.withdrawn_at IS 'When its source no longer named it; null while it does';
        """
    )
