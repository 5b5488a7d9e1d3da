"""Adaptations: read whole from Wikidata, then a few at a time refreshed with what TMDb has to show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Final

from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.catalog.adaptations import rules, store
from shared.catalog.adaptations.records import Adaptations, TmdbDetails
from shared.catalog.adaptations.store import Due, Looked
from shared.contracts import adaptations
from shared.errors import MillraceError, Transient, UnreadableAnswer, UpstreamAway, UpstreamGone, UpstreamRefused
from shared.upstreams import tmdb, wikidata

SHOWN: Final = 20
"""Problems that a result names; how many there were it says as well."""

AFTER: Final = 600.0
"""Seconds until the rest is asked for when TMDb went away part-way and did not say for how long."""

LONGEST: Final = timedelta(minutes=15)
"""For how long one run asks TMDb: at the time limit of its message all that was fetched would be lost."""

NOT_LET_IN: Final = frozenset({401, 403})


@handles(adaptations.INGEST_WIKIDATA)
def run_daily_wikidata_ingestion(ask: adaptations.IngestWikidata, run: Run) -> None:
    """Read works, screen works and the edges between them, and make them what is held."""
    at = clock.now()
    upstream = run.upstream(wikidata.open_wikidata)
    reading, problems = wikidata.read_adaptations(upstream.fetch_adaptations())
    with run.wiring.engine.begin() as connection:
        held = store.held(connection)
    _check(held.edges, reading, ask)
    redirects = upstream.fetch_redirects(rules.unseen(held.ids, reading))
    with run.finish() as effect:
        store.lock(effect.connection)
        # Another reading may have been stored while redirects were asked for.
        _check(store.totals(effect.connection).edges, reading, ask)
        changes = store.save_reading(effect.connection, reading, redirects, at)
        totals = store.totals(effect.connection)
        if changes is not None:
            effect.announce(adaptations.AdaptationsIngested(**asdict(totals)))
        effect.result = {
            "held": asdict(totals),
            "changes": None if changes is None else asdict(changes),
            "problems": len(problems),
            "first_problems": [f"{problem.item} {problem.why}" for problem in problems[:SHOWN]],
        }


@handles(adaptations.REFRESH_TMDB)
def refresh_tmdb_metadata(ask: adaptations.RefreshTmdb, run: Run) -> None:
    """Refresh poster, summary, year and type of the screen works that TMDb was asked about longest ago.

    What was fetched before TMDb went away is kept, and the rest is asked for in a message of its own.
    """
    at = clock.now()
    upstream = run.upstream(tmdb.open_tmdb)
    with run.wiring.engine.begin() as connection:
        due = store.due_for_tmdb(connection, ask.limit)
    tour = look_up(upstream, due, at + LONGEST)
    with run.finish() as effect:
        changed = store.save_tmdb(effect.connection, tour.looked, at)
        left = len(due) - len(tour.looked)
        if left and isinstance(tour.ended, Transient):
            effect.ask(adaptations.RefreshTmdb(limit=left), after=tour.ended.retry_after or AFTER)
        effect.result = tour.told() | {"changed": changed, "left": left}


@dataclass(slots=True)
class Tour:
    """What came of asking TMDb about one screen work after the other; `ended` is why it was broken off."""

    looked: list[Looked] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ended: MillraceError | None = None

    def told(self) -> dict[str, object]:
        """Return this as a result."""
        return {
            "refreshed": sum(one.details is not None for one in self.looked),
            "gone": sum(one.gone for one in self.looked),
            "problems": len(self.problems),
            "first_problems": self.problems[:SHOWN],
            "ended": None if self.ended is None else str(self.ended),
        }


def _check(held: int, reading: Adaptations, ask: adaptations.IngestWikidata) -> None:
    """Raise UpstreamAway for a reading that lacks most of what is held, and that nobody said is to be believed."""
    read = len(reading.edges)
    if not (rules.plausible(held, read) or (ask.believe and read)):
        why = f"it answered with {read} adaptations, and {held} are held; if it is right, ask again with believe: true"
        raise UpstreamAway("wikidata", why)


def look_up(upstream: tmdb.Tmdb, due: Iterable[Due], until: datetime) -> Tour:
    """Ask about one screen work after the other, until TMDb goes away, lets us in no more or has taken too long.

    A record that is gone or cannot be read is that record's business. Raises what went wrong if nothing at all could
    be had.
    """
    tour = Tour()
    answered = False
    first: MillraceError | None = None
    images = upstream.fetch_configuration()
    for each in due:
        if tour.looked and clock.now() >= until:
            tour.ended = UpstreamAway("tmdb", f"it was so slow that {len(tour.looked)} took until {until.isoformat()}")
            break
        try:
            details = _details(upstream, each, images)
        except (Transient, UnreadableAnswer, UpstreamRefused) as error:
            first = first or error
            if isinstance(error, Transient) or (isinstance(error, UpstreamRefused) and error.status in NOT_LET_IN):
                tour.ended = error
                break
            tour.problems.append(f"{each.wikidata_id}: {error}")
            tour.looked.append(Looked(each.id))
        else:
            answered = True
            tour.looked.append(Looked(each.id, details, gone=details is None))
    if first is not None and not answered:
        raise first
    return tour


def _details(upstream: tmdb.Tmdb, due: Due, images: str) -> TmdbDetails | None:
    """Return what TMDb says of a screen work, under the first of its ids that TMDb knows; None if it knows none."""
    for word, number in _keys(upstream, due):
        try:
            if word == "tv":
                return tmdb.read_tv(upstream.fetch_tv(number), images)
            return tmdb.read_movie(upstream.fetch_movie(number), images)
        except UpstreamGone:
            continue
    return None


def _keys(upstream: tmdb.Tmdb, due: Due) -> list[tuple[str, int]]:
    """Return where TMDb has it; a screen work that has only IMDb's id is looked for by that."""
    keys = rules.tmdb_keys(due.screen_type, due.tmdb_movie_id, due.tmdb_tv_id)
    if keys or due.imdb_id is None:
        return keys
    try:
        found = tmdb.read_find(upstream.find(due.imdb_id))
    except UpstreamGone:
        return []
    return [] if found is None else [found]
