"""Sources and the listings they hold; public tables, which others read.

A source is an address from which a venue's evenings are read; a listing is one evening as one source tells it. A
listing that its source no longer names stays, with the time at which it was withdrawn. Times are in UTC.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from shared.database.metadata import metadata

Moment: Final = DateTime(timezone=True)

sources: Final = Table(
    "sources",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True),
    Column("name", Text, nullable=False, comment="What people call it"),
    Column("url", Text, nullable=False, comment="What is read"),
    Column("kind", Text, nullable=False, comment="How it is read: ical, jsonld, vanwezel or mote"),
    Column("time_zone", Text, nullable=False, comment="IANA zone of times that come without one"),
    Column("robots", Text, nullable=False, server_default=text("'obey'"), comment="obey, or ignore its robots.txt"),
    Column("robots_reason", Text, comment="Why robots.txt may be ignored, or who said so"),
    Column("parent_id", Integer, ForeignKey("sources.id", ondelete="CASCADE"), comment="The source that found it"),
    Column("enabled", Boolean, nullable=False, server_default=true(), comment="Whether it is read at all"),
    Column("added_at", Moment, nullable=False, comment="When it was registered"),
    Column("retired_at", Moment, comment="When the source that found it no longer named it; null while it does"),
    Column("etag", Text, comment="Version of what is stored, when all of it is"),
    Column("last_modified", Text, comment="The same, as a time in the words of the site"),
    Column("synced_at", Moment, comment="When its listings were last read and stored"),
    Column("checked_at", Moment, comment="When it last answered, if only that nothing has changed"),
    Column("suspected_at", Moment, comment="Since when it yields suspiciously few listings; null while all is well"),
    Column("suspicions", Integer, nullable=False, server_default=text("0"), comment="In a row, up to the last reading"),
    Column("last_yield", Integer, comment="Listings of the last reading"),
    Column("last_broken", Integer, comment="Entries of the last reading that could not be read"),
    Column("last_problems", JSONB, comment="The first of these: entry and problem"),
    UniqueConstraint("url"),
    CheckConstraint("kind IN ('ical', 'jsonld', 'vanwezel', 'mote')", name="kind"),
    CheckConstraint("robots IN ('obey', 'ignore')", name="robots"),
    comment="Where listings are read from: feeds, pages and sites",
)

venue_listings: Final = Table(
    "venue_listings",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column(
        "source_id",
        Integer,
        ForeignKey("sources.id", ondelete="CASCADE"),
        nullable=False,
        comment="The source that names it",
    ),
    Column("key", Text, nullable=False, comment="Its name within the source; stays when the evening is moved"),
    Column("title", Text, nullable=False),
    Column("starts_at", Moment, nullable=False, comment="Of an all-day listing the midnight in time_zone"),
    Column("ends_at", Moment, comment="Of an all-day listing the first midnight after it"),
    Column("all_day", Boolean, nullable=False, comment="Whether only days are known, and no time of day"),
    Column("time_zone", Text, nullable=False, comment="IANA zone of the venue"),
    Column("status", Text, nullable=False, comment="scheduled, cancelled or postponed"),
    Column("venue", Text, comment="Name of the place"),
    Column("address", Text, comment="Address of the place"),
    Column("description", Text),
    Column("url", Text, comment="Page about it"),
    Column("image", Text, comment="Absolute address of a picture"),
    Column("ticket_url", Text, comment="Where tickets are sold"),
    Column("availability", Text, comment="on_sale, sold_out, coming_soon or free; null when not said"),
    Column("price_text", Text, comment="The price in the source's own words"),
    Column("price_low", Numeric, comment="Lowest price of a ticket"),
    Column("price_high", Numeric, comment="Highest price of a ticket"),
    Column("currency", Text, comment="ISO 4217, such as USD"),
    Column("organizer", Text),
    Column("categories", ARRAY(Text), nullable=False, server_default=text("'{}'"), comment="In the source's words"),
    Column("first_seen_at", Moment, nullable=False, comment="When it was first stored"),
    Column("changed_at", Moment, nullable=False, comment="When this row last changed"),
    Column("withdrawn_at", Moment, comment="When its source no longer named it; null while it does"),
    UniqueConstraint("source_id", "key"),
    CheckConstraint("status IN ('scheduled', 'cancelled', 'postponed')", name="status"),
    CheckConstraint("availability IN ('on_sale', 'sold_out', 'coming_soon', 'free')", name="availability"),
    Index(None, "starts_at", "id"),
    comment="Evenings at venues, as their sources tell them",
)
