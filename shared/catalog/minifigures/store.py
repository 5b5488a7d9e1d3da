"""Writes the catalogue and what its items are offered for; each function works in its caller's transaction.

Sets of rows by one statement each, however many they are. A row that would not change is not written, so whatever
is stored twice is stored once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from shared.catalog.minifigures.records import Item, Offer
from shared.contracts.minifigures import Condition
from shared.database.engine import driver
from shared.errors import Permanent


class NotInCatalogue(Permanent):
    """There is no such item; prices are kept for what the catalogue has."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the catalogue has no {what}; `millrace minifigures import FILE` or a scrape.minifigures.catalog adds it"
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """How many rows were written for the first time, written anew, and left as they were."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Held:
    """An item as it stands in the catalogue, with our id of it."""

    id: int
    item: Item


@dataclass(frozen=True, slots=True)
class Priced:
    """What storing one fetch of offers did: rows of today, and offers found to have ended."""

    listings: Stored
    ended: int


# One writer of the catalogue at a time: of two that overlap, neither misses nor awaits rows of the other.
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtext('minifigures'))"

_GIVEN: Final = """
SELECT * FROM unnest(
    %(set_number)s::text[], %(item_type)s::text[], %(name)s::text[], %(theme)s::text[], %(subtheme)s::text[],
    %(year)s::smallint[], %(image)s::text[], %(pieces)s::integer[], %(minifigs)s::integer[]
) AS given (set_number, item_type, name, theme, subtheme, year, image, pieces, minifigs)
"""

# What is not told leaves what is stored. An insert that meets its row would use up one of our ids each time.
_SAVE_ITEMS: Final = f"""
WITH given AS ({_GIVEN}), news AS (
    SELECT held.id, given.item_type, given.name,
        coalesce(given.theme, held.theme) AS theme, coalesce(given.subtheme, held.subtheme) AS subtheme,
        coalesce(given.year, held.year) AS year, coalesce(given.image, held.image) AS image,
        coalesce(given.pieces, held.pieces) AS pieces, coalesce(given.minifigs, held.minifigs) AS minifigs
    FROM given JOIN minifigures AS held USING (set_number)
), changed AS (
    UPDATE minifigures AS held
    SET item_type = news.item_type, name = news.name, theme = news.theme, subtheme = news.subtheme, year = news.year,
        image = news.image, pieces = news.pieces, minifigs = news.minifigs, synced_at = %(at)s
    FROM news
    WHERE held.id = news.id AND
        (held.item_type, held.name, held.theme, held.subtheme, held.year, held.image, held.pieces, held.minifigs)
        IS DISTINCT FROM
        (news.item_type, news.name, news.theme, news.subtheme, news.year, news.image, news.pieces, news.minifigs)
    RETURNING held.id
), added AS (
    INSERT INTO minifigures
        (set_number, item_type, name, theme, subtheme, year, image, pieces, minifigs, synced_at)
    SELECT given.*, %(at)s FROM given
    WHERE NOT EXISTS (SELECT FROM minifigures AS held WHERE held.set_number = given.set_number)
    RETURNING id
)
SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM changed)
"""  # noqa: S608 - nothing but constants

_ITEM: Final = """
SELECT id, set_number, item_type, name, theme, subtheme, year, image, pieces, minifigs FROM minifigures
"""

_OFFERS: Final = """
SELECT * FROM unnest(
    %(item_id)s::text[], %(title)s::text[], %(condition)s::text[], %(price)s::numeric(12, 2)[], %(currency)s::text[],
    %(price_kind)s::text[], %(shipping)s::numeric(12, 2)[], %(bids)s::integer[], %(url)s::text[], %(image)s::text[],
    %(seller)s::text[], %(ends_at)s::timestamptz[], %(converted_from)s::text[]
) AS given (item_id, title, condition, price, currency, price_kind, shipping, bids, url, image, seller, ends_at,
            converted_from)
