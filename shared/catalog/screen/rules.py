"""What the screen domain decides, as pure functions: no session, client, clock or settings inside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from shared.catalog.screen.records import Credit, Series

LARGEST_LOSS: Final = 0.5
"""Share of its episodes or credits that a series may lose from one answer to the next and still be believed."""

SMALL: Final = 5
"""Up to so many, any loss short of all of them is believed: half of four is one edit."""


def is_stale(synced_at: datetime | None, now: datetime, max_age: timedelta) -> bool:
    """Return whether a copy has to be fetched again; what was never fetched is stale."""
    return synced_at is None or now - synced_at >= max_age


def people_of(credits: Iterable[Credit]) -> list[int]:  # noqa: A002 - the screen's own word
    """Return the people that credits name, each once, in order of first mention."""
    return list(dict.fromkeys(credit.person_tvdb_id for credit in credits if credit.person_tvdb_id is not None))


@dataclass(frozen=True, slots=True)
class Counts:
    """How many parts a series has, as stored or as just read."""

    seasons: int
    episodes: int
    credits: int


def counts_of(series: Series) -> Counts:
    """Count the parts of a series that was just read."""
    return Counts(seasons=len(series.seasons), episodes=len(series.episodes), credits=len(series.credits))


def plausible(previous: Counts | None, new: Counts) -> bool:
    """Return whether a new answer may replace what is stored (`previous`; None for a series not stored yet).

    TheTVDB under load is known to answer 200 with seasons, episodes or credits missing. Believing that would
    delete them, so an answer that lost all or more than half of a kind is to be asked for again later.
    """
    if previous is None:
        return True
    pairs = (
        (previous.seasons, new.seasons),
        (previous.episodes, new.episodes),
        (previous.credits, new.credits),
    )
    return not any(_lost_too_much(before, after) for before, after in pairs)


def _lost_too_much(before: int, after: int) -> bool:
    if before == 0 or after >= before:
        return False
    return after == 0 or (before > SMALL and after < before * (1 - LARGEST_LOSS))
