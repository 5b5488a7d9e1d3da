"""`GET /series/{tvdb_id}`, `/movie/{tvdb_id}`, `/person/{tvdb_id}` and `/search`: what anybody may read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel

from producers.api import answers, problems
from producers.api.catalogue import Answer, Catalogue
from producers.api.live import Live
from producers.api.problems import Problem
from shared import clock
from shared.catalog.screen.records import EntityType
from shared.errors import MillraceError
from shared.upstreams.tvdb.client import MOST_HITS

router = APIRouter(tags=["catalogue"])

JSON: Final = "application/json"
NOT_MODIFIED: Final = 304

TvdbId = Annotated[int, Path(ge=1, le=2_147_483_647, description="TheTVDB's id")]
IfNoneMatch = Annotated[str | None, Header(description="ETag of an answer you have; 304 if it is still the one")]


def _header(description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"description": description, "schema": schema or {"type": "string"}}


HEADERS: Final = {
    "X-Millrace-Source": _header("Where this answer is from", {"type": "string", "enum": ["database", "tvdb"]}),
    "X-Millrace-Synced-At": _header("When it was compared with TheTVDB", {"type": "string", "format": "date-time"}),
    "Age": _header("The same in seconds ago", {"type": "integer"}),
    "ETag": _header("Version of what is stored; answers from the database have one"),
    "X-Millrace-Stale": _header("`true` on a copy past its age, sent because there was nothing newer to be had"),
    "X-Millrace-Stale-Reason": _header(
        "Why there was not: TheTVDB failed, or is being asked by another process at this moment",
        {"type": "string", "enum": ["upstream-away", "refresh-under-way"]},
    ),
    "Warning": _header('`110 millrace "Response is Stale"`, on a stale copy'),
}
_ALWAYS: Final = {name: HEADERS[name] for name in ("X-Millrace-Source", "X-Millrace-Synced-At", "Age")}
_PROBLEMS: Final = problems.documented(
    problems.NO_SUCH_ENTITY,
    problems.ENTITY_GONE,
    problems.INVALID_REQUEST,
    problems.UPSTREAM_AWAY,
    problems.DATABASE_AWAY,
)

HOW: Final = """
Answered from the database while that copy is fresh ({days} days). A copy that is older, or missing, is fetched from
TheTVDB at once, and its save is asked for in the background: of many readers at the same time, in however many
processes, one asks. If TheTVDB fails, the stale copy is sent and its headers say so.
"""


def _documented(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    return {
        200: {
            "model": model,
            "description": "The whole of it, in the same shape from either source",
            "headers": HEADERS,
        },
        304: {"description": "What you have is still the one", "headers": {"ETag": HEADERS["ETag"], **_ALWAYS}},
        **_PROBLEMS,
    }


@router.get(
    "/series/{tvdb_id}",
    summary="A series with seasons, episodes and credits",
    description=HOW.format(days=7),
    responses=_documented(answers.Series),
    response_class=Response,
)
async def get_series(request: Request, tvdb_id: TvdbId, if_none_match: IfNoneMatch = None) -> Response:
    """Answer for a series."""
    return await _entity(request, "series", tvdb_id, if_none_match)


@router.get(
    "/movie/{tvdb_id}",
    summary="A movie with credits",
    description=HOW.format(days=7),
    responses=_documented(answers.Movie),
    response_class=Response,
)
async def get_movie(request: Request, tvdb_id: TvdbId, if_none_match: IfNoneMatch = None) -> Response:
    """Answer for a movie."""
    return await _entity(request, "movie", tvdb_id, if_none_match)


@router.get(
    "/person/{tvdb_id}",
    summary="A person with biography and filmography",
    description=HOW.format(days=14),
    responses=_documented(answers.Person),
    response_class=Response,
)
async def get_person(request: Request, tvdb_id: TvdbId, if_none_match: IfNoneMatch = None) -> Response:
    """Answer for a person."""
    return await _entity(request, "person", tvdb_id, if_none_match)


@router.get(
    "/search",
    summary="Search TheTVDB, live",
    responses={
        200: {"model": answers.SearchPage, "headers": {"X-Millrace-Source": HEADERS["X-Millrace-Source"]}},
        **problems.documented(problems.INVALID_REQUEST, problems.UPSTREAM_AWAY),
    },
)
async def search(
    request: Request,
    response: Response,
    q: Annotated[str, Query(min_length=1, max_length=200, description="A name, or part of one")],
    word: Annotated[EntityType | None, Query(alias="type", description="Only this type; all when left out")] = None,
    offset: Annotated[int, Query(ge=0, lt=MOST_HITS, description="Results to skip")] = 0,
    limit: Annotated[int, Query(ge=1, le=100, description="Results at most")] = 20,
) -> answers.SearchPage:
    """Search for series, movies and people; never answered from the database, and nothing of it is stored."""
    live: Live = request.app.state.live
    try:
        found = await live.search(q, word, offset, limit)
    except MillraceError as error:
        headers = problems.retry_after(getattr(error, "retry_after", None))
        raise Problem(problems.UPSTREAM_AWAY, f"TheTVDB cannot be asked ({error}).", headers=headers) from error
    response.headers["X-Millrace-Source"] = "tvdb"
    response.headers["Cache-Control"] = "no-cache"
    following = offset + limit
    return answers.SearchPage(
        query=q,
        type=word,
        offset=offset,
        limit=limit,
        next_offset=following if found.full and following < MOST_HITS else None,
        results=found.hits,
    )


async def _entity(request: Request, word: EntityType, tvdb_id: int, if_none_match: str | None) -> Response:
    catalogue: Catalogue = request.app.state.catalogue
    known = tags(if_none_match)
    answer = await catalogue.read(word, tvdb_id, known)
    headers = _headers(answer)
    if answer.body is None or (answer.version is not None and (answer.version in known or "*" in known)):
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return Response(answer.body, media_type=JSON, headers=headers)


def _headers(answer: Answer) -> dict[str, str]:
    age = max(0, int((clock.now() - answer.synced_at).total_seconds()))
    headers = {
        "X-Millrace-Source": answer.source,
        "X-Millrace-Synced-At": answer.synced_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "Age": str(age),
        # Keep it as long as you like, but ask before you use it again: another save may come at any time.
        "Cache-Control": "no-cache",
    }
    if answer.version is not None:
        headers["ETag"] = f'"{answer.version}"'
    if answer.stale is not None:
        headers["X-Millrace-Stale"] = "true"
        headers["X-Millrace-Stale-Reason"] = answer.stale
        headers["Warning"] = '110 millrace "Response is Stale"'
    return headers


_TAG: Final = re.compile(r'\*|(?:W/)?"([^"]*)"')


def tags(if_none_match: str | None) -> Sequence[str]:
    """Return the versions an If-None-Match header names, `*` among them for any."""
    if if_none_match is None:
        return ()
    return [found[1] if found[1] is not None else "*" for found in _TAG.finditer(if_none_match)]
