"""What the adaptations domain decides, as pure functions: no session, client, clock or settings inside."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from shared.catalog.adaptations.records import Adaptations, ScreenType

LARGEST_LOSS: Final = 0.5
"""Share of the edges held that one reading may lack and still be believed."""

SMALL: Final = 10
"""Up to so many edges held, any reading that has one is believed."""

TELEVISION: Final[frozenset[ScreenType]] = frozenset({"series", "miniseries", "animated_series"})
"""Types whose records TMDb keeps among its series; all others are among its movies."""


def plausible(held: int, read: int) -> bool:
    """Return whether a reading with so many edges may replace what is held.

    Wikidata's query service is known to answer 200 with rows missing. Believing that would withdraw them, so a
    reading that has no edge at all, or less than half of those held, is to be asked for again later.
    """
    return read > 0 and (held <= SMALL or read >= held * (1 - LARGEST_LOSS))


def ids_of(reading: Adaptations) -> set[str]:
    """Return the Wikidata ids of every work and screen work that a reading has."""
    return {work.wikidata_id for work in reading.works} | {each.wikidata_id for each in reading.screen_works}


def unseen(held: Collection[str], reading: Adaptations) -> list[str]:
    """Return those Wikidata ids of `held` that a reading does not have: they may have been merged into others."""
    return sorted(set(held) - ids_of(reading))


def tmdb_keys(screen_type: str, movie_id: int | None, tv_id: int | None) -> list[tuple[str, int]]:
    """Return where TMDb is to be asked about a screen work, `("movie", 850)` or `("tv", 1396)`, the likeliest first.

    Items that carry both ids are those of a film and of the series it was cut from.
    """
    keys = [(word, number) for word, number in (("movie", movie_id), ("tv", tv_id)) if number is not None]
    return sorted(keys, key=lambda key: (key[0] == "tv") != (screen_type in TELEVISION))
