"""The words of the minifigures domain: the catalogue, and what its items are offered for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.kind import EntityId, Kind, Payload

Condition = Literal["NEW", "USED", "SEALED"]
"""New, used, or new in its unopened box."""

SetNumber = Annotated[str, Field(min_length=2, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]+$")]
"""What an item is catalogued as: BrickLink's number of a figure (sw0001a), Brickset's of a set (75192-1)."""


class SyncCatalog(Payload):
    """Read the catalogue from Brickset: of one theme, of one year, or what changed lately; `limit` items at most."""

    theme: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    year: Annotated[int, Field(ge=1949, le=2100)] | None = None
    limit: Annotated[int, Field(gt=0, le=10_000)] = 500


class FetchPrices(Payload):
    """Fetch what an item, by our own id, is offered for on eBay in one condition."""

    minifigure_id: EntityId
    condition: Condition


class FetchPricesByNumber(Payload):
    """Fetch what an item, by its number, is offered for on eBay in one condition."""

    set_number: SetNumber
    condition: Condition


class UpdateAllPrices(Payload):
    """Ask for the prices of the items priced longest ago, spaced so that eBay's limit holds."""

    batch_size: Annotated[int, Field(gt=0, le=1000)] = 50


class CatalogSynced(Payload):
    """The catalogue was read; the numbers say how many items were added or had changed."""

    theme: str | None
    year: int | None
    added: int
    changed: int


class MinifigurePriced(Payload):
    """Offers for an item were stored: how many, in one condition."""

    minifigure_id: EntityId
    set_number: str
    condition: Condition
    listings: int


SYNC_CATALOG = Kind(
    "scrape.minifigures.catalog",
    SyncCatalog,
    "Read sets and minifigures from Brickset.",
    example={"theme": "Star Wars", "year": 2020, "limit": 500},
)

FETCH_PRICES = Kind(
    "price.minifigure.fetch",
    FetchPrices,
    "Fetch what an item is offered for on eBay.",
    example={"minifigure_id": 1, "condition": "NEW"},
    entity="minifigure:{minifigure_id}",
)

FETCH_PRICES_BY_NUMBER = Kind(
    "price.minifigure.fetch_by_number",
    FetchPricesByNumber,
    "Fetch what an item, by its number, is offered for on eBay.",
    example={"set_number": "sw0001a", "condition": "USED"},
    entity="minifigure:{set_number}",
)

UPDATE_ALL_PRICES = Kind(
    "price.minifigure.update_all",
    UpdateAllPrices,
    "Ask for the prices of the items priced longest ago, spaced over time.",
    example={"batch_size": 50},
)

CATALOG_SYNCED = Kind(
    "facts.minifigures.synced",
    CatalogSynced,
    "The catalogue of minifigures and sets was brought up to date.",
    example={"theme": "Star Wars", "year": 2020, "added": 4, "changed": 1},
)

MINIFIGURE_PRICED = Kind(
    "facts.minifigure.priced",
    MinifigurePriced,
    "Offers for an item were stored.",
    example={"minifigure_id": 1, "set_number": "sw0001a", "condition": "USED", "listings": 17},
    entity="minifigure:{minifigure_id}",
)

KINDS = (SYNC_CATALOG, FETCH_PRICES, FETCH_PRICES_BY_NUMBER, UPDATE_ALL_PRICES, CATALOG_SYNCED, MINIFIGURE_PRICED)
