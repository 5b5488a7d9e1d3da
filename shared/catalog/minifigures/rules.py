"""What the minifigures domain decides, as pure functions: what to search for, and which offers count as an item's.

Sellers write titles as they like, and a marketplace finds by words. So an offer counts only if none of the rules
below excludes it; they are tried in their order, and the first that does is the reason it is counted under. A price
that is merely strange excludes nothing: a median bears it. docs/minifigures.md states the rules for readers.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from shared.catalog.minifigures.records import Item, ItemType, Offer
from shared.contracts.minifigures import Condition

CONDITIONS: Final[tuple[tuple[ItemType, Condition], ...]] = (
    ("minifigure", "NEW"),
    ("minifigure", "USED"),
    ("set", "NEW"),
    ("set", "SEALED"),
    ("set", "USED"),
)
"""In what conditions each type of item is priced by itself; a single figure comes in no box that could be sealed."""

REST: Final = timedelta(hours=1)
"""Prices asked for or fetched more recently than this are not asked for again by a sweep."""

SHARE: Final = 0.8
"""Share of a day's calls that sweeps may use; the rest is for who asks by hand."""

MOST_OFFERS: Final = 200
"""Offers looked at for one item and condition: one page of eBay's, so that one fetch is one call."""


BEYOND: Final = 10**10
"""An amount that nothing costs, in whatever currency, and that our columns do not hold."""


def spacing(calls_per_day: int) -> timedelta:
    """Return the time between two fetches of a sweep such that a day of sweeps keeps to its share of the calls."""
    return timedelta(days=1) / (calls_per_day * SHARE)


def search_query(item: Item) -> str:
    """Return what to search a marketplace for: every word has to be in the offer.

    The number, since names are shared: fifty figures are called Luke Skywalker. The variant of a set (-1) is left out,
    as sellers do. Nobody sells by Rebrickable's numbers of figures, so there it is the name.
    """
    number = item.set_number.removesuffix("-1") if item.item_type == "set" else item.set_number
    if number.startswith(REBRICKABLE):
        number = " ".join(re.findall(r"[a-z0-9]+", _plain(item.name)))
    return f"LEGO {number}"


REBRICKABLE: Final = "fig-"


def _any(*phrases: str) -> re.Pattern[str]:
    """Return what finds any of these phrases as whole words; N in them is a count of two or more."""
    return re.compile(rf"\b(?:{'|'.join(phrases)})(?!\w)".replace("N", r"(?:[2-9]|[1-9]\d{1,2})"))


_FIGURES: Final = "(?:mini[ -]?)?(?:figures?|figurines?|figs?)"
_PAPER: Final = "(?:instructions?|manuals?|booklets?|stickers?|decals?|box(?:es)?)"
_PIECES: Final = (
    "(?:heads?|torsos?|legs|hair|helmets?|capes?|weapons?|accessor(?:y|ies)|bod(?:y|ies)|parts|bricks|pieces)"
)

_NOISE: Final = (
    ("custom", _any("custom(?:s|ised|ized)?", "mocs?", "fan ?made", "3d print(?:ed|s)?")),
    ("fake", _any("replicas?", "fakes?", "knock[ -]?offs?", "bootlegs?", "compatible", "not lego", "non[ -]lego")),
    ("merchandise", _any("key[ -]?(?:chains?|rings?)", "magnets?", "posters?", "plush(?:ies)?", "t-?shirts?", "mugs?")),
    ("accessory", _any("display (?:case|stand|box|frame)s?", "acrylic", "(?:light|lighting|led) kits?")),
    ("paper", _any(f"{_PAPER}(?: {_PAPER})? only", f"only (?:the )?{_PAPER}", "stickers? for", "empty box", "pdf")),
)
"""What has nothing, or not enough, of the item in it."""

_LOTS: Final = (
    *("(?:job ?)?lots?", "bundles?", "bulk", "collection of", "(?:pick|choose) your", "you (?:pick|choose)"),
    *("x ?N", "N ?x(?!-)", "(?:set|pack) of N", "N sets", "N[ -]?packs?"),
)
# A plural, lest "Series 3 Minifigure" were three of them; a count, no number of a set.
_MANY: Final = rf"(?<!series )(?<!episode )(?:[2-9]|[1-9]\d) (?:[a-z]+ )?{_FIGURES}(?<=s)"
_LOT: Final[Mapping[ItemType, re.Pattern[str]]] = {"minifigure": _any(*_LOTS, _MANY), "set": _any(*_LOTS)}

_PARTS: Final = (
    *(f"{_PIECES} only", f"only (?:the )?{_PIECES}", "(?:replacement|spare) parts?", "for parts", "incomplete"),
    f"(?:no|without) {_FIGURES}",
)
_PART: Final[Mapping[ItemType, re.Pattern[str]]] = {
    "minifigure": _any(*_PARTS),
    # What is sold out of a set names the set.
    "set": _any(*_PARTS, f"{_FIGURES} (?:only|from)", f"only (?:the )?{_FIGURES}", "from (?:the )?(?:lego )?set"),
}

