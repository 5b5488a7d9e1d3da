"""Every recorded TMDb answer that this project asks for is read; runs where such recordings are."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from shared.catalog.adaptations.records import TmdbDetails
from shared.errors import UpstreamRefused
from shared.settings import Settings
from shared.upstreams.gateway import Gateway
from shared.upstreams.tmdb import open_tmdb, read_find, read_movie, read_tv
from shared.upstreams.tmdb.records import IMAGES, read_configuration

SIBLING = Path(__file__).parents[3] / "shared" / "upstreams" / "samples"
SAMPLES = Path(os.environ.get("MILLRACE_SAMPLES") or SIBLING) / "tmdb"

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="no recorded answers here; MILLRACE_SAMPLES says where")


def names() -> list[str]:
    return sorted(path.name for path in SAMPLES.glob("*.json")) if SAMPLES.is_dir() else []


def data(name: str) -> Any:
    return json.loads((SAMPLES / name).read_text())


def as_movie(raw: Any) -> TmdbDetails:
    return read_movie(raw, IMAGES)


def as_tv(raw: Any) -> TmdbDetails:
    return read_tv(raw, IMAGES)


def as_hits(kind: str) -> Callable[[Any], Any]:
    """Read the hits of a search as a find's: they are the same short records."""
    return lambda raw: [read_find({f"{kind}_results": [hit]}) for hit in raw["results"]] + ["read"]


def as_exchanges(raw: Any) -> Any:
    """Read the bodies of searches in a list of exchanges."""
    for one in raw:
        if "/search/" in one["request"]["uri"] and one["response"]["status"] == httpx.codes.OK:
            kind = "tv" if "/search/tv" in one["request"]["uri"] else "movie"
            as_hits(kind)(json.loads(one["response"]["body"]))
    return raw


# The beginning of a file's name says what it holds; the longest that fits counts. None: not read by this project.
READERS: dict[str, Callable[[Any], Any] | None] = {
    "": None,
    "ceg_configuration_details": read_configuration,
    "ceg_find_": read_find,
    "ceg_movies_details": as_movie,
    "ceg_search_movie": as_hits("movie"),
    "ceg_search_tv": as_hits("tv"),
    "ceg_tv_series_details": as_tv,
    "exchange_": as_exchanges,
    "movie_": as_movie,
    "search_movie": as_hits("movie"),
    "search_tv": as_hits("tv"),
    "tv_": as_tv,
    "tv_1396_season": None,
}


def reader_of(name: str) -> Callable[[Any], Any] | None:
    return READERS[max((start for start in READERS if name.startswith(start)), key=len)]


@pytest.mark.parametrize("name", names())
def test_every_recording_that_is_asked_for_is_read(name: str) -> None:
    reader = reader_of(name)
    if reader is not None:
        assert reader(data(name)) is not None


@pytest.mark.parametrize("name", names())
def test_no_recording_has_a_field_that_nobody_knows(name: str) -> None:
    reader = reader_of(name)
    if reader is not None:
        with capture_logs() as logs:
            reader(data(name))
        assert logs == []


def test_a_recorded_film_comes_out_right() -> None:
    found = as_movie(data("ceg_movies_details.json"))
    assert (found.tmdb_id, found.year, found.screen_type) == (550, 1999, "movie")
    assert found.poster == "https://image.tmdb.org/t/p/w500/pB8BM7pdSp6B6Ih7QZ4DrQ3PmJK.jpg"
    assert (found.summary or "").startswith("A ticking-time-bomb insomniac")


def test_a_recorded_series_comes_out_right() -> None:
    found = as_tv(data("ceg_tv_series_details.json"))
    assert (found.tmdb_id, found.year, found.screen_type) == (1399, 2011, "series")


def test_a_recorded_find_is_a_series() -> None:
    assert read_find(data("ceg_find_tv_results.json")) == ("tv", 1396)


def test_the_recorded_configuration_is_the_address_that_is_known() -> None:
    assert read_configuration(data("ceg_configuration_details.json")) == IMAGES


def test_a_recorded_wrong_key_is_refused() -> None:
    body = data("ceg_authentication_validate_key_unsuccessful.json")
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(401, json=body)))
    with pytest.raises(UpstreamRefused, match="Invalid API key") as caught:
        open_tmdb(Gateway(client, Settings(tmdb_token="wrong"))).fetch_movie(550)
    assert caught.value.status == httpx.codes.UNAUTHORIZED
