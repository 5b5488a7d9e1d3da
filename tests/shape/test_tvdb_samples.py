"""Every recorded TheTVDB answer at hand is read; runs where such recordings are (MILLRACE_SAMPLES, or a sibling)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.catalog.screen.records import Movie, Person, SearchHit, Series
from shared.errors import UnreadableAnswer
from shared.upstreams.tvdb import read_movie, read_person, read_search, read_series

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
SAMPLES = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING) / "tvdb"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded answers here; MILLRACE_SAMPLES says where")


def data(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())["data"]


def names() -> list[str]:
    return sorted(path.name for path in SAMPLES.glob("*.json")) if SAMPLES.is_dir() else []


def as_series(record: Any) -> Series:
    return read_series({"data": record, "english": None, "pages": []})


def as_page(page: Any) -> Series:
    return read_series({"data": page["series"], "english": None, "pages": [page]})


def as_season(record: Any) -> Series:
    """Read a season's record as the only season of a series that has nothing else, with its episodes."""
    base = {"id": record["seriesId"], "name": "-", "seasons": [record]}
    return read_series({"data": base, "pages": [record]})


def as_episode(record: Any) -> Series:
    return read_series({"data": {"id": record["seriesId"], "name": "-"}, "pages": [{"episodes": [record]}]})


def as_movie(record: Any) -> Movie:
    return read_movie({"data": record, "english": None})


def as_person(record: Any) -> Person:
    return read_person({"data": record})


def as_hits(records: Any) -> list[SearchHit]:
    return read_search({"data": records})


def each(read: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    return lambda records: [read(record) for record in records]


# How a file's name begins says what it holds; the longest that fits counts. None: not read by this project.
READERS: dict[str, Callable[[Any], Any] | None] = {
    "artwork_types": None,
    "episode_": as_episode,
    "error_": None,
    "login_": None,
    "movie_": as_movie,
    "movies_": each(as_movie),
    "people_": as_person,
    "people_page": each(as_person),
    "people_types": None,
    "search_": as_hits,
    "season_": as_season,
    "series_": as_series,
    "series_*_episodes": as_page,
    "series_*_next_aired": None,
    "series_filter": each(as_series),
    "series_page": each(as_series),
    "series_statuses": None,
    "shape_people": as_person,
    "shape_search": as_hits,
    "shape_update": None,
    "updates_": None,
}
# Recordings cut down until they have no identity left; reading them must say so.
CUT_DOWN = {
    "movie_12586_extended_translations.json": "data.name is missing",
    "people_312388_extended_translations.json": "data.id is missing",
    "series_78878_extended_short.json": "data.id is missing",
}


def reader_of(name: str) -> Callable[[Any], Any] | None:
    fits = [start for start in READERS if fnmatchcase(name, f"{start}*")]
    return READERS[max(fits, key=len)] if fits else None


def cut_down(record: Any) -> bool:
    """Tell whether a recording lacks what identifies its record, so that nobody could read it."""
    return isinstance(record, dict) and not {"id", "name"} <= record.keys()


@pytest.mark.parametrize("name", names())
def test_every_recording_is_read_or_refused_by_name(name: str) -> None:
    reader = reader_of(name)
    if reader is None:
        return
    if cut_down(data(name)) and reader in {as_series, as_movie, as_person}:
        with pytest.raises(UnreadableAnswer, match=CUT_DOWN.get(name, "is missing")):
            reader(data(name))
        return
    assert reader(data(name)) is not None
    assert name not in CUT_DOWN


@pytest.mark.parametrize("name", [name for name in names() if not name.startswith("shape_")])
def test_no_recording_has_a_field_that_nobody_knows(name: str) -> None:
    reader = reader_of(name)
    if reader is None or cut_down(data(name)):
        return
    with capture_logs() as logs:
        reader(data(name))
    assert logs == []


def test_a_recorded_series_comes_out_right() -> None:
    pages = [data("series_81189_episodes_official.json")]
    found = read_series({"data": data("series_81189_extended.json"), "english": None, "pages": pages})
    assert (found.tvdb_id, found.name, found.original_name) == (81189, "Breaking Bad", "Breaking Bad")
    assert (found.status, found.year, found.network) == ("Ended", 2008, "AMC")
    assert (found.first_aired, found.last_aired, found.next_aired) == (date(2008, 1, 20), date(2013, 9, 29), None)
    assert (found.country, found.language, found.average_runtime) == ("usa", "eng", 48)
    assert found.image == "https://artworks.thetvdb.com/banners/posters/81189-10.jpg"
    assert found.upstream_updated_at == datetime(2026, 4, 12, 17, 27, 38, tzinfo=UTC)
    assert (found.remote_ids.imdb_id, found.remote_ids.tmdb_id) == ("tt0903747", 1396)
    assert [season.number for season in found.seasons] == [0, 1, 2, 3, 4, 5]
    assert [genre.name for genre in found.genres] == ["Drama", "Crime", "Thriller", "Western"]
    assert len(found.aliases) == 4
    assert found.credits == ()
    assert [(episode.season_number, episode.number) for episode in found.episodes] == [(1, n) for n in range(1, 8)]
    assert (found.episodes[0].name, found.episodes[0].first_aired) == ("Pilot", date(2008, 1, 20))
    assert (found.episodes[0].runtime, found.episodes[6].finale_type) == (58, "season")


def test_a_recorded_foreign_series_takes_its_english_name_from_a_translation() -> None:
    english = {"name": "FLCL", "overview": "A boy, a robot, a bass guitar.", "language": "eng"}
    found = read_series({"data": data("series_78878_extended.json"), "english": english, "pages": []})
    assert (found.name, found.original_name, found.language) == ("FLCL", "フリクリ", "jpn")
    (credit,) = found.credits
    assert (credit.person_tvdb_id, credit.person_name, credit.role) == (464299, "Yutaka Aoyama", "Tabata Kanda")
    assert (credit.job, credit.series_tvdb_id, credit.featured, credit.position) == ("Actor", 78878, False, 0)


def test_a_recorded_movie_comes_out_right() -> None:
    found = as_movie(data("movie_290_extended.json"))
    assert (found.name, found.year, found.released) == ("Askeladden - I Dovregubbens hall", 2018, date(2018, 8, 20))
    assert (found.runtime, found.budget, found.country, found.language) == (100, None, "nor", "nor")
    assert "Maipo Film" in found.production_companies
    assert found.remote_ids.imdb_id == "tt5628418"
    assert found.image == "https://artworks.thetvdb.com/banners/movies/290/posters/290.jpg"
    assert [genre.name for genre in found.genres] == ["Adventure", "Fantasy"]
    assert len(found.credits) == 9


def test_a_recorded_search_comes_out_right() -> None:
    found = as_hits(data("search_series.json"))
    assert len(found) == 7
    assert (found[0].tvdb_id, found[0].name, found[0].year, found[0].network) == (81189, "Breaking Bad", 2008, "AMC")
    assert (found[1].name, found[1].original_name) == ("Breaking Bad Fortune Teller", "绝命卦师")