_SIZE: Final = re.compile(r"\b\d+ ?x ?\d+(?: ?x ?\d+)*\b")
"""The size of a plate, 1 x 2, is no count."""

_USED: Final = _any("(?<!never )(?<!not )used", "pre-?owned", "played with")
_OPENED: Final = _any("(?<!never )(?<!not )opened", "open box", "no box", "without box", "sealed (?:bags|bricks|parts)")
_SEALED: Final = _any("(?<!not )(?<!never )(?<!bags )sealed", "misb", "nisb", "bnisb?", "bnib", "unopened")

_FIGURE_NUMBER: Final = re.compile(r"\b([a-z]{2,9}) ?-?(\d{1,4})([a-z]{0,2})\b")
_SET_NUMBER: Final = re.compile(r"(?<![\w.$#£€-])#?(\d{3,7})(?:-(\d{1,2}))?(?!\w|\.\d|-\d)")
_LITTLE: Final = frozenset({"a", "an", "and", "in", "of", "on", "or", "the", "with", "without", "no", "x", "lego"})
LEAST_WORDS: Final = 2
"""Words of a figure's name that a title without a number has to have at least: Yoda alone may be any Yoda."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """The offers that count, each id once, and how many do not, by rule."""

    offers: tuple[Offer, ...]
    excluded: Mapping[str, int]


def sort_offers(item: Item, condition: Condition, offers: Iterable[Offer]) -> Sorted:
    """Tell the offers that are this item, alone, in this condition, from all others."""
    kept: dict[str, Offer] = {}
    excluded: Counter[str] = Counter()
    for offer in offers:
        rule = excluded_by(item, condition, offer)
        if rule is None:
            kept[offer.item_id] = offer
        else:
            excluded[rule] += 1
    return Sorted(tuple(kept.values()), dict(sorted(excluded.items())))


def excluded_by(item: Item, condition: Condition, offer: Offer) -> str | None:
    """Return the rule by which an offer does not count as this item in this condition; None if it counts."""
    title = _plain(offer.title)
    # What the item's own name says, its offers may say: Fake Moon Landing, Watch Tower, 1 x 2 Plate.
    rest = _SIZE.sub(" ", title.replace(_plain(item.name), " "))
    if not 0 < offer.price < BEYOND or (offer.shipping or 0) >= BEYOND:
        return "price"
    for rule, pattern in _NOISE:
        if pattern.search(rest):
            return rule
    if item.item_type == "set" and _is_for(item, title):
        return "accessory"
    if _LOT[item.item_type].search(rest):
        return "lot"
    if _PART[item.item_type].search(rest):
        return "part"
    if not _names(item, title):
        return "other_item"
    return None if condition_of(offer) == condition else "other_condition"


def condition_of(offer: Offer) -> Condition:
    """Return an offer's condition: what the marketplace says, corrected by what the title says.

    Used stays used. What is called new is SEALED only if the title says so too, and USED if it says that.
    """
    if offer.condition == "USED":
        return "USED"
    title = _plain(offer.title)
    if _USED.search(title):
        return "USED"
    return "SEALED" if _SEALED.search(title) and not _OPENED.search(title) else "NEW"


def _names(item: Item, title: str) -> bool:
    """Whether a title means this item: by its number, or a figure by the whole of its name and no other number."""
    if item.item_type == "set":
        number, _, variant = item.set_number.partition("-")
        if not number.isdigit():
            return re.search(rf"\b{re.escape(number)}\b", title) is not None
        return any(found[1] == number and found[2] in {None, variant} for found in _SET_NUMBER.finditer(title))
    if mine := _FIGURE_NUMBER.fullmatch(item.set_number):
        numbers = [found.groups() for found in _FIGURE_NUMBER.finditer(title) if found[1] == mine[1]]
        if numbers:
            wanted = mine[1], int(mine[2]), mine[3]
            return all((letters, int(digits), suffix) == wanted for letters, digits, suffix in numbers)
    elif item.set_number in title:
        return True
    words = _words(_plain(item.name)) - _LITTLE
    return len(words) >= LEAST_WORDS and words <= _words(title) and "lego" in title


def _is_for(item: Item, title: str) -> bool:
    number = re.escape(item.set_number.partition("-")[0])
    return re.search(rf"\bfor (?:the )?(?:lego )?(?:set )?#?{number}\b", title) is not None


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9]+", _SIZE.sub(" ", text)))


def _plain(text: str) -> str:
    """Return a text in lower case, without accents, and with single spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in letters if not unicodedata.combining(letter)).split())
