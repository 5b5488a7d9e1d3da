"""TheTVDB's API v4: series, movies, people and search. Nothing outside this folder knows its addresses or fields."""

from shared.upstreams.tvdb.client import Tvdb, open_tvdb
from shared.upstreams.tvdb.records import read_movie, read_person, read_series
from shared.upstreams.tvdb.search import read_search

__all__ = ["Tvdb", "open_tvdb", "read_movie", "read_person", "read_search", "read_series"]
