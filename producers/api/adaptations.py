"""`GET /adaptations`, `/works/{wikidata_id}` and `/screen-works/{wikidata_id}`: which books became which films."""

from __future__ import annotations

from dataclasses import astuple
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from producers.api import problems
from producers.api.database import Database
from producers.api.paging import ETAG, IfNoneMatch, Next, answer, cursor_of, page, place_of
from producers.api.problems import Problem
from shared.catalog.adaptations import views
from shared.catalog.adaptations.records import ScreenType
from shared.catalog.adaptations.views import End, Place, Wanted

router = APIRouter(tags=["adaptations"])

MOVED: Final = 308
PATHS: Final[dict[End, str]] = {"works": "/works", "screen_works": "/screen-works"}

WikidataId = Annotated[
    str, Path(pattern=views.WIKIDATA_ID, description="Wikidata's id; a merged one leads on", examples=["Q160585"])
]
Asked = Query(min_length=1, max_length=200, pattern="^[^\\x00]+$")
Year = Annotated[int | None, Field(description="Negative before our era")]


class Work(BaseModel):
    """A written work."""

    wikidata_id: Annotated[str, Field(examples=["Q160585"])]
    title: str
    work_type: Annotated[str | None, Field(description="Such as novel")]
    authors: Annotated[list[str], Field(description="In Wikidata's order")]
    year: Year


class ScreenWork(BaseModel):
    """A film or series; year and type are TMDb's where those are the better ones."""

    wikidata_id: str
    title: str
    screen_type: ScreenType
    year: Year
    imdb_id: str | None
    tvdb_id: Annotated[int | None, Field(description="GET /series/{id} or /movie/{id} has more")]
    tmdb_movie_id: int | None
    tmdb_tv_id: int | None
    poster: Annotated[str | None, Field(description="Absolute address of TMDb's poster")]
    summary: Annotated[str | None, Field(description="TMDb's, English where there is one")]


class Adaptation(BaseModel):
    """A screen work is based on a work."""

    work: Work
    screen_work: ScreenWork


class Adaptations(BaseModel):
    """Those whose titles begin with what was asked for come first, then by the screen work's title."""

    adaptations: list[Adaptation]
    next: Next


GoneAt = Annotated[datetime | None, Field(description="Since when Wikidata has no adaptation of it any more")]


class WholeWork(Work):
    """A work with the screen works made from it, the oldest first."""

    gone_at: GoneAt
    adaptations: list[ScreenWork]


class WholeScreenWork(ScreenWork):
    """A screen work with what it is based on, the oldest first."""

    gone_at: GoneAt
    based_on: list[Work]


_HEADERS: Final = {
    **ETAG,
    "X-Millrace-Synced-At": {
        "description": "When all of this was last compared with Wikidata; missing before the first time",
        "schema": {"type": "string", "format": "date-time"},
    },
}
_LEADS_ON: Final = {
    "description": "Wikidata merged it into another",
    "headers": {"Location": {"description": "That other", "schema": {"type": "string"}}},
}


def _documented(*sorts: problems.Sort, moves: bool = False) -> dict[int | str, dict[str, Any]]:
    return {
        200: {"headers": _HEADERS},
        304: {"description": "What you have is still the one", "headers": _HEADERS},
        **({MOVED: _LEADS_ON} if moves else {}),
        **problems.documented(*sorts, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
    }


@router.get(
    "/adaptations",
    summary="What was adapted from what",
    response_model=Adaptations,
    responses=_documented(),
)
async def list_adaptations(
    request: Request,
    work: Annotated[str | None, Asked, Field(description="The work's Wikidata id, or part of its title")] = None,
    screen_work: Annotated[str | None, Asked, Field(description="The same of the screen work")] = None,
    year: Annotated[int | None, Query(ge=-5000, le=9999, description="Of the screen work")] = None,
    word: Annotated[ScreenType | None, Query(alias="type", description="Of the screen work")] = None,
    limit: Annotated[int, Query(ge=1, le=500, description="Adaptations at most")] = 50,
    cursor: Annotated[str | None, Query(max_length=4000, description="`next` of the page before")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List adaptations that Wikidata has now, each with both its ends."""
    database: Database = request.app.state.database
    after = None if cursor is None else Place(*place_of(cursor, _PLACE))
    statement, values = views.edges(Wanted(work, screen_work, year, word), after, limit + 1)
    rows = await database.rows(statement, values)
    found, last = views.bodies_and_place(rows[:limit])
    following = None if last is None or len(rows) <= limit else cursor_of(astuple(last))
    return page("adaptations", found, following, if_none_match, await _synced_at(database))


@router.get(
    "/works/{wikidata_id}",
    summary="A work and all its adaptations",
    response_model=WholeWork,
    responses=_documented(problems.NO_SUCH_WORK, moves=True),
)
async def get_work(request: Request, wikidata_id: WikidataId, if_none_match: IfNoneMatch = None) -> Response:
    """Answer for a work."""
    return await _one(request, "works", wikidata_id, if_none_match)


@router.get(
    "/screen-works/{wikidata_id}",
    summary="A film or series and what it is based on",
    response_model=WholeScreenWork,
    responses=_documented(problems.NO_SUCH_WORK, moves=True),
)
async def get_screen_work(request: Request, wikidata_id: WikidataId, if_none_match: IfNoneMatch = None) -> Response:
    """Answer for a screen work."""
    return await _one(request, "screen_works", wikidata_id, if_none_match)


async def _one(request: Request, end: End, wikidata_id: str, if_none_match: str | None) -> Response:
    database: Database = request.app.state.database
    wikidata_id = wikidata_id.upper()
    for (body,) in await database.rows(views.one(end), [wikidata_id]):
        return answer(body, if_none_match, await _synced_at(database))
    for (now,) in await database.rows(views.redirect(end), [wikidata_id]):
        return Response(status_code=MOVED, headers={"Location": f"{PATHS[end]}/{now}", "Cache-Control": "no-cache"})
    detail = f"Nothing of {wikidata_id} is among the {end.replace('_', ' ')}"
    for (there,) in await database.rows(views.at_the_other_end(end), [wikidata_id]):
        detail += f"; see {PATHS['screen_works' if end == 'works' else 'works']}/{there}"
    raise Problem(problems.NO_SUCH_WORK, f"{detail}.")


async def _synced_at(database: Database) -> dict[str, str]:
    """Return the header that tells when Wikidata was last read."""
    for (read_at,) in await database.rows(views.READ_AT):
        if read_at is not None:
            moment = read_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            return {"X-Millrace-Synced-At": moment}
    return {}


_PLACE: Final = TypeAdapter(
    tuple[
        Annotated[int, Field(ge=0, le=1)],
        Annotated[str, Field(pattern="^[^\\x00]*$")],
        Annotated[int, Field(ge=0, lt=2**63)],
        Annotated[int, Field(ge=0, lt=2**63)],
    ]
)
