"""The titles TMDb's stand-in knows, in TMDb's own shapes: details, and the shorter records of search and find."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.sandbox.wikidata.catalogue import Catalogue, Row

ANIMATION, DRAMA, DOCUMENTARY, TV_MOVIE = 16, 18, 99, 10770
GENRES = {ANIMATION: "Animation", DRAMA: "Drama", DOCUMENTARY: "Documentary", TV_MOVIE: "TV Movie"}
GENRES_OF = {
    "animated film": ANIMATION,
    "anime film": ANIMATION,
    "anime series": ANIMATION,
    "documentary film": DOCUMENTARY,
    "television film": TV_MOVIE,
}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

Record = dict[str, Any]


@dataclass(frozen=True)
class Title:
    """One film (`kind` movie) or series (tv), before it is put into a shape."""

    kind: str
    tmdb_id: int
    imdb_id: str
    name: str
    day: str
    overview: str
    poster: str | None
    genres: tuple[int, ...]
    tvdb_id: int | None
    miniseries: bool


class Titles:
    """All titles, by kind and TMDb's id."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._titles = {(one.kind, one.tmdb_id): one for one in _titles(catalogue)}

    def details(self, kind: str, tmdb_id: int) -> Record | None:
        """Return a title's whole record; None if there is none."""
        title = self._titles.get((kind, tmdb_id))
        if title is None:
            return None
        return _movie(title) if kind == "movie" else _series(title)

    def external_ids(self, kind: str, tmdb_id: int) -> Record | None:
        """Return the ids other catalogues know a title by."""
        title = self._titles.get((kind, tmdb_id))
        if title is None:
            return None
        return {"id": tmdb_id, "imdb_id": title.imdb_id, "tvdb_id": title.tvdb_id}

    def found(self, source: str, external_id: str) -> Record:
        """Return what another catalogue's id stands for: five lists, all empty if nothing."""
        hits = [one for one in self._titles.values() if external_id == str(_external(one, source))]
        lists: Record = {
            "movie_results": [],
            "person_results": [],
            "tv_results": [],
            "tv_episode_results": [],
            "tv_season_results": [],
        }
        for one in hits:
            lists[f"{one.kind}_results"].append({**_short(one), "media_type": one.kind})
        return lists

    def search(self, kind: str, query: str, year: int | None) -> list[Record]:
        """Return the short records of titles whose name has every word of a query, best known first."""
        words = query.casefold().split()
        hits = [
            one
            for one in self._titles.values()
            if one.kind == kind
            and all(word in one.name.casefold() for word in words)
            and (year is None or one.day.startswith(str(year)))
        ]
        return [_short(one) for one in sorted(hits, key=lambda one: -_popularity(one))]


def _titles(catalogue: Catalogue) -> Iterator[Title]:
    for row in catalogue.screen:
        for kind in ("movie", "tv"):
            if kind in row:
                yield _title(kind, row, catalogue)


def _title(kind: str, row: Row, catalogue: Catalogue) -> Title:
    book = catalogue.books[row["of"][0]]
    authors = " and ".join(catalogue.authors[one] for one in book.get("by", ())) or "an unknown author"
    day = row.get("start") or min(row["dates"])
    return Title(
        kind=kind,
        tmdb_id=row[kind],
        imdb_id=row["imdb"],
        name=row["title"],
        day=day if "-" in day else f"{day}-01-01",
        overview=f"What became of {book['title']} by {authors}." if row.get("overview", True) else "",
        poster=_path(f"{kind}{row[kind]}") if row.get("poster", True) else None,
        genres=(DRAMA, *dict.fromkeys(GENRES_OF[name] for name in row["types"] if name in GENRES_OF)),
        tvdb_id=row.get("tvdb"),
        miniseries="miniseries" in row["types"],
    )


def _path(seed: str) -> str:
    """Return the path of a picture: 27 letters and digits, which lead to no real one."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    letters = (ALPHABET[number // len(ALPHABET) ** place % len(ALPHABET)] for place in range(27))
    return f"/{''.join(letters)}.jpg"


def _popularity(title: Title) -> float:
    return int.from_bytes(hashlib.sha256(title.imdb_id.encode()).digest()[:3]) / 50_000


def _external(title: Title, source: str) -> str | int | None:
    return {"imdb_id": title.imdb_id, "tvdb_id": title.tvdb_id}.get(source)


def _short(title: Title) -> Record:
    """Return the record of lists: numbers of genres, and neither their names nor ids elsewhere."""
    names = ("title", "original_title", "release_date") if title.kind == "movie" else _TV_NAMES
    record: Record = {
        "adult": False,
        "backdrop_path": None,
        "genre_ids": list(title.genres),
        "id": title.tmdb_id,
        "original_language": "en",
        "overview": title.overview,
        "popularity": _popularity(title),
        "poster_path": title.poster,
        names[0]: title.name,
        names[1]: title.name,
        names[2]: title.day,
        "softcore": False,
        "vote_average": 7.5,
        "vote_count": 1000,
    }
    return record | ({"video": False} if title.kind == "movie" else {"origin_country": ["US"]})


_TV_NAMES = ("name", "original_name", "first_air_date")


def _details(title: Title) -> Record:
    record = _short(title)
    del record["genre_ids"]
    return record | {
        "genres": [{"id": one, "name": GENRES[one]} for one in title.genres],
        "homepage": "",
        "origin_country": ["US"],
        "production_companies": [],
        "production_countries": [],
        "spoken_languages": [{"english_name": "English", "iso_639_1": "en", "name": "English"}],
        "tagline": "",
    }


def _movie(title: Title) -> Record:
    return _details(title) | {
        "belongs_to_collection": None,
        "budget": 0,
        "imdb_id": title.imdb_id,
        "revenue": 0,
        "runtime": 120,
        "status": "Released",
    }


def _series(title: Title) -> Record:
    return _details(title) | {
        "created_by": [],
        "episode_run_time": [],
        "in_production": False,
        "languages": ["en"],
        "last_air_date": None,
        "last_episode_to_air": None,
        "networks": [],
        "next_episode_to_air": None,
        "number_of_episodes": 8,
        "number_of_seasons": 1,
        "seasons": [],
        "status": "Ended",
        "type": "Miniseries" if title.miniseries else "Scripted",
    }
