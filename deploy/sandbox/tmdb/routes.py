"""The routes: titles by TMDb's id and by another catalogue's, searches, and where pictures lie."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from deploy.sandbox.tmdb import answers
from deploy.sandbox.tmdb.answers import Refused, success
from deploy.sandbox.tmdb.titles import Titles

PER_PAGE = 20
LAST_PAGE = 500
SIZES = ["w92", "w154", "w185", "w342", "w500", "w780", "original"]

router = APIRouter()


class Kind(StrEnum):
    """The two kinds of title, as they stand in addresses."""

    MOVIE = "movie"
    TV = "tv"


async def _titles(request: Request) -> Titles:
    found: Titles = request.app.state.titles
    return found


Known = Annotated[Titles, Depends(_titles)]


@router.get("/configuration")
async def configuration(request: Request) -> Response:
    """Answer where pictures lie, and in which sizes."""
    host = "image.tmdb.org/t/p/"
    sizes = {f"{what}_sizes": SIZES for what in ("backdrop", "logo", "poster", "profile", "still")}
    images = {"base_url": f"http://{host}", "secure_base_url": f"https://{host}", **sizes}
    return success(request, {"images": images, "change_keys": ["overview", "images", "title"]})


@router.get("/find/{external_id}")
async def find(request: Request, known: Known, external_id: str, external_source: str = "") -> Response:
    """Answer what another catalogue's id stands for; which catalogue has to be said."""
    if external_source not in {"imdb_id", "tvdb_id", "wikidata_id"}:
        raise Refused(answers.BAD_PARAMETER)
    return success(request, known.found(external_source, external_id))


@router.get("/search/{kind}")
async def search(request: Request, known: Known, kind: Kind, query: str = "", page: str = "1") -> Response:
    """Answer titles by name, twenty on a page; nothing found is no failure."""
    if not (page.isascii() and page.isdecimal() and 1 <= int(page) <= LAST_PAGE):
        raise Refused(answers.BAD_PAGE)
    year = request.query_params.get("year") or request.query_params.get("first_air_date_year")
    hits = known.search(kind, query, int(year) if year and year.isdecimal() else None) if query else []
    start = (int(page) - 1) * PER_PAGE
    body = {
        "page": int(page),
        "results": hits[start : start + PER_PAGE],
        "total_pages": max(1, -(-len(hits) // PER_PAGE)),
        "total_results": len(hits),
    }
    return success(request, body)


# After the addresses that begin with another word: the framework takes the first that fits.
@router.get("/{kind}/{tmdb_id}")
async def title(request: Request, known: Known, kind: Kind, tmdb_id: int, append_to_response: str = "") -> Response:
    """One film or series; of what can be appended, the ids elsewhere."""
    found = known.details(kind, tmdb_id)
    if found is None:
        raise Refused(answers.NOT_FOUND)
    if "external_ids" in append_to_response.split(","):
        found |= {"external_ids": _without_id(known.external_ids(kind, tmdb_id))}
    return success(request, found)


@router.get("/{kind}/{tmdb_id}/external_ids")
async def external_ids(request: Request, known: Known, kind: Kind, tmdb_id: int) -> Response:
    """Answer the ids other catalogues know a title by."""
    found = known.external_ids(kind, tmdb_id)
    if found is None:
        raise Refused(answers.NOT_FOUND)
    return success(request, found)


def _without_id(record: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (record or {}).items() if name != "id"}
