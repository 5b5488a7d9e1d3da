"""`/statistics`: how much is held, as it was counted last."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from producers.api import problems
from producers.api.database import Database
from producers.api.paging import READ, IfNoneMatch, answer
from producers.api.problems import Problem
from shared.catalog import statistics

router = APIRouter(tags=["statistics"])


class Totals(BaseModel):
    """How many there are; what its upstream has no more is not among them."""

    works: int
    screen_works: int
    adaptations: int
    listings: Annotated[int, Field(description="Of venues, past ones as well; not those that were withdrawn")]
    series: int
    movies: int
    people: int
    minifigures: int
    sets: int
    users: int


class Statistics(BaseModel):
    """How much is held."""

    totals: Totals
    active_users: Annotated[int, Field(description="Users seen in the 30 days before")]
    works_by_type: Annotated[dict[str, int], Field(examples=[{"novel": 812, "unknown": 3}])]
    computed_at: Annotated[datetime, Field(description="When it was counted")]


@router.get(
    "/statistics",
    summary="How much is held",
    response_model=Statistics,
    responses={**READ, **problems.documented(problems.NO_STATISTICS, problems.INVALID_REQUEST, problems.DATABASE_AWAY)},
)
async def get_statistics(request: Request, if_none_match: IfNoneMatch = None) -> Response:
    """Answer with what was counted last; nothing is counted for it."""
    database: Database = request.app.state.database
    for (body,) in await database.rows(statistics.LATEST):
        return answer(body, if_none_match)
    raise Problem(problems.NO_STATISTICS, "They are counted once a day, and have not been yet.")
