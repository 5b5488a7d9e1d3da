"""Works out the rows of a question from the data set, as the service would: every combination of values is a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING

from deploy.sandbox.wikidata.catalogue import ENTITY, Cell, Item

if TYPE_CHECKING:
    from deploy.sandbox.wikidata.asked import Question
    from deploy.sandbox.wikidata.catalogue import Catalogue

Row = dict[str, Cell]

VARIABLES = {
    "pairs": ("work", "workType", "source", "sourceType"),
    "screen_works": ("work", "workLabel", "date", "imdb", "tvdb", "tvdbMovie", "tmdbMovie", "tmdbTv"),
    "works": ("source", "sourceLabel", "author", "authorLabel", "sourceDate"),
    "redirects": ("old", "new"),
}
LEAST = {
    "date": ("P577", "P580"),
    "imdb": ("P345",),
    "tvdb": ("P4835",),
    "tvdbMovie": ("P12196",),
    "tmdbMovie": ("P4947",),
    "tmdbTv": ("P4983",),
}


def rows(catalogue: Catalogue, question: Question) -> Iterator[Row]:
    """Return every row, those beyond the question's limit too."""
    if question.shape == "pairs":
        return _pairs(catalogue, question)
    if question.shape == "screen_works":
        return _screen_works(catalogue, question)
    if question.shape == "works":
        return _works(catalogue, question)
    return ({"old": _uri(one), "new": _uri(catalogue.merged[one])} for one in question.ids if one in catalogue.merged)


def _pairs(catalogue: Catalogue, question: Question) -> Iterator[Row]:
    for item in catalogue.items.values():
        kinds = _classes(item, question.ids)
        if not kinds or item.id[-1] not in question.digits:
            continue
        for based_on in item.values("P144"):
            source = catalogue.items[based_on["value"].removeprefix(ENTITY)]
            for kind, source_kind in product(kinds, _classes(source, question.sources)):
                yield {"work": _uri(item.id), "workType": kind, "source": based_on, "sourceType": source_kind}


def _screen_works(catalogue: Catalogue, question: Question) -> Iterator[Row]:
    for one in question.ids:
        item = catalogue.items.get(one)
        row: Row = {"work": _uri(one), "workLabel": _label(catalogue, _uri(one), question)}
        for variable, properties in LEAST.items():
            values = item.values(*properties) if item else []
            literals = [cell for cell in values if cell["type"] == "literal"]
            if literals:
                row[variable] = min(literals, key=lambda cell: cell["value"])
        yield row


def _works(catalogue: Catalogue, question: Question) -> Iterator[Row]:
    for one in question.ids:
        item = catalogue.items.get(one)
        authors: Sequence[Cell | None] = item.values("P50") if item else ()
        dates: Sequence[Cell | None] = item.values("P577") if item else ()
        for author, date in product(authors or (None,), dates or (None,)):
            row: Row = {"source": _uri(one), "sourceLabel": _label(catalogue, _uri(one), question)}
            if author is not None:
                row |= {"author": author, "authorLabel": _label(catalogue, author, question)}
            if date is not None:
                row["sourceDate"] = date
            yield row


def _classes(item: Item, wanted: tuple[str, ...]) -> list[Cell]:
    return [cell for cell in item.values("P31") if cell["value"].removeprefix(ENTITY) in wanted]


def _label(catalogue: Catalogue, cell: Cell, question: Question) -> Cell:
    """Return the name in the first of the languages that has one; else the id, as a text of no language."""
    last = cell["value"].rpartition("/")[2]
    item = catalogue.items.get(last)
    for language in question.languages:
        if item and language in item.names:
            return {"xml:lang": language, "type": "literal", "value": item.names[language]}
    return {"type": "literal", "value": last}


def _uri(item: str) -> Cell:
    return {"type": "uri", "value": ENTITY + item}
