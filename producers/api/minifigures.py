"""`/minifigures`: the catalogue, and what its items are offered for; asking for news of either."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from producers.api import problems
from producers.api.admin import PROBLEMS, needs
from producers.api.database import Database
from producers.api.messages import Accepted, accept
from producers.api.paging import READ, Cursor, IfNoneMatch, Next, answer, cursor_of, fault, page, place_of
from producers.api.problems import Problem
from shared.broker.wire import compose
from shared.catalog.minifigures import views
from shared.catalog.minifigures.records import ItemType, PriceKind
from shared.contracts.kind import EntityId
from shared.contracts.kinds import CONTRACTS
from shared.contracts.minifigures import Condition, FetchPrices, SyncCatalog

router = APIRouter(tags=["minifigures"])

WORDS: Final = "^[^\\x00]+$"
SetNumber = Annotated[
    str, Path(max_length=60, pattern=WORDS, description="Its number, in any case", examples=["sw0001a", "75192-1"])
]
_TEXT: Final = TypeAdapter(tuple[Annotated[str, Field(pattern=WORDS)]])
_PLACE: Final = TypeAdapter(tuple[date, Annotated[str, Field(pattern=WORDS)], Annotated[str, Field(pattern=WORDS)]])


class Minifigure(BaseModel):
    """A minifigure or a set, as the catalogue has it."""

    id: Annotated[int, Field(description="Our own id, by which prices are asked for")]
    set_number: Annotated[str, Field(examples=["sw0001a"])]
    item_type: ItemType
    name: str
    theme: str | None
    subtheme: str | None
    year: int | None
    image: str | None
    pieces: int | None
    minifigs: Annotated[int | None, Field(description="Of a set: how many minifigures it has")]
    synced_at: Annotated[datetime, Field(description="When something new was last learnt of it")]


class WholeMinifigure(Minifigure):
    """An item, and since when its prices are known."""

    priced_at: Annotated[dict[Condition, datetime], Field(description="When eBay was last asked, by condition")]


class Minifigures(BaseModel):
    """In the order of their numbers."""

    minifigures: list[Minifigure]
    next: Next


class PriceListing(BaseModel):
    """An offer as it was seen on a day."""

    observed_on: Annotated[date, Field(description="The day, in UTC")]
    source: Annotated[str, Field(examples=["ebay"])]
    item_id: Annotated[str, Field(description="The source's id of the offer")]
    title: str
    condition: Condition
    price: Annotated[float, Field(description="Without shipping; of an auction the current bid")]
    currency: Annotated[str, Field(examples=["USD"])]
    converted_from: Annotated[str | None, Field(description="The currency the seller asks, where it was converted")]
    shipping: Annotated[float | None, Field(description="null when unknown, which is not zero")]
    price_kind: PriceKind
    bids: int | None
    url: str | None
    image: str | None
    seller: str | None
    ends_at: datetime | None
    first_seen_at: Annotated[datetime, Field(description="When the offer was first seen, on this day or before")]
    observed_at: Annotated[datetime, Field(description="When it was first seen like this")]
    ended_at: Annotated[datetime | None, Field(description="When it was found to have ended; null while it was not")]


class PriceListings(BaseModel):
    """The newest day first."""

    listings: list[PriceListing]
    next: Next


@router.get(
    "/minifigures",
    summary="The catalogue of minifigures and sets",
    response_model=Minifigures,
    responses={**READ, **problems.documented(problems.INVALID_REQUEST, problems.DATABASE_AWAY)},
)
async def list_minifigures(
    request: Request,
    theme: Annotated[str | None, Query(max_length=100, pattern=WORDS, description="The whole of it, any case")] = None,
    year: Annotated[int | None, Query(ge=1900, le=2200, description="Of the first release")] = None,
    word: Annotated[ItemType | None, Query(alias="type", description="Only this type; both when left out")] = None,
    q: Annotated[
        str | None, Query(max_length=200, pattern=WORDS, description="Part of the name, or the start of the number")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Items at most")] = 50,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List items in the order of their numbers."""
    after = None if cursor is None else place_of(cursor, _TEXT)[0]
    rows = await _database(request).rows(views.ITEMS, (theme, year, word, q, after, limit + 1))
    following = cursor_of(rows[limit - 1][:1]) if len(rows) > limit else None
    return page("minifigures", [body for *_, body in rows[:limit]], following, if_none_match)


