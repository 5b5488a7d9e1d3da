"""Reads SPARQL results: rows of cells, each `{"type", "value"}` and perhaps a language or a datatype. Pure.

A variable that nothing was found for is missing from its row. An unknown value is a cell of type `bnode`, or a uri
below `/.well-known/genid/`.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeAlias

from shared.errors import UnreadableAnswer, UpstreamAway
from shared.upstreams.answer import Answer
from shared.upstreams.fields import INT4, LATEST_YEAR, plain

UPSTREAM: Final = "wikidata"
EARLIEST_YEAR: Final = -4000  # before it nothing was written
TIMEOUT: Final = b"TimeoutException"  # java.util.concurrent's, or Blazegraph's own
QUERY_ECHO: Final = b"SPARQL-QUERY: queryStr="

Row: TypeAlias = dict[str, dict[str, Any]]

_ITEM: Final = re.compile(r"https?://www\.wikidata\.org/entity/(Q[1-9]\d*)", re.ASCII)
_DATE: Final = re.compile(r"([+-]?)(\d{4,6})(?:-\d\d-\d\d(?:T.*)?)?", re.ASCII)
_NO_LABEL: Final = re.compile(r"Q\d+", re.ASCII)
_IMDB: Final = re.compile(r"tt\d{5,10}", re.ASCII)


class QueryTimedOut(UpstreamAway):
    """A query ran longer than it may: the same one would again, a smaller one need not."""


def rows_of(answer: Answer) -> list[Row]:
    """Return the rows of a good answer.

    Raises QueryTimedOut for an answer that breaks off, or goes on, with the service's own failure (it has said 200
    by then), UpstreamAway for one that merely breaks off and for a page, which says that it is being worked on, and
    UnreadableAnswer for anything else.
    """
    try:
        parsed = answer.json()
    except UnreadableAnswer as error:
        if timed_out(answer.body):
            raise QueryTimedOut(UPSTREAM, f"{answer.what} took longer than the service permits") from error
        if QUERY_ECHO in answer.body or _broken_off(answer.body):
            raise UpstreamAway(UPSTREAM, f"{answer.what} broke off after {len(answer.body)} bytes") from error
        if answer.body.lstrip().startswith(b"<"):
            raise UpstreamAway(UPSTREAM, f"{answer.what} was answered with a page") from error
        raise
    return _bindings(parsed, answer)


def timed_out(body: bytes) -> bool:
    """Return whether a body says, anywhere, that the query was stopped."""
    return TIMEOUT in body


def _broken_off(body: bytes) -> bool:
    """Return whether a body is the beginning of JSON, perhaps not even that."""
    text = body.decode("utf-8", "replace").strip()
    if not text.startswith("{"):
        return not text
    try:
        json.loads(text)
    except RecursionError:
        return False
    except json.JSONDecodeError as error:
        # What is wrong in the middle of a text is no cut: of one, everything up to the end was right.
        return error.msg.startswith("Unterminated string") or error.pos >= len(text) - len(r"\u123")
    return False


def _bindings(parsed: object, answer: Answer) -> list[Row]:
    results = parsed.get("results") if isinstance(parsed, dict) else None
    rows = results.get("bindings") if isinstance(results, dict) else None
    if not isinstance(rows, list):
        raise UnreadableAnswer(UPSTREAM, f"{answer.what} has no results.bindings", answer.body)
    for row in rows:
        if not isinstance(row, dict) or not all(_is_cell(cell) for cell in row.values()):
            shown = json.dumps(row)
            raise UnreadableAnswer(UPSTREAM, f"{answer.what} has a row that is none: {shown[:200]}", shown)
    return rows


def _is_cell(cell: object) -> bool:
    return isinstance(cell, dict) and isinstance(cell.get("type"), str) and isinstance(cell.get("value"), str)


def item(row: Row, name: str) -> str | None:
    """Return the id of an item; None for a missing cell, an unknown value, a property or anything else."""
    cell = row.get(name)
    if cell is None or cell["type"] != "uri":
        return None
    found = _ITEM.fullmatch(cell["value"])
    return found[1] if found else None


def label(row: Row, name: str) -> str | None:
    """Return a name; None where the service only repeats the id, which it does without a language."""
    cell = row.get(name)
    if cell is None or cell["type"] == "bnode":
        return None
    text = plain(cell["value"])
    return None if not text or ("xml:lang" not in cell and _NO_LABEL.fullmatch(text)) else text


def year(row: Row, name: str) -> int | None:
    """Return the year of a date, negative before our era; ValueError if it cannot be one, None if it is unknown.

    Nothing but the year can be relied on: where only that is known, the service says 1 January. Year 0 is 1 BCE.
    """
    cell = row.get(name)
    if cell is None or cell["type"] not in {"literal", "typed-literal"}:
        return None
    found = _DATE.fullmatch(cell["value"])
    number = int(found[1] + found[2]) if found else None
    if number is None or not EARLIEST_YEAR <= number <= LATEST_YEAR:
        raise ValueError(cell["value"])
    return number


def number(row: Row, name: str) -> int | None:
    """Return another catalogue's numeric id; ValueError if it is none, None if there is none."""
    cell = row.get(name)
    if cell is None or cell["type"] not in {"literal", "typed-literal"}:
        return None
    text = cell["value"].strip()
    if not (text.isascii() and text.isdecimal() and 0 < int(text) <= INT4):
        raise ValueError(cell["value"])
    return int(text)


def imdb(row: Row, name: str) -> str | None:
    """Return IMDb's id of a title; ValueError if it is none of a title, None if there is none."""
    cell = row.get(name)
    if cell is None or cell["type"] not in {"literal", "typed-literal"}:
        return None
    if not _IMDB.fullmatch(cell["value"].strip()):
        raise ValueError(cell["value"])
    return str(cell["value"].strip())
