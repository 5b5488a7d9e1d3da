"""Stock near its expiry and what it is discounted to; `products`, `batches`, `discounts`, `price_history` are public.

A batch is a lot of a product. It has one discount at most, in `discounts`; what its discounts were is in
`discount_changes`. Which discount is given is in `discount_tiers` and `discount_floor`, which an operator changes.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    text,
    true,
)

from shared.database.metadata import metadata

Moment: Final = DateTime(timezone=True)
Money: Final = Numeric(12, 2)
Percent: Final = Numeric(5, 2)

products: Final = Table(
    "products",
    metadata,
    Column("sku", Text, primary_key=True, comment="What the inventory calls it"),
    Column("name", Text, comment="What people call it, where a batch said so"),
    Column("named_at", Moment, comment="When the message that named it was published"),
    Column("added_at", Moment, nullable=False, comment="When the first batch of it was stored"),
    comment="What is sold in batches",
)

batches: Final = Table(
    "batches",
    metadata,
    Column("sku", Text, ForeignKey("products.sku"), primary_key=True, comment="The product"),
    Column("lot", Text, primary_key=True, comment="What the inventory calls this lot of it"),
    Column("expires_on", Date, nullable=False, comment="The last day on which it may be sold"),
    Column("quantity", Integer, nullable=False, comment="How many there are; 0 is sold out"),
    Column("base_price", Money, nullable=False, comment="Price of one without a discount"),
    Column("currency", Text, nullable=False, comment="ISO 4217, such as EUR"),
    Column("received_at", Moment, nullable=False, comment="When it was first stored"),
    Column(
        "told_at", Moment, nullable=False, comment="When the message that says so was published; an older one is late"
    ),
    CheckConstraint("quantity >= 0", name="quantity"),
    CheckConstraint("base_price >= 0", name="base_price"),
    Index(None, "expires_on", "sku", "lot"),
    comment="Lots of products in stock",
)

discount_tiers: Final = Table(
    "discount_tiers",
    metadata,
    Column(
        "days_left", Integer, primary_key=True, autoincrement=False, comment="Counts with so many days left or fewer"
    ),
    Column(
        "min_quantity",
        Integer,
        primary_key=True,
        autoincrement=False,
        server_default=text("0"),
        comment="Counts with so many in stock or more",
    ),
    Column("percent", Percent, nullable=False, comment="Off the base price; of tiers that count the largest is given"),
    CheckConstraint("days_left BETWEEN 0 AND 3650", name="days_left"),
    CheckConstraint("min_quantity >= 0", name="min_quantity"),
    CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
    comment="Which discount is given for how many days to expiry and how much stock",
)

discount_floor: Final = Table(
    "discount_floor",
    metadata,
    Column("one", Boolean, primary_key=True, server_default=true(), comment="There is one row"),
    Column("percent", Percent, nullable=False, comment="No price is below so much of the base price"),
    Column("price", Money, nullable=False, comment="Nor below this, in whatever currency"),
    CheckConstraint("one", name="one"),
    CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
    CheckConstraint("price >= 0", name="price"),
    comment="What no discount goes below",
)

discounts: Final = Table(
    "discounts",
    metadata,
    Column("sku", Text, primary_key=True, comment="The product"),
    Column("lot", Text, primary_key=True, comment="The batch of it"),
    Column("percent", Percent, nullable=False, comment="Off the base price"),
    Column("base_price", Money, nullable=False, comment="The price it is off"),
    Column("price", Money, nullable=False, comment="The price it makes"),
    Column("currency", Text, nullable=False, comment="ISO 4217, of both prices"),
    Column("since", Moment, nullable=False, comment="When it was given"),
    Column("ended_at", Moment, comment="When it ended; null while it is given"),
    ForeignKeyConstraint(["sku", "lot"], ["batches.sku", "batches.lot"], ondelete="CASCADE"),
    CheckConstraint("percent > 0 AND percent <= 100", name="percent"),
    CheckConstraint("price >= 0 AND price < base_price", name="price"),
    comment="The latest discount of each batch that ever had one",
)

discount_changes: Final = Table(
    "discount_changes",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("sku", Text, nullable=False, comment="The product"),
    Column("lot", Text, nullable=False, comment="The batch of it"),
    Column("percent", Percent, nullable=False, comment="Off the base price from then on; 0 is no discount"),
    Column("base_price", Money, nullable=False, comment="The price it is off"),
    Column("price", Money, nullable=False, comment="The price it makes"),
    Column("currency", Text, nullable=False, comment="ISO 4217, of both prices"),
    Column("changed_at", Moment, nullable=False, comment="When it was given, changed or ended"),
    ForeignKeyConstraint(["sku", "lot"], ["batches.sku", "batches.lot"], ondelete="CASCADE"),
    Index(None, "sku", "lot", "id"),
    comment="Every change of a batch's discount, in their order",
)

price_history: Final = Table(
    "price_history",
    metadata,
    Column("recorded_at", Moment, primary_key=True, comment="The hour, in UTC"),
    Column("priced", Text, primary_key=True, comment="batch or minifigure"),
    Column("item", Text, primary_key=True, comment="The sku of a batch, the number of a minifigure or set"),
    Column("variant", Text, primary_key=True, comment="The lot of a batch, the condition of a minifigure or set"),
    Column("currency", Text, primary_key=True, comment="ISO 4217"),
    Column(
        "price", Numeric(14, 4), nullable=False, comment="Of a batch after its discount, else the median of the day"
    ),
    Column("base_price", Money, comment="Of a batch, before its discount"),
    Column("snapshot_date", Date, comment="Of a minifigure or set: the day, in UTC, whose median it is"),
    CheckConstraint("priced IN ('batch', 'minifigure')", name="priced"),
    Index(None, "item", "recorded_at"),
    comment="What everything priced cost, hour by hour",
)
