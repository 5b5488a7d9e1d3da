"""`/discounts`: what is discounted because it expires soon; `/v1/admin/discount-tiers`: how much for whom."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Self

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from producers.api import problems
from producers.api.admin import PROBLEMS, needs
from producers.api.database import Database
from producers.api.paging import READ, Cursor, IfNoneMatch, Next, answer, cursor_of, page, place_of
from producers.api.problems import Problem
from shared import clock
from shared.catalog.discounts import store, views
from shared.catalog.discounts.rules import Floor, Tier

router = APIRouter(tags=["discounts"])

MOST_TIERS: Final = 100
"""More than anybody can oversee."""

WORDS: Final = "^[^\\x00]+$"
_Text = Annotated[str, Field(pattern=WORDS)]
_PLACE: Final = TypeAdapter(tuple[date, _Text, _Text])

Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=5, decimal_places=2, examples=[30])]
Money = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2, examples=[0.1])]
DaysLeft = Annotated[int, Field(description="0 on the last day on which it may be sold")]


class DiscountedBatch(BaseModel):
    """A batch that is discounted now."""

    sku: Annotated[str, Field(examples=["YOG-150"])]
    lot: Annotated[str, Field(examples=["L2411"])]
    name: str | None
    expires_on: Annotated[date, Field(description="The last day on which it may be sold")]
    days_left: DaysLeft
    quantity: int
    percent: Annotated[float, Field(description="Off base_price")]
    base_price: float
    price: float
    currency: Annotated[str, Field(examples=["EUR"])]
    since: Annotated[datetime, Field(description="When this discount was given")]


class Discounts(BaseModel):
    """The soonest expiry first."""

    discounts: list[DiscountedBatch]
    next: Next


class Given(BaseModel):
    """A discount."""

    percent: float
    price: float
    since: datetime


class Change(BaseModel):
    """A discount was given, changed or ended."""

    changed_at: datetime
    percent: Annotated[float, Field(description="0 when it ended")]
    base_price: float
    price: float
    currency: str


class Batch(BaseModel):
    """A batch, its discount, and what that was before."""

    sku: str
    lot: str
    name: str | None
    expires_on: date
    days_left: Annotated[int, Field(description="Negative when it has expired")]
    quantity: int
    base_price: float
    currency: str
    discount: Given | None
    history: Annotated[list[Change], Field(description="The latest first, 1000 at most")]


class AskedTier(BaseModel):
    """So much off for what has so few days left, and so much in stock."""

    model_config = ConfigDict(extra="forbid")

    days_left: Annotated[
        int, Field(ge=0, le=3650, strict=True, description="So many days left, or fewer", examples=[7])
    ]
    min_quantity: Annotated[int, Field(ge=0, lt=2**31, strict=True, description="So many in stock, or more")] = 0
    percent: Annotated[Percent, Field(description="Off the base price; of tiers that count the largest is given")]


class AskedFloor(BaseModel):
    """What no discount goes below."""

    model_config = ConfigDict(extra="forbid")

    percent: Annotated[Percent, Field(description="Of the base price", examples=[20])]
    price: Annotated[Money, Field(description="In whatever currency the batch is priced")]


class AskedTiers(BaseModel):
    """The whole table."""

    model_config = ConfigDict(extra="forbid")

    tiers: Annotated[list[AskedTier], Field(max_length=MOST_TIERS)]
    floor: AskedFloor

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({(tier.days_left, tier.min_quantity) for tier in self.tiers}) < len(self.tiers):
            raise ValueError("two tiers have the same days_left and min_quantity")
        return self


class ShownTier(BaseModel):
    """A tier as it holds."""

    days_left: int
    min_quantity: int
    percent: float


class ShownFloor(BaseModel):
    """The floor as it holds."""

    percent: float
    price: float


class Tiers(BaseModel):
    """All tiers, those of the last days first; they count from the next recomputation on."""

    tiers: list[ShownTier]
    floor: ShownFloor


@router.get(
    "/discounts",
    summary="What is discounted because it expires soon",
    response_model=Discounts,
    responses={**READ, **problems.documented(problems.INVALID_REQUEST, problems.DATABASE_AWAY)},
)
async def list_discounts(
    request: Request,
    sku: Annotated[str | None, Query(max_length=64, pattern=WORDS, description="Of this product only")] = None,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$", description="Priced in this currency only")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Batches at most")] = 50,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List the discounts of batches that are for sale today (UTC), the soonest expiry first."""
    after = (None, None, None) if cursor is None else place_of(cursor, _PLACE)
    rows = await _database(request).rows(views.DISCOUNTS, (_today(), sku, currency, *after, limit + 1))
    following = cursor_of(rows[limit - 1][:3]) if len(rows) > limit else None
    return page("discounts", [body for *_, body in rows[:limit]], following, if_none_match)


@router.get(
    # Inventories put slashes into their words, and %2F arrives as one.
    "/discounts/{sku}/{lot:path}",
    summary="A batch, its discount, and what that was before",
    response_model=Batch,
    responses={
        **READ,
        **problems.documented(problems.NO_SUCH_BATCH, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
    },
)
async def get_batch(
    request: Request,
    sku: Annotated[str, Path(max_length=64, pattern=WORDS, description="The product", examples=["YOG-150"])],
    lot: Annotated[str, Path(max_length=128, pattern=WORDS, description="The batch of it", examples=["L2411"])],
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Answer for one batch, discounted or not."""
    pieces = f"{sku}/{lot}".split("/")
    ends = range(1, len(pieces))
    skus, batches = ["/".join(pieces[:end]) for end in ends], ["/".join(pieces[end:]) for end in ends]
    for (body,) in await _database(request).rows(views.BATCH, (_today(), skus, batches)):
        return answer(body, if_none_match)
    raise Problem(problems.NO_SUCH_BATCH, f"No batch {lot} of {sku} was ever received.")


@router.get(
    "/v1/admin/discount-tiers",
    summary="Which discount is given to whom",
    response_model=Tiers,
    dependencies=[needs("viewer")],
    responses={**READ, **problems.documented(*PROBLEMS, problems.INVALID_REQUEST, problems.DATABASE_AWAY)},
)
async def get_tiers(request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """Show all tiers and the floor."""
    return await _tiers(request, if_none_match)


@router.put(
    "/v1/admin/discount-tiers",
    summary="Set which discount is given to whom",
    response_model=Tiers,
    dependencies=[needs("admin")],
    responses={
        200: READ[200],
        **problems.documented(*PROBLEMS, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
    },
)
async def put_tiers(request: Request, body: AskedTiers) -> Response:
    """Let these be all the tiers, and this the floor; they count from the next recomputation on."""
    tiers = tuple(Tier(tier.days_left, tier.percent, tier.min_quantity) for tier in body.tiers)
    wanted = store.Terms(tiers, Floor(body.floor.percent, body.floor.price))
    await _database(request).call(store.set_terms, wanted)
    return await _tiers(request, None)


async def _tiers(request: Request, if_none_match: str | None) -> Response:
    ((body,),) = await _database(request).rows(views.TIERS)
    return answer(body, if_none_match)


def _today() -> date:
    return clock.now().date()


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