"""

_SAVE_OFFERS: Final = f"""
WITH given AS ({_OFFERS}), written AS (
    INSERT INTO price_listings AS held
        (minifigure_id, observed_on, source, item_id, title, condition, price, currency, price_kind, shipping, bids,
         url, image, seller, ends_at, converted_from, first_seen_at, observed_at)
    SELECT %(id)s, %(on)s, %(source)s, given.*, coalesce(earlier.first_seen_at, %(at)s), %(at)s
    FROM given LEFT JOIN (
        SELECT item_id, min(first_seen_at) AS first_seen_at FROM price_listings
        WHERE minifigure_id = %(id)s AND source = %(source)s GROUP BY item_id
    ) AS earlier USING (item_id)
    ORDER BY given.item_id
    ON CONFLICT (minifigure_id, observed_on, source, item_id) DO UPDATE
    SET title = excluded.title, condition = excluded.condition, price = excluded.price, currency = excluded.currency,
        price_kind = excluded.price_kind, shipping = excluded.shipping, bids = excluded.bids, url = excluded.url,
        image = excluded.image, seller = excluded.seller, ends_at = excluded.ends_at,
        converted_from = excluded.converted_from, observed_at = excluded.observed_at, ended_at = NULL
    WHERE (held.title, held.condition, held.price, held.currency, held.price_kind, held.shipping, held.bids, held.url,
           held.image, held.seller, held.ends_at, held.converted_from, held.ended_at)
        IS DISTINCT FROM
        (excluded.title, excluded.condition, excluded.price, excluded.currency, excluded.price_kind,
         excluded.shipping, excluded.bids, excluded.url, excluded.image, excluded.seller, excluded.ends_at,
         excluded.converted_from, NULL::timestamptz)
    -- Whatever this statement itself inserts has never been updated.
    RETURNING xmax = 0 AS added
)
SELECT count(*) FILTER (WHERE added), count(*) FILTER (WHERE NOT added) FROM written
"""  # noqa: S608

# The last row of each offer is of the day of the fetch before this one, or of today.
_END: Final = """
UPDATE price_listings AS held
SET ended_at = least(held.ends_at, %(at)s)
WHERE held.minifigure_id = %(id)s AND held.source = %(source)s AND held.condition = %(wanted)s
    AND held.observed_on >= %(since)s AND held.ended_at IS NULL AND held.item_id <> ALL (%(seen)s::text[])
    AND (%(whole)s OR held.ends_at <= %(at)s)
    AND NOT EXISTS (
        SELECT FROM price_listings AS later
        WHERE later.minifigure_id = held.minifigure_id AND later.source = held.source
            AND later.item_id = held.item_id AND later.observed_on > held.observed_on
    )
"""

# An item is as old as the oldest of its prices; what was never asked for is the oldest.
_LEAST_RECENT: Final = """
WITH wanted AS (
    SELECT item.id, applies.condition, greatest(known.due_at, known.priced_at) AS last
    FROM minifigures AS item
    JOIN unnest(%(types)s::text[], %(conditions)s::text[]) AS applies (item_type, condition) USING (item_type)
    LEFT JOIN price_fetches AS known ON known.minifigure_id = item.id AND known.condition = applies.condition
), due AS (
    SELECT id, min(coalesce(last, '-infinity')) AS oldest FROM wanted
    WHERE last IS NULL OR last < %(before)s
    GROUP BY id ORDER BY oldest, id LIMIT %(limit)s
)
SELECT id, condition FROM wanted JOIN due USING (id)
WHERE last IS NULL OR last < %(before)s
ORDER BY oldest, id, condition
"""


def save_items(connection: Connection, items: Iterable[Item], at: datetime) -> Stored:
    """Add items to the catalogue, or bring those it has up to date; of one that is given repeatedly the last counts."""
    distinct = {item.set_number: item for item in items}
    if not distinct:
        return Stored(0, 0, 0)
    raw = driver(connection)
    raw.execute(_LOCK)
    values = {each.name: [getattr(item, each.name) for item in distinct.values()] for each in fields(Item)}
    added, changed = raw.execute(_SAVE_ITEMS, {**values, "at": at}).fetchone() or (0, 0)
    return Stored(added, changed, len(distinct) - added - changed)


def item_by_id(connection: Connection, minifigure_id: int) -> Held:
    """Return an item by our id; raises NotInCatalogue."""
    row = driver(connection).execute(f"{_ITEM} WHERE id = %s", (minifigure_id,)).fetchone()
    return _held(row, f"minifigure {minifigure_id}")


def item_by_number(connection: Connection, set_number: str) -> Held:
    """Return an item by its number, in whatever case; raises NotInCatalogue."""
    row = driver(connection).execute(f"{_ITEM} WHERE set_number = %s", (set_number.lower(),)).fetchone()
    return _held(row, f"item {set_number}")


def synced_until(connection: Connection, source: str) -> datetime | None:
    """Return the time up to which a source's changes have been read; None if they never were."""
    row = driver(connection).execute("SELECT synced_until FROM catalogue_syncs WHERE source = %s", (source,)).fetchone()
    return None if row is None else row[0]


