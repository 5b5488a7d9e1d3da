"""Reads of the screen domain: one statement for each type, which makes the JSON of any number of them in PostgreSQL.

Every statement first makes up the version of what it would answer, from PostgreSQL's own version of each row (xmin)
that goes into it: a row that is written gets a higher one, so their number and sum change with any write, by
whomever. A reader who holds that version already is spared the rest, which costs six to seventeen times as much.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.catalog.screen.records import EntityType
from shared.catalog.screen.rules import Counts

_MOMENT: Final = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
_ELSEWHERE: Final = f"""e.image, e.score, e.imdb_id, e.tmdb_id, e.wikidata_id,
    {_MOMENT.format("e.upstream_updated_at")} AS upstream_updated_at, {_MOMENT.format("e.synced_at")} AS synced_at"""

_SERIES_BODY: Final = """
SELECT e.tvdb_id, e.name, e.original_name, e.slug, e.overview, e.status, e.year, e.first_aired, e.last_aired,
    e.next_aired, e.network, e.country, e.language, e.average_runtime, {elsewhere},
    {genres} AS genres, {aliases} AS aliases,
    (SELECT coalesce(json_agg(row_to_json(season)), '[]') FROM (
        SELECT number, own.tvdb_id, own.name, own.image, own.year, coalesce(held.episodes, '[]') AS episodes
        FROM (SELECT * FROM seasons WHERE series_tvdb_id = e.tvdb_id) AS own
        -- An episode may stand in a season that the series does not list.
        FULL JOIN (
            SELECT season_number AS number, json_agg(row_to_json(episode)) AS episodes
            FROM (
                SELECT season_number, number, tvdb_id, absolute_number, name, overview, first_aired, runtime, image,
                    finale_type
                FROM episodes WHERE series_tvdb_id = e.tvdb_id
                ORDER BY season_number, number, tvdb_id
            ) AS episode
            GROUP BY season_number
        ) AS held USING (number)
        ORDER BY number
    ) AS season) AS seasons,
    (SELECT coalesce(json_agg(row_to_json(credit)), '[]') FROM (
        SELECT tvdb_id, person_tvdb_id, person_name, person_image, job, role, episode_tvdb_id, image, position, featured
        FROM credits WHERE series_tvdb_id = e.tvdb_id AND listed_by_title
        ORDER BY position NULLS LAST, tvdb_id
    ) AS credit) AS credits
"""

_MOVIE_BODY: Final = """
SELECT e.tvdb_id, e.name, e.original_name, e.slug, e.overview, e.status, e.year, e.released, e.runtime, e.country,
    e.language, e.budget::double precision AS budget, e.box_office::double precision AS box_office, e.studios,
    e.production_companies, e.distributors, {elsewhere},
    {genres} AS genres, {aliases} AS aliases,
    (SELECT coalesce(json_agg(row_to_json(credit)), '[]') FROM (
        SELECT tvdb_id, person_tvdb_id, person_name, person_image, job, role, image, position, featured
        FROM credits WHERE movie_tvdb_id = e.tvdb_id AND listed_by_title
        ORDER BY position NULLS LAST, tvdb_id
    ) AS credit) AS credits
"""

_PERSON_BODY: Final = """
SELECT e.tvdb_id, e.name, e.slug, e.biography, e.gender, e.born, e.died, e.birth_place, {elsewhere},
    {aliases} AS aliases,
    (SELECT coalesce(json_agg(row_to_json(credit)), '[]') FROM (
        SELECT tvdb_id, series_tvdb_id, movie_tvdb_id, episode_tvdb_id, title, title_year, job, role, image, featured
        FROM credits WHERE person_tvdb_id = e.tvdb_id AND listed_by_person
        ORDER BY title_year DESC NULLS LAST, tvdb_id
    ) AS credit) AS credits
"""

_GENRES: Final = """(SELECT coalesce(json_agg(row_to_json(genre)), '[]') FROM (
        SELECT genre_tvdb_id AS tvdb_id, name FROM genres
        WHERE entity_type = '{word}' AND entity_tvdb_id = e.tvdb_id ORDER BY name COLLATE "C", genre_tvdb_id
    ) AS genre)"""

_ALIASES: Final = """(SELECT coalesce(json_agg(row_to_json(alias)), '[]') FROM (
        SELECT language, name FROM aliases
        WHERE entity_type = '{word}' AND entity_tvdb_id = e.tvdb_id ORDER BY language COLLATE "C", name COLLATE "C"
    ) AS alias)"""

# OFFSET 0 keeps PostgreSQL from working the version out twice; CASE keeps it from making a body nobody needs.
_STATEMENT: Final = """
SELECT e.place, e.synced_at, e.gone_at, e.version, e.seasons, e.episodes, e.credits,
    CASE WHEN e.version <> ALL (string_to_array(e.known, ',')) THEN (
        SELECT row_to_json(body)::text FROM ({body}) AS body
    ) END
