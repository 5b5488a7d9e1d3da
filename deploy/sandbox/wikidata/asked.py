"""The questions the stand-in understands: four, in one wording each, with holes. It is no SPARQL engine.

Whatever else is asked is refused as a query that cannot be parsed. The wordings are written down here a second time,
so that whoever changes a query of the client has to say here what it means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LABELS = 'SERVICE wikibase:label { bd:serviceParam wikibase:language "<LANGUAGES>" . }'

PAIRS = """SELECT ?work ?workType ?source ?sourceType WHERE {
  VALUES ?workType { <IDS> } VALUES ?sourceType { <SOURCES> }
  ?work wdt:P31 ?workType ; wdt:P144 ?source . ?source wdt:P31 ?sourceType .<ENDING>
} LIMIT <LIMIT>"""

SCREEN_WORKS = f"""SELECT ?work ?workLabel ?date ?imdb ?tvdb ?tvdbMovie ?tmdbMovie ?tmdbTv WHERE {{ {{
  SELECT ?work (MIN(?dates) AS ?date) (MIN(?imdbs) AS ?imdb) (MIN(?tvdbs) AS ?tvdb)
    (MIN(?tvdbMovies) AS ?tvdbMovie) (MIN(?tmdbMovies) AS ?tmdbMovie) (MIN(?tmdbTvs) AS ?tmdbTv) WHERE {{
    VALUES ?work {{ <IDS> }}
    OPTIONAL {{ ?work wdt:P577|wdt:P580 ?dates . FILTER(ISLITERAL(?dates)) }}
    OPTIONAL {{ ?work wdt:P345 ?imdbs . FILTER(STRSTARTS(?imdbs, "tt")) }}
    OPTIONAL {{ ?work wdt:P4835 ?tvdbs }}
    OPTIONAL {{ ?work wdt:P12196 ?tvdbMovies }}
    OPTIONAL {{ ?work wdt:P4947 ?tmdbMovies }}
    OPTIONAL {{ ?work wdt:P4983 ?tmdbTvs }}
  }} GROUP BY ?work }}
  {LABELS}
}} LIMIT <LIMIT>"""

WORKS = f"""SELECT ?source ?sourceLabel ?author ?authorLabel ?sourceDate WHERE {{
  VALUES ?source {{ <IDS> }}
  OPTIONAL {{ ?source wdt:P50 ?author }} OPTIONAL {{ ?source wdt:P577 ?sourceDate }}
  {LABELS}
}} LIMIT <LIMIT>"""

REDIRECTS = "SELECT ?old ?new WHERE { VALUES ?old { <IDS> } ?old owl:sameAs ?new . } LIMIT <LIMIT>"

ITEMS = r"(?:wd:Q[1-9][0-9]* ?)+"
HOLES = {
    "<IDS>": f"(?P<ids>{ITEMS})",
    "<SOURCES>": f"(?P<sources>{ITEMS})",
    "<LANGUAGES>": "(?P<languages>[a-z,]+)",
    "<LIMIT>": "(?P<limit>[1-9][0-9]*)",
    "<ENDING>": r'(?: FILTER\(REGEX\(STR\(\?work\), "\[(?P<digits>[0-9]+)\]\$"\)\))?',
}


@dataclass(frozen=True)
class Question:
    """One query: `shape` is one of pairs, screen_works, works, redirects; `limit` in rows."""

    shape: str
    ids: tuple[str, ...]
    sources: tuple[str, ...]
    languages: tuple[str, ...]
    digits: str
    limit: int


def understood(query: str) -> Question | None:
    """Return what a query asks; None if it is none of the four."""
    words = normal(query)
    for shape, pattern in PATTERNS.items():
        found = pattern.fullmatch(words)
        if found:
            holes = {name: text or "" for name, text in found.groupdict().items()}
            return Question(
                shape=shape,
                ids=_ids(holes["ids"]),
                sources=_ids(holes.get("sources", "")),
                languages=tuple(holes.get("languages", "").split(",")),
                digits=holes.get("digits") or "0123456789",
                limit=int(holes["limit"]),
            )
    return None


def normal(query: str) -> str:
    """Return a query with every stretch of space as one blank: how it is laid out means nothing."""
    return " ".join(query.split())


def _ids(text: str) -> tuple[str, ...]:
    return tuple(word.removeprefix("wd:") for word in text.split())


def _pattern(shape: str) -> re.Pattern[str]:
    text = re.escape(normal(shape))
    for hole, pattern in HOLES.items():
        text = text.replace(hole, pattern)
    return re.compile(text.replace(r"\ \}", r"\ ?\}"), re.ASCII)


PATTERNS = {
    "pairs": _pattern(PAIRS),
    "screen_works": _pattern(SCREEN_WORKS),
    "works": _pattern(WORKS),
    "redirects": _pattern(REDIRECTS),
}
