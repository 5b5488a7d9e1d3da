"""Reads a JSON record strictly, by popping, and audits what is left over.

Three ways to be wrong, three answers: a field that is missing or of a wrong type raises UnreadableAnswer; a text that
should hold a date, year or amount and does not (people typed it in) becomes None and is reported as odd; a field
nobody has heard of is reported as unknown, so that a change of an upstream's format is seen on its first day.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

import structlog

from shared.errors import UnreadableAnswer

log = structlog.get_logger()

INT4: Final = 2**31 - 1
"""Largest integer of PostgreSQL's `integer`; a larger number in a record is a mistake in it."""

LARGEST_AMOUNT: Final = Decimal(10**14)  # of numeric(16, 2)
EARLIEST_YEAR: Final = 1800
LATEST_YEAR: Final = 2200

_ENTITY: Final = re.compile(r"&(?:amp|quot|apos|lt|gt|nbsp|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});")
_INDEX: Final = re.compile(r"\[\d+\]")
_ABSENT: Final = object()
_T = TypeVar("_T")


@dataclass(slots=True)
class Audit:
    """What reading one answer left unexplained: names nobody knows, and texts that are not what they should be."""

    upstream: str
    unknown: set[str] = field(default_factory=set)
    odd: list[str] = field(default_factory=list)

    def report(self, entity: str) -> None:
        """Log what was found, in one line, if anything was."""
        if self.unknown or self.odd:
            log.warning(
                "upstream_record_surprises",
                upstream=self.upstream,
                entity=entity,
                unknown=sorted(self.unknown),
                odd=self.odd[:20],
            )

    def unreadable(self, path: str, problem: str, value: object) -> UnreadableAnswer:
        """Return the error for a value at a path, keeping the value."""
        body = json.dumps(value, ensure_ascii=True, default=repr) if value is not _ABSENT else ""
        return UnreadableAnswer(self.upstream, f"{path} {problem}", body)


