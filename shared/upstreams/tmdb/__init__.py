"""TMDb's API v3: posters and summaries of films and series. Nothing outside this folder knows its fields."""

from shared.upstreams.tmdb.client import Tmdb, open_tmdb
from shared.upstreams.tmdb.records import read_find, read_movie, read_tv

__all__ = ["Tmdb", "open_tmdb", "read_find", "read_movie", "read_tv"]
