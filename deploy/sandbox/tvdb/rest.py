"""The routes of people, of seasons and episodes by their own ids, of the search, the updates and the short lists."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from deploy.sandbox.tvdb import answers, other_shapes, reference, search, series_shapes, shapes, updates
from deploy.sandbox.tvdb.answers import missing, success
from deploy.sandbox.tvdb.shelf import Books, Moment, PageSize, Started

if TYPE_CHECKING:
    from deploy.sandbox.tvdb.facts import Episode, Person, Season, Series
    from deploy.sandbox.tvdb.library import Library

router = APIRouter()


def _person(books: Library, number: int) -> Person:
    found = books.person(number)
    if found is None:
        raise missing("people")
    return found


def _season(books: Library, number: int) -> tuple[Season, Series]:
    series = books.series_of_season(number)
    found = next((one for one in series.seasons if one.id == number), None) if series else None
    if series is None or found is None or found.missing:
        raise missing("season")
    return found, series


def _episode(books: Library, number: int) -> tuple[Episode, Series]:
    series = books.series_of_episode(number)
    found = next((one for one in series.episodes if one.id == number), None) if series else None
    if series is None or found is None:
        raise missing("episode")
    return found, series


@router.get("/people")
async def list_people(request: Request, books: Books, size: PageSize, page: str = "0") -> Response:
    """Everybody, in lists' own form."""
    start = answers.page_number(page)
    ids = books.person_ids.page(start * size, size)
    rows = [other_shapes.person(_person(books, number), in_list=True) for number in ids]
    return success(rows, answers.links(request, start, size, len(books.person_ids)))


@router.get("/people/types")
async def people_types() -> Response:
    """Answer what people do."""
    return success([{"id": number, "name": name} for name, number in reference.PEOPLE_TYPES.items()])


@router.get("/people/{number}")
async def person(books: Books, number: int) -> Response:
    """Answer one person's base record."""
    return success(other_shapes.person(_person(books, number)))


@router.get("/people/{number}/extended")
async def person_extended(books: Books, number: int, meta: str = "") -> Response:
    """One person with biographies and filmography."""
    return success(other_shapes.person_extended(_person(books, number), books, meta))


@router.get("/people/{number}/translations/{language}")
async def person_translation(books: Books, number: int, language: str) -> Response:
    """Answer a person's name and biography in one language."""
    one = _person(books, number)
    found = shapes.translation(one, one.biographies, language)
    if found is None:
        raise missing("translation")
    return success(found)


@router.get("/seasons/types")
async def season_types() -> Response:
    """Answer the ways to number episodes."""
    return success([series_shapes.season_type(order) for order in reference.SEASON_TYPES])


@router.get("/seasons/{number}")
async def season(books: Books, number: int) -> Response:
    """Answer one season's base record."""
    return success(series_shapes.season(*_season(books, number)))


@router.get("/seasons/{number}/extended")
async def season_extended(books: Books, number: int) -> Response:
    """Answer one season with its episodes."""
    return success(series_shapes.season_extended(*_season(books, number)))


@router.get("/episodes/{number}")
async def episode(books: Books, number: int) -> Response:
    """Answer one episode's base record."""
    return success(series_shapes.episode_base(*_episode(books, number)))


@router.get("/episodes/{number}/extended")
async def episode_extended(books: Books, number: int) -> Response:
    """Answer one episode with all that hangs on it."""
    return success(series_shapes.episode_extended(*_episode(books, number)))


@router.get("/episodes/{number}/translations/{language}")
async def episode_translation(books: Books, number: int, language: str) -> Response:
    """Answer an episode's name and summary in one language."""
    found, _ = _episode(books, number)
    name, overview = found.names.get(language), found.overviews.get(language)
    if name is None and overview is None:
        raise missing("translation")
    return success({"name": name, "overview": overview, "language": language})


@router.get("/search")
async def find(request: Request, books: Books, offset: str = "0", limit: str = str(search.DEFAULT_LIMIT)) -> Response:
    """Series, movies and people by name."""
    asked = request.query_params
    query = asked.get("query") or asked.get("q")
    if not query:
        raise answers.Refused(answers.BAD_REQUEST, "query is required")
    first, count = search.limits(offset, limit)
    hits = search.search(books, query, asked.get("type"), asked.get("year"))
    rows = [search.record(books, what, number) for what, number in hits[first : first + count]]
    return success(rows, answers.links(request, first // count, count, len(hits)))


@router.get("/search/remoteid/{remote}")
async def find_by_remote_id(books: Books, remote: str) -> Response:
    """Answer what another catalogue's id stands for; nothing is null."""
    titles = ((books.series_ids, books.head, "series"), (books.movie_ids, books.movie, "movie"))
    rows = []
    for ids, get, kind in titles:
        for number in ids:
            one = get(number)
            if one and any(value == remote for _, value in one.remote_ids):
                rows.append({kind: search.base_record(one)})
    return success(rows or None)


@router.get("/updates")
async def changed(
    *, request: Request, books: Books, size: PageSize, now: Moment, started: Started, page: str = "0"
) -> Response:
    """Answer what was edited since a moment."""
    asked = request.query_params
    moment = updates.since(asked.get("since"), now)
    start = answers.page_number(page)
    total = sum(1 for _ in updates.rows(books, started, moment, asked.get("type"), asked.get("action")))
    every = updates.rows(books, started, moment, asked.get("type"), asked.get("action"))
    return success(list(islice(every, start * size, (start + 1) * size)), answers.links(request, start, size, total))


@router.get("/genres")
async def genres() -> Response:
    """Answer every genre."""
    return success(shapes.genres(reference.GENRES))


@router.get("/artwork/types")
async def artwork_types() -> Response:
    """Answer every kind of picture."""
    return success(
        [
            {
                "id": number,
                "name": name,
                "recordType": record,
                "slug": slug,
                "imageFormat": "JPG",
                "width": width,
                "height": height,
                "thumbWidth": width // 2,
                "thumbHeight": height // 2,
            }
            for number, name, record, slug, width, height in reference.ARTWORK_TYPES
        ]
    )
