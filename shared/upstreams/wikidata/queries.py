"""What Wikidata is asked, in SPARQL, cut into parts that can be cut further when one turns out too large.

First the pairs (which screen work is based on which work) as bare ids, then what is known of each id, so many at a
time. Sorting or skipping through one big result would make the service work out the whole of it for every page, and
a query may run for 60 seconds only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from shared.upstreams.wikidata.classes import SCREEN_TYPES, WORK_TYPES

MOST_ROWS: Final = 20_000
"""Rows of an answer, some 14 MB of pairs; an answer of exactly so many is taken for one that was cut off there."""

AT_ONCE: Final = 500  # ids in one question; the service answers it within seconds
LARGEST_CLASS: Final = ("Q11424",)  # more films than everything else together
DIGITS: Final = "0123456789"
# The label service goes through the languages in turn; `mul` holds names that are the same in all.
LANGUAGES: Final = "en,mul,fr,de,es,it,pt,nl,sv,pl,ru,ja,zh,ko"
_LABELS: Final = f'SERVICE wikibase:label {{ bd:serviceParam wikibase:language "{LANGUAGES}" . }}'
_ID: Final = re.compile(r"Q[1-9][0-9]{0,11}")


class Part(Protocol):
    """A question that can be asked by itself; `what` says in words what for, `size` in numbers what is in it."""

    @property
    def what(self) -> str:
        """Words for errors."""

    @property
    def text(self) -> str:
        """SPARQL."""

    def halves(self) -> Sequence[Part]:
        """Return two smaller parts that together ask the same; none when this is the smallest."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The pairs of some classes at each end, of screen works whose ids end in one of `digits`."""

    screen_types: tuple[str, ...]
    work_types: tuple[str, ...] = tuple(WORK_TYPES)
    digits: str = DIGITS

    @property
    def what(self) -> str:
        """Words for errors."""
        return f"pairs of {len(self.screen_types)} and {len(self.work_types)} classes, ids ending in {self.digits}"

    @property
    def text(self) -> str:
        """SPARQL; ?work is what is seen on a screen, ?source what it is based on."""
        ending = "" if self.digits == DIGITS else f'\n  FILTER(REGEX(STR(?work), "[{self.digits}]$"))'
        return f"""SELECT ?work ?workType ?source ?sourceType WHERE {{
  VALUES ?workType {{ {_items(self.screen_types)} }}
  VALUES ?sourceType {{ {_items(self.work_types)} }}
  ?work wdt:P31 ?workType ; wdt:P144 ?source .
  ?source wdt:P31 ?sourceType .{ending}
}}
LIMIT {MOST_ROWS}"""

    def halves(self) -> Sequence[Part]:
        """Cut by classes first, since that makes the service look at less, and by digits at last."""
        for axis in ("screen_types", "work_types", "digits"):
            values = getattr(self, axis)
            if len(values) > 1:
                middle = len(values) // 2
                return replace(self, **{axis: values[:middle]}), replace(self, **{axis: values[middle:]})
        return ()


@dataclass(frozen=True, slots=True)
class About:
    """What is known of some items; `template` is one of the texts below."""

    template: str
    ids: tuple[str, ...]

    @property
    def what(self) -> str:
        """Words for errors."""
        return f"what is known of {len(self.ids)} items from {self.ids[0]} on"

    @property
    def text(self) -> str:
        """SPARQL."""
        return self.template.replace("IDS", _items(self.ids)) + f"\nLIMIT {MOST_ROWS}"

    def halves(self) -> Sequence[Part]:
        """Cut the list of ids."""
        middle = len(self.ids) // 2
        return (replace(self, ids=self.ids[:middle]), replace(self, ids=self.ids[middle:])) if middle else ()


# One row each: a film has a date of publication for every country it was shown in. Dates of unknown value are no
# literals; other things than titles have IMDb ids too.
SCREEN_WORKS: Final = f"""SELECT ?work ?workLabel ?date ?imdb ?tvdb ?tvdbMovie ?tmdbMovie ?tmdbTv WHERE {{
  {{
    SELECT ?work (MIN(?dates) AS ?date) (MIN(?imdbs) AS ?imdb) (MIN(?tvdbs) AS ?tvdb)
           (MIN(?tvdbMovies) AS ?tvdbMovie) (MIN(?tmdbMovies) AS ?tmdbMovie) (MIN(?tmdbTvs) AS ?tmdbTv) WHERE {{
      VALUES ?work {{ IDS }}
      OPTIONAL {{ ?work wdt:P577|wdt:P580 ?dates . FILTER(ISLITERAL(?dates)) }}
      OPTIONAL {{ ?work wdt:P345 ?imdbs . FILTER(STRSTARTS(?imdbs, "tt")) }}
      OPTIONAL {{ ?work wdt:P4835 ?tvdbs }}
      OPTIONAL {{ ?work wdt:P12196 ?tvdbMovies }}
      OPTIONAL {{ ?work wdt:P4947 ?tmdbMovies }}
      OPTIONAL {{ ?work wdt:P4983 ?tmdbTvs }}
    }}
    GROUP BY ?work
  }}
  {_LABELS}
}}"""

WORKS: Final = f"""SELECT ?source ?sourceLabel ?author ?authorLabel ?sourceDate WHERE {{
  VALUES ?source {{ IDS }}
  OPTIONAL {{ ?source wdt:P50 ?author }}
  OPTIONAL {{ ?source wdt:P577 ?sourceDate }}
  {_LABELS}
}}"""

REDIRECTS: Final = """SELECT ?old ?new WHERE {
  VALUES ?old { IDS }
  ?old owl:sameAs ?new .
}"""


def pairs() -> list[Part]:
    """Return the questions that together ask for every adaptation."""
    rest = tuple(one for one in SCREEN_TYPES if one not in LARGEST_CLASS)
    return [Pairs(LARGEST_CLASS), Pairs(rest)]


def about(template: str, ids: Iterable[str]) -> list[Part]:
    """Return the questions about some items; raises ValueError for an id that is none."""
    wanted = tuple(dict.fromkeys(ids))
    for one in wanted:
        if not _ID.fullmatch(one):
            raise ValueError(f"{one!r} is no Wikidata id")
    return [About(template, wanted[start : start + AT_ONCE]) for start in range(0, len(wanted), AT_ONCE)]


def _items(ids: Iterable[str]) -> str:
    return " ".join(f"wd:{one}" for one in ids)
