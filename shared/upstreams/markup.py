"""Parses web pages; one whose tags are nested without end is refused first.

The parser walks up the open elements at each tag that opens a block, and opens every unclosed <b>, <i> and the like
again in each paragraph that follows: pages of some 100 KB can be built that take it minutes and gigabytes.
"""

from __future__ import annotations

import re
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from shared.errors import UnreadableAnswer

MOST_WORK: Final = 30_000_000
"""Tags of a page times how deep they are nested at most; half a second, or half a gigabyte. Real pages: 63,000."""

REOPENED_WEIGHT: Final = 30  # an element that is opened again is made anew, one that is only walked past is not

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")
_REOPENED: Final = frozenset(
    {*("a", "b", "big", "code", "em", "font", "i"), *("nobr", "s", "small", "strike", "strong", "tt", "u")}
)
# Elements that have no end, or whose end is understood.
_NEVER_OPEN: Final = frozenset(
    {
        *(
            "area",
            "base",
            "br",
            "col",
            "embed",
            "hr",
            "img",
            "input",
            "link",
            "meta",
            "param",
            "source",
            "track",
            "wbr",
        ),
        *("html", "head", "body", "p", "li", "dt", "dd", "option", "optgroup"),
        *("thead", "tbody", "tfoot", "tr", "td", "th"),
    }
)


def page_from(text: str, what: str) -> LexborHTMLParser:
    """Return a page, or a part of one; raises UnreadableAnswer, about `what`, when parsing it would take too long."""
    if is_absurd(text):
        raise UnreadableAnswer("page", f"{what} has tags nested without end", text)
    return LexborHTMLParser(text)


def is_absurd(text: str) -> bool:
    """Say whether markup is nested as no page is; takes time in proportion to its length."""
    tags = depth = deepest = reopened = most_reopened = 0
    for found in _TAG.finditer(text):
        tags += 1
        name = found[2].lower()
        if name in _NEVER_OPEN:
            continue
        step = -1 if found[1] else 1
        depth = max(depth + step, 0)
        deepest = max(deepest, depth)
        if name in _REOPENED:
            reopened = max(reopened + step, 0)
            most_reopened = max(most_reopened, reopened)
    return tags * (deepest + REOPENED_WEIGHT * most_reopened) > MOST_WORK
