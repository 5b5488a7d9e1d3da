"""Reads of the adaptations domain; PostgreSQL makes the JSON.

A screen work is shown with the better of what Wikidata and TMDb say of it:

* year: TMDb's where it has one, since it is that of a known first day; Wikidata has the earliest of dates of any
  precision.
* type: the more specific of the two. What Wikidata calls no more than a movie, or a series, is what TMDb calls it,
  unless that is no sort of movie, or of series.
* title and ids: Wikidata's. Poster and summary: TMDb's, who alone has them; they stay when TMDb has them no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.catalog.adaptations.records import ScreenType

End = Literal["works", "screen_works"]
"""Either end of an edge, by the name of its table."""

WIKIDATA_ID: Final = "^[Qq][1-9][0-9]{0,17}$"

_YEAR: Final = "coalesce(s.tmdb_year, s.year)"
_TYPE: Final = """CASE
    WHEN s.screen_type = 'movie' AND s.tmdb_screen_type IN ('animated_movie', 'tv_movie', 'documentary')
      OR s.screen_type = 'series' AND s.tmdb_screen_type IN ('miniseries', 'animated_series', 'documentary')
    THEN s.tmdb_screen_type ELSE s.screen_type END"""
_WORK: Final = "w.wikidata_id, w.title, w.work_type, w.authors, w.year"
_SCREEN_WORK: Final = f"""s.wikidata_id, s.title, {_TYPE} AS screen_type, {_YEAR} AS year, s.imdb_id, s.tvdb_id,
    s.tmdb_movie_id, s.tmdb_tv_id, s.poster, s.summary"""
_MOMENT: Final = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
_KEY: Final = "lower(s.title)"

_EDGES: Final = """
SELECT json_build_object(
        'work', (SELECT row_to_json(work) FROM (SELECT {work}) AS work),
        'screen_work', (SELECT row_to_json(screen) FROM (SELECT {screen_work}) AS screen))::text,
    {rank} AS rank, {key} AS key, s.id, w.id
FROM adaptation_edges AS e JOIN works AS w ON w.id = e.work_id JOIN screen_works AS s ON s.id = e.screen_work_id
WHERE e.withdrawn_at IS NULL{conditions}
ORDER BY rank, key, s.id, w.id
LIMIT {limit}
"""

# An item that is there answers for itself; one that was merged is answered for by the one it is part of now.
_ONE: Final[dict[End, str]] = {
    "works": f"""
SELECT row_to_json(body)::text FROM (
    SELECT {_WORK}, {_MOMENT.format("w.gone_at")} AS gone_at,
        (SELECT coalesce(json_agg(row_to_json(screen)), '[]') FROM (
            SELECT {_SCREEN_WORK}
            FROM adaptation_edges AS e JOIN screen_works AS s ON s.id = e.screen_work_id
            WHERE e.work_id = w.id AND e.withdrawn_at IS NULL
            ORDER BY {_YEAR} NULLS LAST, {_KEY}, s.id
        ) AS screen) AS adaptations
    FROM works AS w WHERE w.wikidata_id = $1
) AS body
""",  # noqa: S608 - made of constants
    "screen_works": f"""
SELECT row_to_json(body)::text FROM (
    SELECT {_SCREEN_WORK}, {_MOMENT.format("s.gone_at")} AS gone_at,
        (SELECT coalesce(json_agg(row_to_json(work)), '[]') FROM (
            SELECT {_WORK} FROM adaptation_edges AS e JOIN works AS w ON w.id = e.work_id
            WHERE e.screen_work_id = s.id AND e.withdrawn_at IS NULL
            ORDER BY w.year NULLS LAST, lower(w.title), w.id
        ) AS work) AS based_on
    FROM screen_works AS s WHERE s.wikidata_id = $1
) AS body
""",  # noqa: S608
}

_REDIRECT: Final = """
SELECT redirected_to FROM wikidata_redirects AS r JOIN {end} AS held ON held.wikidata_id = r.redirected_to
WHERE r.wikidata_id = $1
"""

_AT_THE_OTHER_END: Final = """
SELECT wikidata_id FROM {other}
WHERE wikidata_id = coalesce((SELECT redirected_to FROM wikidata_redirects WHERE wikidata_id = $1), $1)
"""

READ_AT: Final = "SELECT read_at FROM adaptation_readings WHERE source = 'wikidata'"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: the rank and title that its last row is sorted by, then our ids of both ends."""

    rank: int
    key: str
    screen_work: int
    work: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which edges: `work` and `screen_work` are a Wikidata id or part of a title, None leaves any."""

    work: str | None = None
    screen_work: str | None = None
    year: int | None = None
    screen_type: ScreenType | None = None


def edges(wanted: Wanted, after: Place | None, limit: int) -> tuple[str, list[Any]]:
    """Return the statement for so many edges after a place, and its parameters; `body_and_place` reads its rows.

    Edges whose titles begin with what was asked for come first, then those by the screen work's title.
    """
    values: list[Any] = []

    def given(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    conditions, begins = [], []
    for alias, asked in (("w", wanted.work), ("s", wanted.screen_work)):
        if asked is None:
            continue
        if re.fullmatch(WIKIDATA_ID, asked):
            this = f"{given(asked.upper())}::text"
            merged = f"(SELECT redirected_to FROM wikidata_redirects WHERE wikidata_id = {this})"  # noqa: S608
            conditions.append(f"{alias}.wikidata_id = coalesce({merged}, {this})")
        else:
            part = f"lower({given(asked)}::text)"
            conditions.append(f"strpos(lower({alias}.title), {part}) > 0")
            begins.append(f"starts_with(lower({alias}.title), {part})")
    if wanted.year is not None:
        conditions.append(f"{_YEAR} = {given(wanted.year)}::integer")
    if wanted.screen_type is not None:
        conditions.append(f"{_TYPE} = {given(wanted.screen_type)}::text")
    rank = f"CASE WHEN {' AND '.join(begins)} THEN 0 ELSE 1 END" if begins else "0"
    if after is not None:
        key = f"{given(after.key)}::text"
        place = f"{given(after.rank)}::integer, {key}, {given(after.screen_work)}::bigint, {given(after.work)}::bigint"
        conditions.append(f"({rank}, {_KEY}, s.id, w.id) > ({place})")
        if not begins:
            conditions.append(f"{_KEY} >= {key}")  # what an index can do with it
    statement = _EDGES.format(
        work=_WORK,
        screen_work=_SCREEN_WORK,
        rank=rank,
        key=_KEY,
        conditions="".join(f"\n    AND {condition}" for condition in conditions),
        limit=given(limit),
    )
    return statement, values


def bodies_and_place(rows: Iterable[Sequence[Any]]) -> tuple[list[str], Place | None]:
    """Read the rows of `edges`: the JSON of each, and the place of the last."""
    rows = list(rows)
    return [row[0] for row in rows], Place(*rows[-1][1:]) if rows else None


def one(end: End) -> str:
    """Return the statement for one work or screen work with all it is tied to; it takes its Wikidata id."""
    return _ONE[end]


def redirect(end: End) -> str:
    """Return the statement for the id of the work or screen work that a merged one is part of; it takes the latter."""
    return _REDIRECT.format(end=end)


def at_the_other_end(end: End) -> str:
    """Return the statement for the id under which an item is held, but not at this end; it takes any of its ids."""
    return _AT_THE_OTHER_END.format(other="screen_works" if end == "works" else "works")
