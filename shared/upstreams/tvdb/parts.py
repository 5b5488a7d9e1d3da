"""Reads what TheTVDB's series, movies and people are made of: seasons, episodes, credits, genres, ids, pictures."""

from __future__ import annotations

from typing import Any, Final, cast

from shared.catalog.screen.records import Credit, Episode, Genre, RemoteIds, Season
from shared.upstreams.fields import Audit, Fields
from shared.upstreams.tvdb import ignored
from shared.upstreams.tvdb.words import ENGLISH

ARTWORK_HOST: Final = "https://artworks.thetvdb.com"
NO_PICTURE: Final = "/images/missing/"  # search answers a placeholder where there is none
AIRED_ORDER: Final = "official"
IMDB: Final = 2
TMDB: Final = frozenset({10, 12, 15})  # of movies, series, people
WIKIDATA: Final = 18


def seasons_of(data: Fields) -> tuple[Season, ...]:
    """Read the seasons in aired order; the other orderings repeat them under other ids."""
    seasons: dict[int, Season] = {}
    for season in data.children("seasons"):
        if season.child("type").text("type") != AIRED_ORDER:
            continue
        number = season.whole("number")
        read = Season(
            tvdb_id=season.whole("id", least=1),
            number=number,
            name=season.text_or_none("name"),
            image=picture(season.text_or_none("image")),
            year=season.year_or_none("year"),
            upstream_updated_at=season.moment_or_none("lastUpdated"),
        )
        season.finish(ignored.SEASON)
        seasons.setdefault(number, read)
    return tuple(seasons[number] for number in sorted(seasons))


def episodes_of(pages: list[Any], audit: Audit) -> tuple[Episode, ...]:
    """Read the episodes of all pages; one that moved between pages while they were fetched counts once.

    A page of the translated endpoint has the series' fields beside `episodes`, the other one nests them in `series`:
    neither is read here, they are those of the record itself.
    """
    episodes: dict[int, Episode] = {}
    for index, page in enumerate(pages):
        for episode in Fields(page, f"pages[{index}]", audit).children("episodes"):
            tvdb_id = episode.whole("id", least=1)
            episodes[tvdb_id] = Episode(
                tvdb_id=tvdb_id,
                season_number=episode.whole("seasonNumber"),
                number=episode.whole("number"),
                absolute_number=episode.whole_or_none("absoluteNumber") or None,
                name=episode.text_or_none("name"),
                overview=episode.text_or_none("overview"),
                first_aired=episode.day_or_none("aired"),
                runtime=episode.whole_or_none("runtime") or None,
                image=picture(episode.text_or_none("image")),
                finale_type=episode.text_or_none("finaleType"),
                upstream_updated_at=episode.moment_or_none("lastUpdated"),
            )
            episode.finish(ignored.EPISODE)
    return tuple(episodes.values())


def credits_of(data: Fields, **owner: Any) -> tuple[Credit, ...]:
    """Read `characters`: `owner` is what the record they stand in already says about each of them."""
    credits: dict[int, Credit] = {}  # noqa: A001 - the domain's own word
    for character in data.children("characters"):
        tvdb_id = character.whole("id", least=1)
        title = character.child_or_none("series") or character.child_or_none("movie")
        fields = {
            "person_tvdb_id": character.id_or_none("peopleId"),
            "person_name": character.text_or_none("personName"),
            "series_tvdb_id": character.id_or_none("seriesId"),
            "movie_tvdb_id": character.id_or_none("movieId"),
            "episode_tvdb_id": character.id_or_none("episodeId"),
        }
        # A person's own name for themself is no better than the one in the credit.
        fields |= {name: value for name, value in owner.items() if name != "person_name" or not fields[name]}
        credit = Credit(
            tvdb_id=tvdb_id,
            job=character.text_or_none("peopleType"),
            role=character.text_or_none("name"),
            title=title.text_or_none("name") if title else None,
            title_year=title.year_or_none("year") if title else None,
            person_image=picture(character.text_or_none("personImgURL")),
            image=picture(character.text_or_none("image")),
            position=character.whole_or_none("sort"),
            featured=character.flag_or_none("isFeatured") or False,
            **cast("Any", fields),
        )
        character.finish(ignored.CREDIT)
        if credit.series_tvdb_id or credit.movie_tvdb_id or credit.episode_tvdb_id:
            credits.setdefault(tvdb_id, credit)
        else:
            character.odd("seriesId", None)
    return tuple(credits.values())


def genres_of(data: Fields) -> tuple[Genre, ...]:
    """Read the genres, which have English names in every record."""
    genres = {}
    for genre in data.children("genres"):
        read = Genre(tvdb_id=genre.whole("id", least=1), name=genre.text("name"))
        genre.finish({"slug"})
        genres[read.tvdb_id] = read
    return tuple(genres.values())


def remote_ids_of(data: Fields) -> RemoteIds:
    """Read the ids elsewhere that are of use; of several for one place the first is taken."""
    imdb: list[str] = []
    tmdb: list[int] = []
    wikidata: list[str] = []
    for remote in data.children("remoteIds"):
        place, value = remote.whole_or_none("type"), remote.text_or_none("id")
        remote.finish({"sourceName"})
        if value is None:
            continue
        if place == IMDB:
            imdb.append(value)
        elif place == WIKIDATA:
            wikidata.append(value)
        elif place in TMDB and value.isascii() and value.isdecimal() and len(value) < len("1000000000"):
            tmdb.append(int(value))
        elif place in TMDB:
            remote.odd("id", value)
    return RemoteIds(*(next(iter(ids), None) for ids in (imdb, tmdb, wikidata)))  # type: ignore[arg-type]


def poster_of(data: Fields, poster: int) -> str | None:
    """Return the English poster people like best, else the record's own image, else any poster."""
    image = picture(data.text_or_none("image"))
    posters = []
    for artwork in data.children("artworks"):
        address, language = picture(artwork.text_or_none("image")), artwork.text_or_none("language")
        score = artwork.number_or_none("score") or 0.0
        if artwork.whole_or_none("type") == poster and address:
            posters.append((language == ENGLISH, score, address))
        artwork.finish(ignored.ARTWORK)
    best = max(posters, default=None)
    if best is not None and (best[0] or image is None):
        return best[2]
    return image


def picture(address: str | None) -> str | None:
    """Return an absolute address for any of the forms images come in; None for none."""
    if address is None or NO_PICTURE in address:
        return None
    if address.startswith(("https://", "http://")):
        return address
    if address.startswith("//"):
        return f"https:{address}"
    return f"{ARTWORK_HOST}/{address.lstrip('/')}"
