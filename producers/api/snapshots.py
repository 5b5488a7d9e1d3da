"""`/minifigures/{set_number}/snapshots`: what an item was offered for, day by day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from producers.api import problems
from producers.api.database import Database
from producers.api.minifigures import SetNumber
from producers.api.paging import READ, Cursor, IfNoneMatch, Next, cursor_of, fault, page, place_of
from producers.api.problems import Problem
from shared.catalog.minifigures import views
from shared.contracts.minifigures import Condition

router = APIRouter(tags=["minifigures"])

CURRENCY: Final = "^[A-Z]{3}$"
_PLACE: Final = TypeAdapter(
    tuple[date, Condition, Annotated[str, Field(pattern=CURRENCY)]],
)


class PriceSnapshot(BaseModel):
    """The fixed prices of a day, without shipping, in one condition and one currency."""

    snapshot_date: Annotated[date, Field(description="The day, in UTC")]
    condition: Condition
    currency: Annotated[str, Field(examples=["USD"])]
    min_price: float
    max_price: float
    avg_price: Annotated[float, Field(description="Arithmetic mean, to four decimals")]
    median_price: float
    listing_count: Annotated[int, Field(description="How many offers these numbers are of")]
    computed_at: Annotated[datetime, Field(description="When they last changed")]


class PriceSnapshots(BaseModel):
    """The newest day first."""

    snapshots: list[PriceSnapshot]
    next: Next


@router.get(
    "/minifigures/{set_number}/snapshots",
    summary="Daily prices of a minifigure or a set: least, most, mean, median",
    response_model=PriceSnapshots,
    responses={
        **READ,
        **problems.documented(problems.NO_SUCH_MINIFIGURE, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
    },
)
async def list_snapshots(
    request: Request,
    set_number: SetNumber,
    condition: Annotated[Condition | None, Query(description="Only this one; all when left out")] = None,
    currency: Annotated[str | None, Query(pattern=CURRENCY, description="Only this one; all when left out")] = None,
    since: Annotated[date | None, Query(alias="from", description="First day, in UTC")] = None,
    until: Annotated[date | None, Query(alias="to", description="Last day, in UTC")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Snapshots at most")] = 100,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List the snapshots of an item, the newest day first."""
    if since is not None and until is not None and until < since:
        raise fault("query.to", "is earlier than from")
    after = (None, None, None) if cursor is None else place_of(cursor, _PLACE)
    database: Database = request.app.state.database
    items = await database.rows(views.ITEM, (set_number,))
    if not items:
        raise Problem(problems.NO_SUCH_MINIFIGURE, f"The catalogue has no item {set_number}.")
    values = (items[0][0], condition, currency, since, until, *after, limit + 1)
    rows = await database.rows(views.SNAPSHOTS, values)
    following = cursor_of(rows[limit - 1][:3]) if len(rows) > limit else None
    return page("snapshots", [body for *_, body in rows[:limit]], following, if_none_match)