class Fields:
    """One JSON object being read; `path` says where it is, such as `data.seasons[3]`.

    Every reading method pops its field. `x_or_none` takes a missing or null field for None; the others insist.
    """

    __slots__ = ("_audit", "_left", "_whole", "path")

    def __init__(self, value: object, path: str, audit: Audit) -> None:
        if not isinstance(value, dict):
            raise audit.unreadable(path, f"is {_named(value)}, not an object", value)
        self.path = path
        self._audit = audit
        self._whole = value
        self._left = dict(value)

    def whole(self, name: str, least: int = 0) -> int:
        """Return an integer between `least` and INT4."""
        return self._insist(name, self.whole_or_none(name, least))

    def whole_or_none(self, name: str, least: int = 0) -> int | None:
        """Return an integer between `least` and INT4."""
        value = self._pop(name)
        if value is None:
            return None
        # JSON's true is an int in Python, and no count.
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, "an integer", value)
        if not least <= value <= INT4:
            raise self.unreadable(name, f"is {value}, not within {least}..{INT4}")
        return value

    def whole_as_text(self, name: str) -> int:
        """Return a positive integer that is written as text."""
        value = self.text(name)
        if not (value.isascii() and value.isdecimal() and 0 < int(value) <= INT4):
            raise self.unreadable(name, f"is {value[:100]!r}, not a positive integer")
        return int(value)

    def id_or_none(self, name: str) -> int | None:
        """Return an upstream's id; 0 stands for none."""
        return self.whole_or_none(name) or None

    def number_or_none(self, name: str) -> float | None:
        """Return an integer or fraction."""
        value = self._pop(name)
        if value is None:
            return None
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._wrong(name, "a number", value)
        return float(value)

    def flag_or_none(self, name: str) -> bool | None:
        """Return true or false."""
        value = self._pop(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def text(self, name: str) -> str:
        """Return a text that says something."""
        return self._insist(name, self.text_or_none(name))

    def text_or_none(self, name: str) -> str | None:
        """Return a text with plain line ends and no entities; None if it is empty."""
        value = self._pop(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self._wrong(name, "a text", value)
        return plain(value) or None

    def text_or_null(self, name: str) -> str | None:
        """Return a text or None; the field must be there, but may be null or empty."""
        if name not in self._left:
            raise self.unreadable(name, "is missing")
        return self.text_or_none(name)

    def texts(self, name: str) -> list[str]:
        """Return a list of texts without the empty ones; a missing or null list is empty."""
        texts = []
        for index, value in enumerate(self._list(name)):
            if not isinstance(value, str):
                raise self._wrong(f"{name}[{index}]", "a text", value)
            texts.append(plain(value))
        return [text for text in texts if text]

    def day_or_none(self, name: str) -> date | None:
        """Return a date written YYYY-MM-DD (a time after it is ignored); an unreadable one is odd."""
        value = self.text_or_none(name)
        if value is None or value.startswith("0000"):
            return None
        try:
            return date.fromisoformat(value[:10])
        except ValueError:
            self.odd(name, value)
            return None

    def moment_or_none(self, name: str) -> datetime | None:
        """Return a time, taken for UTC where it names no zone; an unreadable one is odd."""
        value = self.text_or_none(name)
        if value is None or value.startswith("0000"):
            return None
        try:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            self.odd(name, value)
            return None

    def year_or_none(self, name: str) -> int | None:
        """Return a year written as text; an unreadable one is odd."""
        value = self.text_or_none(name)
        if value is None or value.strip("0") == "":
            return None
        if value.isascii() and value.isdecimal() and EARLIEST_YEAR <= int(value) <= LATEST_YEAR:
            return int(value)
        self.odd(name, value)
        return None

    def amount_or_none(self, name: str) -> Decimal | None:
        """Return an amount of money written as text; 0 stands for unknown, an unreadable one is odd."""
        value = self.text_or_none(name)
        if value is None:
            return None
        try:
            amount = Decimal(value.replace(",", "").removeprefix("$"))
        except InvalidOperation:
            self.odd(name, value)
            return None
        if not amount.is_finite() or not 0 <= amount < LARGEST_AMOUNT:
            self.odd(name, value)
            return None
        return amount or None

    def child(self, name: str) -> Fields:
        """Return an object within this one."""
        return self._insist(name, self.child_or_none(name))

    def child_or_none(self, name: str) -> Fields | None:
        """Return an object within this one."""
        value = self._pop(name)
        return None if value is None else Fields(value, self._path_of(name), self._audit)

    def children(self, name: str) -> list[Fields]:
        """Return a list of objects; a missing or null list is empty."""
        path, values = self._path_of(name), self._list(name)
        return [Fields(value, f"{path}[{index}]", self._audit) for index, value in enumerate(values)]

    def texts_by_key(self) -> dict[str, str]:
        """Return every field that is left, all of which must be texts, without the empty ones."""
        return {name: text for name in list(self._left) if (text := self.text_or_none(name))}

    def unreadable(self, name: str, problem: str) -> UnreadableAnswer:
        """Return the error for a field, keeping the object it stands in."""
        return self._audit.unreadable(self._path_of(name), problem, self._whole)

    def odd(self, name: str, value: object) -> None:
        """Note that a value is not what it should be; what is read for it is nothing, None."""
        self._audit.odd.append(f"{self._path_of(name)}: {str(value)[:100]!r}")

    def finish(self, ignored: Iterable[str] = ()) -> None:
        """Say that reading is done: what was neither read nor is `ignored` is noted as unknown."""
        for name in self._left.keys() - set(ignored):
            self._audit.unknown.add(_INDEX.sub("[]", self._path_of(name)))

    def _path_of(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _pop(self, name: str) -> object:
        return self._left.pop(name, None)

    def _list(self, name: str) -> list[object]:
        value = self._pop(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self._wrong(name, "a list", value)
        return value

    def _insist(self, name: str, value: _T | None) -> _T:
        if value is None:
            raise self.unreadable(name, "is empty" if name in self._whole else "is missing")
        return value

    def _wrong(self, name: str, expected: str, value: object) -> UnreadableAnswer:
        return self.unreadable(name, f"is {_named(value)}, not {expected}")


def plain(text: str) -> str:
    """Return a text with plain line ends, HTML entities resolved, nothing PostgreSQL refuses, no outer space."""
    unescaped = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
    lines = unescaped.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return lines.encode("utf-8", "replace").decode("utf-8").strip()


def _named(value: object) -> str:
    """Return what JSON calls a value's type."""
    if value is None:
        return "null"
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return names[type(value)]
