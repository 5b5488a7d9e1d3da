"""Folds Wikidata's rows into works, screen works and the edges between them. Pure; `client` does the fetching.

Properties with several values multiply rows, so an item is what all rows that name it say together. What comes out
depends neither on the order of the rows nor on how often they come: of several dates the earliest year counts, of
several ids the lowest, of several classes the most specific, of several names the first of English, those of all
languages, any other; authors stand in the order of their ids, since rows are in none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from shared.catalog.adaptations.records import Adaptations, Edge, ScreenWork, Work
from shared.upstreams.fields import Audit
from shared.upstreams.wikidata import bindings
from shared.upstreams.wikidata.bindings import UPSTREAM, Row
from shared.upstreams.wikidata.classes import OF_SERIES, SCREEN_TYPES, WORK_TYPES

ENGLISH: Final = ("en", "mul")  # best first

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something in the rows that is not as it should be: an item, and why.

    What it is about was left out, unless `left_out` is False: then a title is only the item's id.
    """

    item: str
    why: str
    left_out: bool = True

    def __str__(self) -> str:
        return f"{self.item} {self.why}"


@dataclass(slots=True)
class _Found:
    """All that the rows say of one item."""

    labels: set[tuple[int, str]] = field(default_factory=set)
    classes: set[str] = field(default_factory=set)
    years: set[int] = field(default_factory=set)
    authors: dict[str, set[tuple[int, str]]] = field(default_factory=dict)
    imdb: set[str] = field(default_factory=set)
    numbers: dict[str, set[int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Folded:
    """All items at both ends, the pairs between them, and what is wrong."""

    screen_works: dict[str, _Found] = field(default_factory=dict)
    works: dict[str, _Found] = field(default_factory=dict)
    pairs: set[tuple[str, str]] = field(default_factory=set)
    problems: set[Problem] = field(default_factory=set)
    audit: Audit = field(default_factory=lambda: Audit(UPSTREAM))


def read_adaptations(rows: Iterable[Row]) -> tuple[Adaptations, list[Problem]]:
    """Read what `Wikidata.fetch_adaptations` fetched; sorted by id, and so are the problems."""
    folded = _Folded()
    for row in rows:
        _fold(row, folded)
    folded.audit.report("adaptations")
    used = {screen: _screen_work(screen, folded) for screen in {screen for screen, _ in folded.pairs}}
    based = {work: _work(work, folded) for work in {work for _, work in folded.pairs}}
    # What is left out takes its edges with it, and they whatever hung on no other edge.
    edges = [(screen, work) for screen, work in folded.pairs if used[screen] and based[work]]
    adaptations = Adaptations(
        works=tuple(book for qid in _sorted(work for _, work in edges) if (book := based[qid])),
        screen_works=tuple(seen for qid in _sorted(screen for screen, _ in edges) if (seen := used[qid])),
        edges=tuple(Edge(screen, work) for screen, work in sorted(edges, key=lambda pair: [*map(_order, pair)])),
    )
    return adaptations, sorted(folded.problems, key=lambda problem: (_order(problem.item), problem))


def _fold(row: Row, folded: _Folded) -> None:
    screen, work = bindings.item(row, "work"), bindings.item(row, "source")
    if screen is not None:
        found = folded.screen_works.setdefault(screen, _Found())
        _common(row, found, ("workLabel", "workType", "date"), screen, folded.audit)
        for name in ("tvdb", "tvdbMovie", "tmdbMovie", "tmdbTv"):
            found.numbers.setdefault(name, set()).update(_value(bindings.number, row, name, screen, folded.audit))
        found.imdb.update(_value(bindings.imdb, row, "imdb", screen, folded.audit))
    if work is not None:
        found = folded.works.setdefault(work, _Found())
        _common(row, found, ("sourceLabel", "sourceType", "sourceDate"), work, folded.audit)
        _author(row, found)
    if screen is not None and work is not None and screen != work:
        folded.pairs.add((screen, work))
    elif "work" in row and "source" in row:
        if screen is not None and screen == work:
            folded.problems.add(Problem(screen, "is based on itself"))
        elif screen is None:
            folded.problems.add(Problem(row["work"]["value"], "is no item, but based on one"))
        else:
            folded.problems.add(Problem(screen, f"is based on no item: {row['source']['value'][:100]}"))


def _common(row: Row, found: _Found, names: tuple[str, str, str], qid: str, audit: Audit) -> None:
    """Read what either end has: a name, a class, a date."""
    label, kind, date = names
    found.labels.update(_label(row, label))
    one = bindings.item(row, kind)
    if one is not None:
        found.classes.add(one)
    found.years.update(_value(bindings.year, row, date, qid, audit))


def _label(row: Row, name: str) -> set[tuple[int, str]]:
    text = bindings.label(row, name)
    if text is None:
        return set()
    language = row[name].get("xml:lang")
    return {(ENGLISH.index(language) if language in ENGLISH else len(ENGLISH), text)}


def _author(row: Row, found: _Found) -> None:
    """Read an author; one who is unknown, or has no name, is none."""
    labels = _label(row, "authorLabel")
    if not labels:
        return
    # A row may name an author without the item; with something else in its place the name is no name either.
    key = bindings.item(row, "author") if "author" in row else f"\N{TILDE}{min(labels)[1]}"
    if key is not None:
        found.authors.setdefault(key, set()).update(labels)


def _value(read: Callable[[Row, str], _T | None], row: Row, name: str, qid: str, audit: Audit) -> set[_T]:
    """Return what a cell holds, as a set of one or none; an unreadable one is odd."""
    try:
        value = read(row, name)
    except ValueError as error:
        audit.odd.append(f"{qid}.{name}: {str(error)[:100]!r}")
        return set()
    return set() if value is None else {value}


def _screen_work(qid: str, folded: _Folded) -> ScreenWork | None:
    found = folded.screen_works[qid]
    kind = next((name for one, name in SCREEN_TYPES.items() if one in found.classes), None)
    if kind is None:
        folded.problems.add(Problem(qid, _of_no_class(found, "no screen work")))
        return None
    numbers = {name: min(values, default=None) for name, values in found.numbers.items()}
    return ScreenWork(
        wikidata_id=qid,
        title=_title(qid, found, folded),
        screen_type=kind,
        year=min(found.years, default=None),
        imdb_id=min(found.imdb, key=lambda one: int(one[2:]), default=None),
        # TheTVDB counts movies and series apart: the same number is two titles.
        tvdb_id=numbers.get("tvdb" if kind in OF_SERIES else "tvdbMovie"),
        tmdb_movie_id=numbers.get("tmdbMovie"),
        tmdb_tv_id=numbers.get("tmdbTv"),
    )


def _work(qid: str, folded: _Folded) -> Work | None:
    found = folded.works[qid]
    kind = next((name for one, name in WORK_TYPES.items() if one in found.classes), None)
    # Rows need not name the class of what a work is based on; where they do it has to be one of ours.
    if kind is None and found.classes:
        folded.problems.add(Problem(qid, _of_no_class(found, "no written work")))
        return None
    return Work(
        wikidata_id=qid,
        title=_title(qid, found, folded),
        work_type=kind,
        authors=tuple(dict.fromkeys(min(found.authors[one])[1] for one in _sorted(found.authors))),
        year=min(found.years, default=None),
    )


def _of_no_class(found: _Found, what: str) -> str:
    return f"is {what}: {', '.join(_sorted(found.classes)) or 'no class'}"


def _title(qid: str, found: _Found, folded: _Folded) -> str:
    if found.labels:
        return min(found.labels)[1]
    folded.problems.add(Problem(qid, "has no name in any language asked for; its id is its title", left_out=False))
    return qid


def _sorted(ids: Iterable[str]) -> list[str]:
    return sorted(set(ids), key=_order)


def _order(text: str) -> tuple[int, str]:
    """Return the number of an item's id; whatever is none comes last."""
    is_id = text.startswith("Q") and text[1:].isdecimal()
    return (int(text[1:]) if is_id else 10**12, text)
