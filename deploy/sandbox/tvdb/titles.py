"""The routes of series and movies: TheTVDB API v4 over a library of facts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response

from deploy.sandbox.tvdb import answers, other_shapes, reference, series_shapes, shapes
from deploy.sandbox.tvdb.answers import missing, success
from deploy.sandbox.tvdb.shelf import Books, PageSize

if TYPE_CHECKING:
    from deploy.sandbox.tvdb.facts import Movie, Series
    from deploy.sandbox.tvdb.library import Library

router = APIRouter()


def _series(books: Library, number: int) -> Series:
    found = books.series(number)
    if found is None:
        raise missing("series")
    return found


def _head(books: Library, number: int) -> Series:
    found = books.head(number)
    if found is None:
        raise missing("series")
    return found


def _movie(books: Library, number: int) -> Movie:
    found = books.movie(number)
    if found is None:
        raise missing("movie")
    return found


@router.get("/series")
async def list_series(request: Request, books: Books, size: PageSize, page: str = "0") -> Response:
    """Every series, in lists' own form."""
    start = answers.page_number(page)
    ids = books.series_ids.page(start * size, size)
    rows = [series_shapes.base(_head(books, number), in_list=True) for number in ids]
    return success(rows, answers.links(request, start, size, len(books.series_ids)))


@router.get("/series/statuses")
async def series_statuses() -> Response:
    """Answer what a series' status can be."""
    return success(_statuses(reference.SERIES_STATUSES, "series"))


@router.get("/series/filter")
async def filter_series(
    *, request: Request, books: Books, size: PageSize, country: str = "", lang: str = "", page: str = "0"
) -> Response:
    """Series of one country and language."""
    if not country or not lang:
        raise answers.invalid("country and lang are required")
    every = (_head(books, number) for number in books.series_ids)
    fitting = [series_shapes.base(one) for one in every if (one.country, one.language) == (country, lang)]
    return answers.paged(request, fitting, answers.page_number(page), size)


@router.get("/series/slug/{slug}")
async def series_by_slug(books: Books, slug: str) -> Response:
    """Answer one series, by the word in its address."""
    for number in books.series_ids:
        one = _head(books, number)
        if one.slug == slug:
            return success(series_shapes.base(one))
    raise missing("series")


@router.get("/series/{number}")
@router.get("/series/{number}/nextAired")
async def series(books: Books, number: int) -> Response:
    """Answer one series' base record."""
    return success(series_shapes.base(_head(books, number)))


@router.get("/series/{number}/extended")
@router.get("/series/{number}/artworks")
async def series_extended(books: Books, number: int, meta: str = "", short: bool = False) -> Response:
    """One series with its seasons and credits."""
    return success(series_shapes.extended(_series(books, number), books, meta, short=short))


@router.get("/series/{number}/translations/{language}")
async def series_translation(books: Books, number: int, language: str) -> Response:
    """Answer a series' name and summary in one language."""
    one = _series(books, number)
    return success(_translated(one, one.overviews, language))


@router.get("/series/{number}/episodes/{order}")
async def episodes(
    *, request: Request, books: Books, size: PageSize, number: int, order: str, page: str = "0"
) -> Response:
    """Episodes in one ordering, with the series beside them."""
    one = _series(books, number)
    rows = _chosen(request, series_shapes.ordered(one, _order(order)))
    start = answers.page_number(page)
    data = {"series": series_shapes.base(one), "episodes": rows[start * size : (start + 1) * size]}
    return success(data, None if one.bare else answers.links(request, start, size, len(rows)))


@router.get("/series/{number}/episodes/{order}/{language}")
async def translated_episodes(
    *, request: Request, books: Books, size: PageSize, number: int, order: str, language: str, page: str = "0"
) -> Response:
    """Episodes in one ordering and language, inside the series' own fields: another form than without."""
    one = _series(books, number)
    rows = _chosen(request, series_shapes.ordered(one, _order(order), language))
    start = answers.page_number(page)
    data = series_shapes.base(one) | {"episodes": rows[start * size : (start + 1) * size]}
    return success(data, None if one.bare else answers.links(request, start, size, len(rows)))


@router.get("/movies")
async def list_movies(request: Request, books: Books, size: PageSize, page: str = "0") -> Response:
    """Every movie, in lists' own form."""
    start = answers.page_number(page)
    ids = books.movie_ids.page(start * size, size)
    rows = [other_shapes.movie(_movie(books, number), in_list=True) for number in ids]
    return success(rows, answers.links(request, start, size, len(books.movie_ids)))


@router.get("/movies/statuses")
async def movie_statuses() -> Response:
    """Answer what a movie's status can be."""
    return success(_statuses(reference.MOVIE_STATUSES, "movie"))


@router.get("/movies/slug/{slug}")
async def movie_by_slug(books: Books, slug: str) -> Response:
    """Answer one movie, by the word in its address."""
    for number in books.movie_ids:
        one = _movie(books, number)
        if one.slug == slug:
            return success(other_shapes.movie(one))
    raise missing("movie")


@router.get("/movies/{number}")
async def movie(books: Books, number: int) -> Response:
    """Answer one movie's base record."""
    return success(other_shapes.movie(_movie(books, number)))


@router.get("/movies/{number}/extended")
async def movie_extended(books: Books, number: int, meta: str = "", short: bool = False) -> Response:
    """One movie with its credits."""
    return success(other_shapes.movie_extended(_movie(books, number), books, meta, short=short))


@router.get("/movies/{number}/translations/{language}")
async def movie_translation(books: Books, number: int, language: str) -> Response:
    """Answer a movie's name and summary in one language."""
    one = _movie(books, number)
    return success(_translated(one, one.overviews, language))


def _translated(one: Series | Movie, texts: Any, language: str) -> dict[str, Any]:
    found = shapes.translation(one, texts, language)
    if found is None:
        raise missing("translation")
    return found


def _order(name: str) -> str:
    if name != "default" and name not in reference.SEASON_TYPES:
        raise answers.invalid("invalid season type")
    return name


def _chosen(request: Request, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the episodes that `season`, `episodeNumber` and `airDate` leave."""
    asked = request.query_params
    if "episodeNumber" in asked and "season" not in asked:
        raise answers.invalid("episodeNumber is not null then season must be present")
    for parameter, field in (("season", "seasonNumber"), ("episodeNumber", "number"), ("airDate", "aired")):
        if parameter in asked:
            rows = [row for row in rows if str(row[field]) == asked[parameter]]
    return rows


def _statuses(numbers: dict[str, int], kind: str) -> list[dict[str, Any]]:
    return [{"id": number, "name": name, "recordType": kind, "keepUpdated": False} for name, number in numbers.items()]