@router.get(
    "/minifigures/{set_number}",
    summary="A minifigure or a set",
    response_model=WholeMinifigure,
    responses={
        **READ,
        **problems.documented(problems.NO_SUCH_MINIFIGURE, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
    },
)
async def get_minifigure(request: Request, set_number: SetNumber, if_none_match: IfNoneMatch = None) -> Response:
    """Answer for one item."""
    _, body = await _item(request, set_number)
    return answer(body, if_none_match)


@router.get(
    "/minifigures/{set_number}/prices",
    summary="What a minifigure or a set was offered for",
    response_model=PriceListings,
    responses={
        **READ,
        **problems.documented(problems.NO_SUCH_MINIFIGURE, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
    },
)
async def list_prices(
    request: Request,
    set_number: SetNumber,
    condition: Annotated[Condition | None, Query(description="Only this one; all when left out")] = None,
    since: Annotated[date | None, Query(alias="from", description="First day, in UTC")] = None,
    until: Annotated[date | None, Query(alias="to", description="Last day, in UTC")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Offers at most")] = 50,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List the offers, a row for each and each day on which it was seen, the newest day first."""
    if since is not None and until is not None and until < since:
        raise fault("query.to", "is earlier than from")
    after = (None, None, None) if cursor is None else place_of(cursor, _PLACE)
    item, _ = await _item(request, set_number)
    rows = await _database(request).rows(views.LISTINGS, (item, condition, since, until, *after, limit + 1))
    following = cursor_of(rows[limit - 1][:3]) if len(rows) > limit else None
    return page("listings", [body for *_, body in rows[:limit]], following, if_none_match)


_ACCEPTED: Final[dict[int | str, dict[str, Any]]] = {
    202: {
        "description": "It is stored and will be published, also if the broker is away",
        "headers": {"Location": {"description": "Where to ask for its status", "schema": {"type": "string"}}},
    },
    **problems.documented(*PROBLEMS, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
}


@router.post(
    "/v1/admin/sync-catalog",
    summary="Bring the catalogue up to date from Brickset",
    status_code=202,
    dependencies=[needs("operator")],
    responses=_ACCEPTED,
)
async def sync_catalog(
    request: Request,
    response: Response,
    theme: Annotated[
        str | None, Query(min_length=1, max_length=100, pattern=WORDS, description="Of this theme only")
    ] = None,
    year: Annotated[int | None, Query(ge=1949, le=2100, description="Of this year only")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Items at most")] = 500,
) -> Accepted:
    """Ask for a sync: of a theme, of a year, or of what has changed since the last."""
    payload = SyncCatalog(theme=theme, year=year, limit=limit)
    return await accept(request, response, compose(CONTRACTS, payload, app_id="api"))


@router.post(
    "/v1/admin/fetch-prices/{minifigure_id}",
    summary="Fetch what an item is offered for",
    status_code=202,
    dependencies=[needs("operator")],
    responses={**_ACCEPTED, **problems.documented(problems.NO_SUCH_MINIFIGURE)},
)
async def fetch_prices(
    request: Request,
    response: Response,
    minifigure_id: Annotated[EntityId, Path(description="`id` of an item of GET /minifigures")],
    condition: Annotated[Condition, Query(description="In which condition")] = "NEW",
) -> Accepted:
    """Ask for a fetch from eBay."""
    known = await _database(request).rows("SELECT FROM minifigures WHERE id = $1", (minifigure_id,))
    if not known:
        raise Problem(problems.NO_SUCH_MINIFIGURE, f"The catalogue has no item whose id is {minifigure_id}.")
    payload = FetchPrices(minifigure_id=minifigure_id, condition=condition)
    return await accept(request, response, compose(CONTRACTS, payload, app_id="api"))


async def _item(request: Request, set_number: str) -> tuple[int, str]:
    """Return an item's id and its JSON; raises Problem."""
    for found, body in await _database(request).rows(views.ITEM, (set_number,)):
        return found, body
    raise Problem(problems.NO_SUCH_MINIFIGURE, f"The catalogue has no item {set_number}.")


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