FROM (
    SELECT ask.place, ask.known, e.*, {counts}, md5(concat_ws('.', '{shape}', e.xmin, {versions})) AS version
    FROM unnest($1::integer[], $2::text[]) WITH ORDINALITY AS ask (wanted, known, place)
    JOIN {table} AS e ON e.tvdb_id = ask.wanted
    {parts}
    OFFSET 0
) AS e
"""

_PART: Final = """CROSS JOIN LATERAL (
        SELECT count(*) AS count, sum(xmin::text::bigint) AS sum FROM {name} WHERE {condition}
    ) AS {name}_part"""

_PARTS: Final[dict[EntityType, dict[str, str]]] = {
    "series": {
        "seasons": "series_tvdb_id = e.tvdb_id",
        "episodes": "series_tvdb_id = e.tvdb_id",
        "genres": "entity_type = 'series' AND entity_tvdb_id = e.tvdb_id",
        "aliases": "entity_type = 'series' AND entity_tvdb_id = e.tvdb_id",
        "credits": "series_tvdb_id = e.tvdb_id AND listed_by_title",
    },
    "movie": {
        "genres": "entity_type = 'movie' AND entity_tvdb_id = e.tvdb_id",
        "aliases": "entity_type = 'movie' AND entity_tvdb_id = e.tvdb_id",
        "credits": "movie_tvdb_id = e.tvdb_id AND listed_by_title",
    },
    "person": {
        "aliases": "entity_type = 'person' AND entity_tvdb_id = e.tvdb_id",
        "credits": "person_tvdb_id = e.tvdb_id AND listed_by_person",
    },
}
_TABLES: Final[dict[EntityType, str]] = {"series": "series", "movie": "movies", "person": "people"}
_BODIES: Final[dict[EntityType, str]] = {"series": _SERIES_BODY, "movie": _MOVIE_BODY, "person": _PERSON_BODY}


def _statement(word: EntityType) -> str:
    body = _BODIES[word].format(
        elsewhere=_ELSEWHERE, genres=_GENRES.format(word=word), aliases=_ALIASES.format(word=word)
    )
    parts = _PARTS[word]
    return _STATEMENT.format(
        body=body,
        table=_TABLES[word],
        # A release that answers another shape answers another version.
        shape=hashlib.blake2s(body.encode(), digest_size=4).hexdigest(),
        parts="\n    ".join(_PART.format(name=name, condition=condition) for name, condition in parts.items()),
        versions=", ".join(f"{name}_part.count, {name}_part.sum" for name in parts),
        counts=", ".join(
            f"{name}_part.count AS {name}" if name in parts else f"0 AS {name}"
            for name in ("seasons", "episodes", "credits")
        ),
    )


STATEMENTS: Final[dict[EntityType, str]] = {word: _statement(word) for word in _TABLES}
"""The statement for each type of entity, for a raw cursor; it takes `parameters`, and `copies` reads its rows."""


@dataclass(frozen=True, slots=True)
class Copy:
    """What is stored of an entity; `body` is its JSON, or None when the reader said that they know `version`."""

    synced_at: datetime
    gone_at: datetime | None
    version: str
    counts: Counts
    body: bytes | None

    @property
    def compared_at(self) -> datetime:
        """When TheTVDB was last asked about it: it answered then, or said that it has no such thing."""
        return self.synced_at if self.gone_at is None else max(self.synced_at, self.gone_at)


Ask = tuple[int, tuple[str, ...]]
"""What is wanted: TheTVDB's id, and the versions that the reader has already."""


def parameters(asks: Sequence[Ask]) -> tuple[list[int], list[str]]:
    """Return what a statement takes."""
    return [tvdb_id for tvdb_id, _ in asks], [",".join(known) for _, known in asks]


def copies(asks: Sequence[Ask], rows: Iterable[Sequence[Any]]) -> list[Copy | None]:
    """Read the rows that a statement answers; a copy for each that was asked for, None where nothing is stored."""
    found: list[Copy | None] = [None] * len(asks)
    for place, synced_at, gone_at, version, seasons, episodes, credits, body in rows:  # noqa: A001 - the screen's word
        counts = Counts(seasons, episodes, credits)
        found[place - 1] = Copy(synced_at, gone_at, version, counts, None if body is None else body.encode())
    return found
