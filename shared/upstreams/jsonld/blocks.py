"""The JSON-LD blocks of a page, the broken ones mended where that can be done without inventing anything."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from json_repair import repair_json
from selectolax.lexbor import LexborHTMLParser

LONGEST_MENDED: Final = 200_000
"""Characters of a broken block that are mended; mending takes its time, and such a block is no list of evenings."""

_WRAPPING: Final = re.compile(r"^\s*(?://\s*)?(?:<!--|<!\[CDATA\[)|(?://\s*)?(?:-->|\]\]>)\s*$")
_KEY: Final = re.compile(r'"([@A-Za-z][\w:@.-]{0,60})"\s*:')
# A text that was never begun: "price": "42.24"," and the end of the line.
_STRAY_QUOTE: Final = re.compile(r',"[ \t]*(?=\r?\n\s*["}])')


def blocks_of(page: LexborHTMLParser) -> list[str]:
    """Return the texts of a page's JSON-LD blocks."""
    scripts = page.css('script[type*="ld+json" i]')
    return [_WRAPPING.sub("", script.text() or "") for script in scripts]


def parsed(block: str) -> Any:
    """Return a block as JSON, mended if need be; raises ValueError when it cannot be read, or not honestly."""
    try:
        # Line ends within texts are common; json takes them when it is not strict.
        return json.loads(block, strict=False, parse_constant=lambda _: None)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    except ValueError as error:
        return _mended(block, str(error))


def _mended(block: str, problem: str) -> Any:
    if len(block) > LONGEST_MENDED:
        raise ValueError(problem)
    try:
        mended = repair_json(_STRAY_QUOTE.sub(",", block), return_objects=True, skip_json_loads=True)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not _says_the_same(mended, block):
        raise ValueError(problem)
    return mended


def _says_the_same(mended: Any, block: str) -> bool:
    """Say whether a mended block has the keys of what was written, and no text that was not written there.

    A mender that guesses wrong swallows a key into a text, or a text into a key: both show here.
    """
    written = Counter(_KEY.findall(block))
    found: Counter[str] = Counter()
    for key, value in _pairs(mended):
        found[key] += 1
        if isinstance(value, str) and (_KEY.search(value) or not _stands_in(value, block)):
            return False
    return (
        bool(found)
        and not found - written
        and not {key for key in written - found if key.startswith("@")}
        | {key for key in written - found if key in {"name", "startDate", "endDate", "eventStatus", "url", "price"}}
    )


def _pairs(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key with its value, at any depth."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _stands_in(value: str, block: str) -> bool:
    """Say whether a text was written in a block, as it is or escaped as JSON does."""
    value = value.strip()
    if value in block:
        return True
    loose = json.dumps(value, ensure_ascii=False)[1:-1]
    tight = json.dumps(value)[1:-1]
    return any(form in block for form in (loose, tight, loose.replace("/", r"\/"), tight.replace("/", r"\/")))
