"""`/v1/admin/aggregate-snapshots` and `/v1/backfills`: asking for snapshots of prices, and backfills under way."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, Self
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from producers import backfills as changes
from producers.api import problems
from producers.api.admin import PROBLEMS, needs
from producers.api.database import Database
from producers.api.messages import Accepted, accept
from producers.api.problems import Problem
from shared.broker.wire import compose
from shared.catalog.minifigures import backfills
from shared.contracts.aggregation import LONGEST_BACKFILL, AggregateDay, AggregateMinifigure, BackfillSnapshots
from shared.contracts.kind import EntityId, Payload
from shared.contracts.kinds import CONTRACTS

router = APIRouter(tags=["aggregation"])

State = Literal["running", "cancelled", "finished"]
BackfillId = Annotated[
    str, Path(max_length=255, pattern="^[^\\x00]+$", description="Its id, the correlation id of its messages")
]


class Wanted(BaseModel):
    """Which snapshots to compute: of a day, of every day of a range, or of one item for a day; days are in UTC."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"target_date": "2026-11-21"},
                {"start_date": "2026-10-01", "end_date": "2026-10-31"},
                {"minifigure_id": 1, "target_date": "2026-11-22"},
            ]
        },
    )

    target_date: Annotated[date | None, Field(description="Yesterday when left out; with minifigure_id, today")] = None
    start_date: Annotated[date | None, Field(description="First day of a backfill")] = None
    end_date: Annotated[date | None, Field(description="Its last day; it is computed, too")] = None
    minifigure_id: Annotated[EntityId | None, Field(description="Only of this item")] = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.start_date is None) != (self.end_date is None):
            raise ValueError("start_date and end_date come together")
        if self.start_date is not None and self.end_date is not None:
            if self.target_date is not None or self.minifigure_id is not None:
                raise ValueError("a range of days goes with neither target_date nor minifigure_id")
            if not 0 <= (self.end_date - self.start_date).days < LONGEST_BACKFILL:
                raise ValueError(f"a backfill spans 1 to {LONGEST_BACKFILL} days, from start_date to end_date")
        return self

    def payload(self) -> Payload:
        """Return what to ask for."""
        if self.start_date is not None and self.end_date is not None:
            return BackfillSnapshots(start_date=self.start_date, end_date=self.end_date)
        if self.minifigure_id is not None:
            return AggregateMinifigure(minifigure_id=self.minifigure_id, target_date=self.target_date)
        return AggregateDay(target_date=self.target_date)


class Backfill(BaseModel):
    """A backfill as it stands."""

    id: str
    state: State
    start_date: date
    end_date: date
    next_date: Annotated[date, Field(description="The day that comes next")]
    days: Annotated[int, Field(description="How many days it spans")]
    done: Annotated[int, Field(description="How many of them are done")]
    changed: Annotated[int, Field(description="Snapshots written or removed so far")]
    started_at: datetime
    updated_at: datetime


class Backfills(BaseModel):
    """The latest first."""

    backfills: list[Backfill]


_LOCATION = {"Location": {"description": "Where to ask for its status", "schema": {"type": "string"}}}


@router.post(
    "/v1/admin/aggregate-snapshots",
    summary="Compute snapshots of prices",
    status_code=202,
    dependencies=[needs("operator")],
    responses={
        202: {"description": "It is stored and will be published, also if the broker is away", "headers": _LOCATION},
        **problems.documented(*PROBLEMS, problems.NO_SUCH_MINIFIGURE, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
    },
)
async def aggregate_snapshots(request: Request, response: Response, wanted: Wanted) -> Accepted:
    """Ask for the snapshots of a day, of a range of days (a backfill, whose id is that of the message), or of an item.

    What is computed again, and comes out the same, changes nothing.
    """
    if wanted.minifigure_id is not None:
        database: Database = request.app.state.database
        if not await database.rows("SELECT FROM minifigures WHERE id = $1", (wanted.minifigure_id,)):
            said = f"The catalogue has no item whose id is {wanted.minifigure_id}."
            raise Problem(problems.NO_SUCH_MINIFIGURE, said)
    return await accept(request, response, compose(CONTRACTS, wanted.payload(), app_id="api"))


@router.get(
    "/v1/backfills",
    summary="The latest backfills of snapshots",
    dependencies=[needs("viewer")],
    responses=problems.documented(*PROBLEMS, problems.INVALID_REQUEST),
)
async def list_backfills(
    request: Request, limit: Annotated[int, Query(ge=1, le=500, description="Backfills at most")] = 20
) -> Backfills:
    """List backfills and how far they are; one is there once its first day is done."""
    database: Database = request.app.state.database
    found = await database.call(backfills.latest, limit)
    return Backfills(backfills=[Backfill.model_validate(one, from_attributes=True) for one in found])


@router.post(
    "/v1/backfills/{backfill:path}/cancel",
    summary="Call a backfill off",
    status_code=204,
    dependencies=[needs("operator")],
    responses=problems.documented(
        *PROBLEMS, problems.NO_SUCH_BACKFILL, problems.BACKFILL_NOT_SO, problems.INVALID_REQUEST
    ),
)
async def cancel_backfill(request: Request, backfill: BackfillId) -> Response:
    """Let it end after the day it is at; what was computed stays."""
    database: Database = request.app.state.database
    await database.call(changes.cancel, backfill)
    return Response(status_code=204)


@router.post(
    "/v1/backfills/{backfill:path}/resume",
    summary="Let a backfill go on that was called off",
    status_code=202,
    dependencies=[needs("operator")],
    responses={
        202: {"description": "It goes on with the day that comes next", "headers": _LOCATION},
        **problems.documented(*PROBLEMS, problems.NO_SUCH_BACKFILL, problems.BACKFILL_NOT_SO, problems.INVALID_REQUEST),
    },
)
async def resume_backfill(request: Request, response: Response, backfill: BackfillId) -> Accepted:
    """Ask for the day that comes next; its state and that message are committed together."""
    database: Database = request.app.state.database
    message = await database.call(changes.resume, backfill, "api")
    location = f"/v1/messages/{quote(message.message_id, safe='')}"
    response.headers["Location"] = location
    return Accepted(message_id=message.message_id, kind=message.kind, status="pending", location=location)
