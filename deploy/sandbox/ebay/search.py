"""The search: which filters there are, what is wrong with a request, and what is silently left out of it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from deploy.sandbox.ebay.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from deploy.sandbox.ebay.listings import Listing

    Test = Callable[[Listing], bool]

USUAL_PAGE, LARGEST_PAGE, MOST_ITEMS = 50, 200, 10_000
OPTIONS = {"FIXED_PRICE", "AUCTION", "BEST_OFFER", "CLASSIFIED_AD"}
CONDITIONS = {"NEW", "USED", "UNSPECIFIED"}
USED = 2000
SORTS: Mapping[str, Callable[[Listing], Any]] = {
    "price": lambda one: one.price,
    "-price": lambda one: -one.price,
    "newlyListed": lambda one: -one.born.timestamp(),
    "endingSoonest": lambda one: one.ends,
}
WRONG_FILTER, WRONG_SORT, WRONG_CATEGORY, WRONG_PRICE = 12002, 12008, 12009, 12012
# A comma ends a filter unless it stands within brackets.
PARTS = re.compile(r"(?:[^,\[{]|\[[^\]]*\]|\{[^}]*\})+")


def page_of(asked: Mapping[str, str]) -> tuple[int, int]:
    """Return limit and offset; raises Refused."""
    limit, offset = asked.get("limit", str(USUAL_PAGE)), asked.get("offset", "0")
    if not re.fullmatch(r"-?\d+", limit):
        raise Refused(12007)
    if not 1 <= int(limit) <= LARGEST_PAGE:
        raise Refused(12006)
    if not re.fullmatch(r"-?\d+", offset):
        raise Refused(12005)
    if int(offset) < 0:
        raise Refused(12004)
    if int(offset) >= MOST_ITEMS:
        raise Refused(12029)
    if int(offset) % int(limit):
        raise Refused(12999)
    return int(limit), int(offset)


def found(listings: list[Listing], asked: Mapping[str, str]) -> tuple[list[Listing], list[int]]:
    """Return what matches, and the numbers of the warnings about what was ignored; raises Refused."""
    words, categories = asked.get("q", "").split(), asked.get("category_ids", "")
    if not words and not categories:
        raise Refused(12001)
    tests, warnings = _filters(asked.get("filter", ""))
    if categories and not re.fullmatch(r"\d+(,\d+)*", categories):
        warnings.append(WRONG_CATEGORY)
    wanted = {word for text in words for word in _words(text)}
    matching = [one for one in listings if wanted <= _words(one.title) and all(test(one) for test in tests)]
    sort = asked.get("sort", "")
    if sort in SORTS:
        matching.sort(key=SORTS[sort])
    elif sort:
        warnings.append(WRONG_SORT)
    return matching, warnings


def _filters(text: str) -> tuple[list[Test], list[int]]:
    """Return the tests that a filter asks for, and warnings about those that are ignored."""
    tests: list[Test] = []
    warnings: list[int] = []
    filters = dict(_named(text))
    # Asked for nothing, the search finds what can be bought at once.
    options = {"FIXED_PRICE"}
    for name, value in filters.items():
        values = set(value.strip("{}").split("|"))
        if name == "buyingOptions" and values <= OPTIONS:
            options = values
        elif name == "conditions" and values <= CONDITIONS:
            tests.append(lambda one, values=values: _condition(one) in values)  # type: ignore[misc]
        elif name == "conditionIds" and all(each.isdecimal() for each in values):
            tests.append(lambda one, values=values: one.condition[1] in values)  # type: ignore[misc]
        elif name == "sellers":
            tests.append(lambda one, values=values: one.seller in values)  # type: ignore[misc]
        elif name in {"price", "priceCurrency"}:
            test = _price(filters)
            if test is None and WRONG_PRICE not in warnings:
                warnings.append(WRONG_PRICE)
            elif test is not None and name == "price":
                tests.append(test)
        else:
            warnings.append(WRONG_FILTER)
    return [*tests, lambda one: bool(options & set(one.options))], warnings


def _named(text: str) -> Iterator[tuple[str, str]]:
    for part in PARTS.findall(text):
        name, _, value = part.strip().partition(":")
        yield name, value


def _price(filters: Mapping[str, str]) -> Test | None:
    """Return the test of `price:[10..50],priceCurrency:USD`; None when one of them is missing or wrong."""
    bounds = re.fullmatch(r"\[([\d.]*?)(?:\.\.([\d.]*))?\]", filters.get("price", ""))
    if bounds is None or filters.get("priceCurrency") != "USD":
        return None
    try:
        low, high = Decimal(bounds[1] or 0), Decimal(bounds[2] or 10**9)
    except InvalidOperation:
        return None
    return lambda one: low <= one.price <= high


def _condition(one: Listing) -> str:
    number = one.condition[1]
    return "UNSPECIFIED" if number is None else "USED" if int(number) >= USED else "NEW"


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))
