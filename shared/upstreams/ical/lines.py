"""An iCalendar entry as properties: unfolds lines, drops nested components, splits name, parameters and value.

Lenient, for feeds are: what is no content line is passed over. RFC 5545, section 3.1.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

# Blank lines stand everywhere, also before the rest of a folded line; taken out first, they cost no time.
_LINE_ENDS: Final = re.compile(rb"[\r\n]+")
_FOLD: Final = re.compile(rb"\n[ \t]")
_NAME: Final = re.compile(r"\s*([A-Za-z0-9-]+)\s*(?=[;:])")
_PARAMETER: Final = re.compile(r"\s*;\s*(?:([A-Za-z0-9-]+)\s*=\s*(\"[^\"]*\"|[^;:\"]*))?")
_MOMENT: Final = re.compile(r":\s*([0-9][0-9TtZzPWDHMSpwdhms+\-,/]*)\s*$", re.ASCII)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_COMMA: Final = re.compile(r"(?<!\\)(?:\\\\)*,")
_DEEPEST: Final = 20  # components within components; the RFC has three
_MOMENTS: Final = frozenset({"DTSTART", "DTEND", "EXDATE", "RDATE", "RECURRENCE-ID", "DTSTAMP"})


class Property(NamedTuple):
    """One content line: its parameters (names in capitals, values without quotes) and its value as it is written."""

    parameters: dict[str, str]
    value: str


Properties = dict[str, list[Property]]


def properties_of(text: bytes) -> Properties:
    """Return an entry's own properties by name; those of components in it, such as alarms, are left out."""
    found: Properties = {}
    nested: list[str] = []
    for line in decoded(_FOLD.sub(b"", _LINE_ENDS.sub(b"\n", text))).split("\n"):
        name = _NAME.match(line)
        if name is None:
            continue
        word = name[1].upper()
        if word == "BEGIN":
            nested[_DEEPEST:] = [_component(line)]
        elif word == "END":
            # An alarm that nobody closed ends with whatever closes around it.
            del nested[_last(nested, _component(line)) :]
        elif len(nested) <= 1:
            found.setdefault(word, []).append(_property(word, line, name.end()))
    return found


def decoded(text: bytes) -> str:
    """Return bytes as text: UTF-8 as the RFC wants, else what old Windows programs write."""
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("cp1252", "replace")


def unescaped(value: str) -> str:
    r"""Return a text value with its escapes resolved: `\n`, `\,`, `\;`, `\\`."""
    return _ESCAPED.sub(_meaning, value)


def texts(value: str) -> list[str]:
    """Return a list's texts; a comma that is escaped belongs to a text."""
    parts, start = [], 0
    for comma in _COMMA.finditer(value):
        parts.append(value[start : comma.end() - 1])
        start = comma.end()
    return [unescaped(part) for part in (*parts, value[start:])]


def _component(line: str) -> str:
    return line.partition(":")[2].strip().upper()


def _last(nested: list[str], name: str) -> int:
    for index in range(len(nested) - 1, 0, -1):
        if nested[index] == name:
            return index
    return len(nested)


def _property(word: str, line: str, at: int) -> Property:
    parameters = {}
    end = len(line)
    # A zone's name may hold colons and stand unquoted: a moment is what follows the last colon.
    if word in _MOMENTS and (moment := _MOMENT.search(line, at)):
        end = moment.start()
        if (zone := line.upper().find(";TZID=", at, end)) >= 0 and line[zone + 6 : zone + 7] == "(":
            parameters["TZID"] = line[zone + 6 : end].strip()
            return Property(parameters, moment[1])
    while (parameter := _PARAMETER.match(line, at)) is not None:
        if parameter[1]:
            parameters[parameter[1].upper()] = parameter[2].strip().strip('"').strip()
        at = parameter.end()
    return Property(parameters, line[line.find(":", at) + 1 :].strip() if ":" in line[at:] else "")


def _meaning(escape: re.Match[str]) -> str:
    letter = escape[1]
    if letter in "nN":
        return "\n"
    return letter if letter in ',;:\\"' else escape[0]
