"""Search: every word of the query must stand somewhere in a name, a translation or an alias."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deploy.sandbox.tvdb import answers, other_shapes, series_shapes
from deploy.sandbox.tvdb.facts import Series

if TYPE_CHECKING:
    from deploy.sandbox.tvdb.facts import Movie, Record
    from deploy.sandbox.tvdb.library import Library

DEFAULT_LIMIT = 50
MOST = 5000
"""Results that can be reached by offset and limit together."""


def search(library: Library, query: str, kind: str | None, year: str | None) -> list[tuple[str, int]]:
    """Return (series|movie|person, id) of everything that fits: whose name it is first, then the shortest name."""
    wanted, whole = _words(query), query.casefold()
    found: list[tuple[bool, int, int, str, int]] = []
    for what, number, called in library.titles():
        if kind and what != kind:
            continue
        text = called.casefold()
        if all(word in text for word in wanted) and (not year or _year(library, what, number) == year):
            names = text.split("\n")
            closest = min(len(name) if wanted[0] in name else len(text) for name in names)
            found.append((whole not in names, closest, len(found), what, number))
    return [(what, number) for *_, what, number in sorted(found)]


def record(library: Library, what: str, number: int) -> Record:
    """Return what the search says of one thing it found."""
    if what == "person":
        person = library.person(number)
        return other_shapes.found_person(person) if person else {}
    title = library.head(number) if what == "series" else library.movie(number)
    if title is None:
        return {}
    return other_shapes.found_title(title, library)


def base_record(one: Series | Movie) -> Record:
    """Return the base record of what a remote id stands for."""
    return series_shapes.base(one) if isinstance(one, Series) else other_shapes.movie(one)


def limits(offset: str, limit: str) -> tuple[int, int]:
    """Return offset and limit as numbers; raises Refused when they are none or reach too far."""
    if not (offset.isdigit() and limit.isdigit()):
        raise answers.invalid("offset and limit must be numbers")
    if int(offset) + int(limit) > MOST:
        raise answers.Refused(answers.BAD_REQUEST, "Max results overflow")
    return int(offset), max(int(limit), 1)


def _words(query: str) -> list[str]:
    return re.findall(r"\w+", query.casefold()) or [query.casefold()]


def _year(library: Library, what: str, number: int) -> str | None:
    return record(library, what, number).get("year")
