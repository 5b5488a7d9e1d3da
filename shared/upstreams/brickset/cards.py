"""Reads the minifigures of Brickset's catalogue pages, one card each. Pure; `client` does the fetching.

A card is `<article class="set">` with an image, `<h1><a href="/minifigs/<number>/<name>"><span>NUMBER: </span> Name`,
a row of tags (the category without a class, `a.subtheme`, `a.year`) and `<dt>/<dd>` pairs of what it costs. The same
figure may stand on a page, or on two, more than once. Year 0 is one that Brickset does not know.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from shared.catalog.minifigures.records import Broken, Item
from shared.upstreams.fields import EARLIEST_YEAR, LATEST_YEAR, plain
from shared.upstreams.markup import page_from

SITE: Final = "https://brickset.com"
IMAGE: Final = "https://img.bricklink.com/ItemImage/MN/0/{number}.png"
NO_IMAGE: Final = "spacer"  # the site's own blank, while a picture is loaded or where there is none
CARDS: Final = "article.set"
LIST: Final = "section.setlist"

_NUMBER: Final = re.compile(r"/minifigs/([A-Za-z0-9]+)(?:/|$)")
_SPACE: Final = re.compile(r"\s+")
_CHALLENGES: Final = (
    "just a moment...",
    "attention required!",
    "/cdn-cgi/challenge-platform/",
    "cf-browser-verification",
    "verify you are human",
)


def read_minifigs(pages: Iterable[str]) -> Iterator[Item | Broken]:
    """Read what `Brickset.fetch_minifigs` fetched: each figure once, by its number in lower case."""
    seen: dict[str, Item] = {}
    for place, page in enumerate(pages, 1):
        for position, card in enumerate(_parsed(page).css(CARDS), 1):
            item = _item(card, f"page {place}, card {position}")
            if isinstance(item, Broken):
                yield item
            elif item.set_number not in seen:
                seen[item.set_number] = item
                yield item
            elif seen[item.set_number] != item:
                yield Broken(item.set_number, "is in the catalogue twice, and not the same; the first counts")


def numbers_on(page: str) -> list[str]:
    """Return the figures that a page has cards of, unread ones by an empty text."""
    return [_number(card) or "" for card in _parsed(page).css(CARDS)]


def is_challenge(page: str) -> bool:
    """Return whether a page asks its visitor to prove to be a person; a good one may carry the same scripts."""
    text = page.casefold()
    return any(words in text for words in _CHALLENGES) and not _parsed(page).css_matches(CARDS)


def is_list(page: str) -> bool:
    """Return whether a page is one of the catalogue's, be it without a card."""
    return _parsed(page).css_matches(f"{LIST}, {CARDS}")


def has_next(page: str, number: int) -> bool:
    """Return whether a page links to the page of this number."""
    ends = re.compile(rf"/page-{number}$")
    return any(ends.search(link.attributes.get("href") or "") for link in _parsed(page).css("a[href]"))


def _parsed(page: str) -> LexborHTMLParser:
    return page_from(page, "a page of minifigures")


def _item(card: LexborNode, where: str) -> Item | Broken:
    number = _number(card)
    if not number:
        return Broken(where, "has no heading that leads to a figure")
    name = _name(card, number)
    if not name:
        return Broken(number, "has no name")
    year = _text(card.css_first("a.year"))
    known = year.isascii() and year.isdecimal() and EARLIEST_YEAR <= int(year) <= LATEST_YEAR
    if year.strip("0") and not known:
        return Broken(number, f"is of the year {year[:20]!r}")
    return Item(
        set_number=number,
        item_type="minifigure",
        name=name,
        theme=_theme(card),
        subtheme=_text(card.css_first("a.subtheme")) or None,
        year=int(year) if known else None,
        image=_image(card, number),
    )


def _number(card: LexborNode) -> str:
    link = card.css_first("h1 a[href]")
    found = _NUMBER.search(link.attributes.get("href") or "") if link else None
    return found[1].lower() if found else ""


def _name(card: LexborNode, number: str) -> str:
    name = _text(card.css_first("h1 a"))
    start = f"{number}:"
    return name[len(start) :].strip() if name.casefold().startswith(start) else name


def _theme(card: LexborNode) -> str | None:
    """Return the category: the first link of one that has no class of its own."""
    for link in card.css('a[href*="/minifigs/category-"]'):
        if not link.attributes.get("class"):
            return _text(link) or None
    return None


def _image(card: LexborNode, number: str) -> str:
    picture = card.css_first("img[src]")
    address = ((picture.attributes.get("src") or "") if picture else "").split("?", 1)[0].strip()
    if not address or NO_IMAGE in address or address.startswith("data:"):
        return IMAGE.format(number=number)
    return urljoin(SITE, address)


def _text(node: LexborNode | None) -> str:
    return _SPACE.sub(" ", plain(node.text())).strip() if node else ""
