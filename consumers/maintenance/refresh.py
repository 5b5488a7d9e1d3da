"""Refresh sweeps: series, movies and people past their age are asked for again, as far as their pools keep up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog

from consumers.run import Run
from consumers.task import handles
from shared import clock
from shared.contracts import maintenance, screen
from shared.contracts.kind import Kind, Payload
from shared.maintenance import refresh

log = structlog.get_logger(__name__)

SLICE: Final = 100
"""Saves of a sweep that start at once; the next slice starts a minute later, and so on."""

PAUSE: Final = 60.0
"""Seconds between slices; at TheTVDB's pace a slice is done in less."""

SAVES: Final[dict[str, tuple[Kind, Callable[..., Payload]]]] = {
    "series": (screen.SAVE_SERIES, screen.SaveSeries),
    "movie": (screen.SAVE_MOVIE, screen.SaveMovie),
    "person": (screen.SAVE_PERSON, screen.SavePerson),
}


@handles(maintenance.REFRESH_CONTENT)
def refresh_stale_content(ask: maintenance.RefreshContent, run: Run) -> None:
    """Ask for the series and movies that are past their age, stalest first."""
    _sweep(run, ("series", "movie"), ask.limit, run.wiring.settings.series_fresh_days)


@handles(maintenance.REFRESH_PEOPLE)
def refresh_stale_people(ask: maintenance.RefreshPeople, run: Run) -> None:
    """Ask for the people who are past their age, stalest first."""
    _sweep(run, ("person",), ask.limit, run.wiring.settings.people_fresh_days)


def _sweep(run: Run, sorts: tuple[str, ...], limit: int, fresh_days: float) -> None:
    now = clock.now()
    kinds = {sort: SAVES[sort][0].name for sort in sorts}
    with run.finish() as effect:
        found = refresh.sweep(effect.connection, kinds, now - timedelta(days=fresh_days), limit, now)
        for start in range(0, len(found.stale), SLICE):
            asks = [SAVES[one.sort][1](tvdb_id=one.tvdb_id) for one in found.stale[start : start + SLICE]]
            effect.ask(*asks, after=start // SLICE * PAUSE or None)
        ids = [message.message_id for message in effect.following]
        refresh.note(effect.connection, list(zip(found.stale, ids, strict=True)), now)
        effect.result = {"asked": len(ids), "on_their_way": found.on_their_way}
        if found.backs_off:
            effect.result["told"] = f"still {found.on_their_way} on their way; none asked for"
            log.warning("sweep backs off", on_their_way=found.on_their_way, limit=limit)