def mark_synced(connection: Connection, source: str, until: datetime) -> None:
    """Note that a source's changes have been read up to a time; an earlier one than is known changes nothing."""
    driver(connection).execute(
        "INSERT INTO catalogue_syncs AS held VALUES (%s, %s) ON CONFLICT (source)"
        " DO UPDATE SET synced_until = excluded.synced_until WHERE held.synced_until < excluded.synced_until",
        (source, until),
    )


def save_offers(
    connection: Connection,
    minifigure_id: int,
    condition: Condition,
    source: str,
    offers: Sequence[Offer],
    at: datetime,
    *,
    whole: bool,
) -> Priced | None:
    """Store what an item is offered for in a condition, as asked at a time; None if it was asked again since.

    `offers` have distinct ids. They are `whole` if there were no more than these: what was seen before and is not
    among them has ended. Otherwise only that has whose own end has come.
    """
    raw = driver(connection)
    known = {"id": minifigure_id, "wanted": condition, "source": source, "at": at}
    raw.execute("INSERT INTO price_fetches VALUES (%(id)s, %(wanted)s) ON CONFLICT DO NOTHING", known)
    # Locks the pair: two fetches of the same prices are stored one after the other.
    row = raw.execute(
        "SELECT priced_at FROM price_fetches WHERE minifigure_id = %(id)s AND condition = %(wanted)s FOR UPDATE",
        known,
    ).fetchone()
    before: datetime | None = None if row is None else row[0]
    if before is not None and before > at:
        return None
    today = _day(at)
    values = {each.name: [getattr(offer, each.name) for offer in offers] for each in fields(Offer)}
    added, changed = raw.execute(_SAVE_OFFERS, {**values, **known, "on": today}).fetchone() or (0, 0)
    seen = [offer.item_id for offer in offers]
    since = today if before is None else _day(before)
    ended = raw.execute(_END, {**known, "seen": seen, "since": since, "whole": whole}).rowcount
    raw.execute(
        "UPDATE price_fetches SET priced_at = %(at)s WHERE minifigure_id = %(id)s AND condition = %(wanted)s", known
    )
    return Priced(Stored(added, changed, len(offers) - added - changed), ended)


def ask_for_prices(
    connection: Connection,
    conditions: Sequence[tuple[str, Condition]],
    limit: int,
    at: datetime,
    *,
    rest: timedelta,
    spacing: timedelta,
) -> list[tuple[int, Condition, datetime]]:
    """Choose the `limit` items priced or asked for the longest ago, and note for each of their prices when it is due.

    `conditions` pairs the types of items with what they are priced in. What was asked for or fetched less than
    `rest` ago, or is still to come, is left out. The first is due when all that was asked for before has been.
    """
    raw = driver(connection)
    # Two that choose at once would choose the same.
    raw.execute("SELECT pg_advisory_xact_lock(hashtext('price_fetches'))")
    types, words = [one for one, _ in conditions], [word for _, word in conditions]
    values = {"types": types, "conditions": words, "limit": limit, "before": at - rest}
    pairs: list[tuple[int, Condition]] = raw.execute(_LEAST_RECENT, values).fetchall()
    latest = raw.execute("SELECT max(due_at) FROM price_fetches").fetchone()
    start = at if latest is None or latest[0] is None else max(at, latest[0] + spacing)
    asked = [(item, condition, start + place * spacing) for place, (item, condition) in enumerate(pairs)]
    raw.execute(
        """
        INSERT INTO price_fetches AS held (minifigure_id, condition, due_at)
        SELECT * FROM unnest(%s::integer[], %s::text[], %s::timestamptz[]) AS given (id, condition, due_at)
        ORDER BY id, condition
        ON CONFLICT (minifigure_id, condition) DO UPDATE SET due_at = excluded.due_at
        """,
        [list(column) for column in zip(*asked, strict=True)] if asked else [[], [], []],
    )
    return asked


def _held(row: Sequence[Any] | None, what: str) -> Held:
    if row is None:
        raise NotInCatalogue(what)
    return Held(row[0], Item(*row[1:]))


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
