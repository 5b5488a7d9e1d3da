"""The classes of Wikidata that are read, at both ends of "is based on", and what we call them.

Both ends have to be filtered: things are also based on games, toys, events, people and other films, and games, plays
and operas are based on books. Only an item's direct class counts (P31), since walking up the tree of classes for
every film takes the service longer than it permits.

Both tables go from the most specific to the most general; of an item's several classes the first one here counts.
"""

from __future__ import annotations

from typing import Final

from shared.catalog.adaptations.records import ScreenType

# Series of films (Q24856) are left out: their films have edges of their own.
SCREEN_TYPES: Final[dict[str, ScreenType]] = {
    "Q93204": "documentary",  # documentary film
    "Q1259759": "miniseries",
    "Q63952888": "animated_series",  # anime television series
    "Q117467246": "animated_series",  # animated television series
    "Q581714": "animated_series",
    "Q20650540": "animated_movie",  # anime film
    "Q29168811": "animated_movie",  # animated feature film
    "Q202866": "animated_movie",
    "Q506240": "tv_movie",
    "Q1366112": "series",  # drama television series
    "Q5398426": "series",
    "Q24869": "movie",  # feature film
    "Q226730": "movie",  # silent film
    "Q24862": "movie",  # short film
    "Q11424": "movie",
}

WORK_TYPES: Final[dict[str, str]] = {
    "Q21198342": "manga series",
    "Q8274": "manga",
    "Q725377": "graphic novel",
    "Q14406742": "comic book series",
    "Q25379": "play",
    "Q49084": "short story",
    "Q149537": "novella",
    "Q1667921": "novel series",
    "Q277759": "book series",
    "Q8261": "novel",
    "Q571": "book",
    "Q7725634": "literary work",
    "Q47461344": "written work",
}

OF_SERIES: Final[frozenset[ScreenType]] = frozenset({"series", "miniseries", "animated_series"})
"""The types whose items have the ids of series in other catalogues; the rest have those of movies."""
