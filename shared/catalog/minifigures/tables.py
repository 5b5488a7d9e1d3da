"""Minifigures and sets, and what they are offered for; `minifigures` and `price_listings` are public tables.

An offer has a row for each day on which it was seen, so that a day's prices can be summed up at any time later, and
whatever is known of one day is in the rows of that day alone.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
)

from shared.database.metadata import metadata

Moment: Final = DateTime(timezone=True)


def _item(comment: str) -> Column[Any]:
    key = ForeignKey("minifigures.id", ondelete="CASCADE")
    return Column("minifigure_id", Integer, key, primary_key=True, autoincrement=False, comment=comment)


minifigures: Final = Table(
    "minifigures",
    metadata,
    Column("id", Integer, Identity(always=True), primary_key=True, comment="Our own id, by which prices are asked for"),
    Column(
        "set_number",
        Text,
        nullable=False,
        comment="BrickLink's number of a figure (sw0001a), Brickset's of a set (75192-1), in lower case",
    ),
    Column("item_type", Text, nullable=False, comment="minifigure or set"),
    Column("name", Text, nullable=False, comment="As the catalogue has it"),
    Column("theme", Text, comment="Such as Star Wars"),
    Column("subtheme", Text, comment="Such as Ultimate Collector Series"),
    Column("year", SmallInteger, comment="Year of its first release"),
    Column("image", Text, comment="Absolute address of a picture"),
    Column("pieces", Integer, comment="How many parts a set, or a figure, has"),
    Column("minifigs", Integer, comment="How many minifigures a set has"),
    Column("synced_at", Moment, nullable=False, comment="When something new was last learnt of it"),
    CheckConstraint("item_type IN ('minifigure', 'set')", name="item_type"),
    CheckConstraint("set_number = lower(set_number)", name="set_number"),
    Index(None, "set_number", unique=True),
    comment="The catalogue: minifigures, and the sets they come in",
)

catalogue_syncs: Final = Table(
    "catalogue_syncs",
    metadata,
    Column("source", Text, primary_key=True, comment="brickset"),
    Column("synced_until", Moment, nullable=False, comment="What changed there before this has been read"),
    comment="How far the changes of a source's catalogue have been read",
)

price_fetches: Final = Table(
    "price_fetches",
    metadata,
    _item("The item"),
    Column("condition", Text, primary_key=True, comment="NEW, USED or SEALED"),
    Column("due_at", Moment, comment="When the fetch asked for last is to begin"),
    Column("priced_at", Moment, comment="When eBay was last asked for it with success"),
    CheckConstraint("condition IN ('NEW', 'USED', 'SEALED')", name="condition"),
    comment="When the prices of an item in a condition were asked for, and fetched",
)

price_listings: Final = Table(
    "price_listings",
    metadata,
    _item("The item that is offered"),
    Column("observed_on", Date, primary_key=True, comment="The day, in UTC"),
    Column(
        "source", Text, primary_key=True, comment="Where it is offered: ebay, or what another service calls its own"
    ),
    Column("item_id", Text, primary_key=True, comment="The source's id of the offer"),
    Column("title", Text, nullable=False, comment="What the seller wrote"),
    Column("condition", Text, nullable=False, comment="NEW, USED or SEALED (new in its unopened box)"),
    Column("price", Numeric(12, 2), nullable=False, comment="Without shipping; of an auction the current bid"),
    Column("currency", Text, nullable=False, comment="ISO 4217, such as USD"),
    Column("converted_from", Text, comment="The currency the seller asks, where the source converted it"),
    Column("shipping", Numeric(12, 2), comment="In the same currency; null when unknown, which is not zero"),
    Column("price_kind", Text, nullable=False, comment="fixed or auction"),
    Column("bids", Integer, comment="Of an auction"),
    Column("url", Text, comment="Absolute address of the offer"),
    Column("image", Text, comment="Absolute address of a picture"),
    Column("seller", Text, comment="The seller's name at the source"),
    Column("ends_at", Moment, comment="When it will end, or did, where that is known"),
    Column(
        "first_seen_at", Moment, nullable=False, comment="When the offer was first seen, on this day or an earlier one"
    ),
    Column("observed_at", Moment, nullable=False, comment="When it was first seen as this row has it"),
    Column("ended_at", Moment, comment="When it was found to have ended; a row of a later day says that it came back"),
    CheckConstraint("condition IN ('NEW', 'USED', 'SEALED')", name="condition"),
    CheckConstraint("price_kind IN ('fixed', 'auction')", name="price_kind"),
    Index(None, "observed_on", "minifigure_id"),
    comment="Offers as they were seen: a row for each offer and day",
)
