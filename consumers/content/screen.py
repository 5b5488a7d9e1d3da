"""Series and movies: fetched from TheTVDB, stored whole; the people we lack are asked for."""

from __future__ import annotations

from typing import Final

from consumers.following import ask_for_people, record_gone
from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.catalog.screen import rules, store
from shared.contracts import screen
from shared.errors import UpstreamAway, UpstreamGone
from shared.upstreams import tvdb

BELIEVE: Final = "if that is right, ask again with believe: true"


@handles(screen.SAVE_SERIES)
def save_series_full(ask: screen.SaveSeries, run: Run) -> None:
    """Save a series with seasons, episodes, credits, genres and aliases."""
    at = clock.now()
    try:
        series = tvdb.read_series(run.upstream(tvdb.open_tvdb).fetch_series(ask.tvdb_id))
    except UpstreamGone:
        record_gone(run, "series", ask.tvdb_id)
        return
    with run.finish() as effect:
        held = store.series_counts(effect.connection, series.tvdb_id)
        if not (ask.believe or rules.plausible(held, rules.counts_of(series))):
            raise UpstreamAway("tvdb", f"series {series.tvdb_id} came without most of the parts it had; {BELIEVE}")
        store.save_series(effect.connection, series, at)
        ask_for_people(effect, rules.people_of(series.credits), run)
        effect.announce(screen.SeriesSaved(tvdb_id=series.tvdb_id, name=series.name, episodes=len(series.episodes)))
        effect.result = {"name": series.name, "episodes": len(series.episodes), "credits": len(series.credits)}


@handles(screen.SAVE_MOVIE)
def save_movie_full(ask: screen.SaveMovie, run: Run) -> None:
    """Save a movie with credits, genres and aliases."""
    at = clock.now()
    try:
        movie = tvdb.read_movie(run.upstream(tvdb.open_tvdb).fetch_movie(ask.tvdb_id))
    except UpstreamGone:
        record_gone(run, "movie", ask.tvdb_id)
        return
    with run.finish() as effect:
        store.save_movie(effect.connection, movie, at)
        ask_for_people(effect, rules.people_of(movie.credits), run)
        effect.announce(screen.MovieSaved(tvdb_id=movie.tvdb_id, name=movie.name))
        effect.result = {"name": movie.name, "credits": len(movie.credits)}
