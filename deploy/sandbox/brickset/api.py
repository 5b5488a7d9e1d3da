"""Brickset's API v3 as far as the notes of its clients go: everything is HTTP 200, `status` says whether it is good."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from deploy.sandbox.options import BRICKSET_API_KEY
from deploy.sandbox.standin import compact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from deploy.sandbox.brickset.catalogue import Catalogue, Set

    Raw = dict[str, Any]

USUAL_PAGE, LARGEST_PAGE = 20, 500
REQUIRED = {
    "checkKey": ("apiKey",),
    "getKeyUsageStats": ("apiKey",),
    "getMinifigCollection": ("apiKey", "userHash", "params"),
    "getSets": ("apiKey", "userHash", "params"),
    "getThemes": ("apiKey",),
    "getYears": ("apiKey", "Theme"),
}
LISTS = {"getMinifigCollection": "minifigs", "getSets": "sets", "getThemes": "themes", "getYears": "years"}
FILTERS = {"setID", "query", "theme", "subtheme", "setNumber", "year", "tag", "owned", "wanted", "updatedSince"}
OTHERS = {"orderBy", "pageSize", "pageNumber", "extendedData"}
ORDERS = {"Number", "YearFrom", "Name", "Theme", "Pieces", "Minifigs"}


class Api:
    """The methods, with the count of each day's getSets; days are UTC's."""

    def __init__(self, catalogue: Catalogue, calls: int, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._calls = calls
        self._clock = clock
        self._used: Counter[str] = Counter()

    def refusal(self, method: str, asked: Mapping[str, str]) -> Response | None:
        """Return why a call is refused, or None; a getSets that is not is counted."""
        if method not in REQUIRED:
            return Response(f"Unknown web method {method}.", 500, media_type="text/plain")
        for name in REQUIRED[method]:
            if name not in asked:
                return Response(f"Missing parameter: {name}.", 500, media_type="text/plain")
        if asked["apiKey"] != BRICKSET_API_KEY:
            return failure("Invalid API key")
        if asked.get("userHash") or method == "getMinifigCollection":
            return failure("Invalid user hash")
        if method == "getSets":
            today = self._clock().date().isoformat()
            if self._used[today] >= self._calls:
                return failure("API limit exceeded")
            self._used[today] += 1
        return None

    def answer(self, method: str, asked: Mapping[str, str]) -> Response:
        """Answer a call that is not refused."""
        if method == "getSets":
            return self._sets(asked["params"])
        if method == "getThemes":
            return listed("themes", self._themes())
        if method == "getYears":
            years = Counter(str(one.year) for one in self._catalogue.sets if asked["Theme"] in {"", one.theme})
            # The one place where a year is text.
            return listed(
                "years", [{"theme": asked["Theme"], "year": y, "setCount": n} for y, n in sorted(years.items())]
            )
        if method == "getKeyUsageStats":
            days = [{"dateStamp": f"{day}T00:00:00Z", "count": count} for day, count in sorted(self._used.items())]
            return listed("apiKeyUsage", days)
        return text({"status": "success"})

    def nothing(self, method: str) -> Response:
        """Answer a call of which nothing is recorded."""
        return listed(LISTS.get(method, "sets"), [])

    def _sets(self, params: str) -> Response:
        try:
            asked = json.loads(params)
        except ValueError:
            asked = None
        problem = _problem(asked)
        if problem:
            return failure(f"Parameter error: {problem}")
        found = [one for one in self._catalogue.sets if _fits(one, asked)]
        found.sort(key=lambda one: _key(one, asked.get("orderBy", "Theme")))
        size, page = int(asked.get("pageSize", USUAL_PAGE)), int(asked.get("pageNumber", 1))
        shown = found[(page - 1) * size : page * size]
        return text({"status": "success", "matches": len(found), "sets": [_shape(one) for one in shown]})

    def _themes(self) -> list[Raw]:
        themes: dict[str, list[Set]] = {}
        for one in self._catalogue.sets:
            themes.setdefault(one.theme, []).append(one)
        return [
            {
                "theme": name,
                "setCount": len(sets),
                "subthemeCount": len({one.subtheme for one in sets} - {""}),
                "yearFrom": min(one.year for one in sets),
                "yearTo": max(one.year for one in sets),
            }
            for name, sets in sorted(themes.items())
        ]


def failure(message: str) -> Response:
    """Return a failure, which is HTTP 200 like everything else."""
    return text({"status": "error", "message": message})


def listed(name: str, rows: list[Raw]) -> Response:
    """Return rows that are all there."""
    return text({"status": "success", "matches": len(rows), name: rows})


def text(body: Raw) -> Response:
    """Return JSON that does not say that it is."""
    return Response(compact(body), media_type="text/plain")


def _problem(asked: Any) -> str | None:
    """Return what is wrong with getSets' parameters."""
    if not isinstance(asked, dict):
        return "params is not valid JSON"
    if unknown := asked.keys() - FILTERS - OTHERS:
        return f"unknown parameter {min(unknown)}"
    if not asked.keys() & FILTERS:
        return "no valid parameters"
    for name, most in (("pageSize", LARGEST_PAGE), ("pageNumber", 10**6)):
        value = str(asked.get(name, 1))
        if not value.isdecimal() or not 1 <= int(value) <= most:
            return f"{name} must be between 1 and {most}"
    if asked.get("orderBy", "Theme").removesuffix("DESC") not in ORDERS:
        return "orderBy is not valid"
    return None


def _fits(one: Set, asked: Raw) -> bool:
    words: dict[str, Iterable[str]] = {
        "theme": [one.theme],
        "subtheme": [one.subtheme],
        "year": [str(one.year)],
        "setNumber": [one.full_number],
    }
    for name, values in words.items():
        if name in asked and not set(values) & {value.strip() for value in str(asked[name]).split(",")}:
            return False
    if str(asked.get("query", "")).casefold() not in f"{one.full_number} {one.name} {one.theme}".casefold():
        return False
    return one.updated >= str(asked.get("updatedSince", ""))[:10]


def _key(one: Set, order: str) -> tuple[Any, ...]:
    fields = {
        "Name": one.name,
        "YearFrom": one.year,
        "Theme": one.theme,
        "Pieces": one.pieces,
        "Minifigs": one.minifigs,
    }
    return (fields.get(order.removesuffix("DESC"), ""), one.number)


def _shape(one: Set) -> Raw:
    """Return a set's record: what is not known is left out, empty objects stay."""
    images = "https://images.brickset.com/sets"
    known = {"subtheme": one.subtheme, "pieces": one.pieces, "minifigs": one.minifigs}
    return {
        "setID": 20_000 + int(one.number),
        "number": one.number,
        "numberVariant": one.variant,
        "name": one.name,
        "year": one.year,
        "theme": one.theme,
        "themeGroup": one.group,
        "category": "Normal",
        "released": True,
        **{name: value for name, value in known.items() if value},
        "image": {
            "thumbnailURL": f"{images}/small/{one.full_number}.jpg",
            "imageURL": f"{images}/images/{one.full_number}.jpg",
        },
        "bricksetURL": f"https://brickset.com/sets/{one.full_number}",
        "collection": {},
        "collections": {"ownedBy": one.pieces, "wantedBy": one.pieces // 3},
        "LEGOCom": {"US": {}, "UK": {}, "CA": {}, "DE": {}},
        "rating": 0.0 if one.year < 2000 else 4.5,  # noqa: PLR2004 - old sets have few reviews
        "reviewCount": one.year % 7,
        "packagingType": "Box" if one.pieces else "{Not specified}",
        "availability": "{Not specified}",
        "instructionsCount": 1,
        "additionalImageCount": one.minifigs,
        "ageRange": {"min": 18} if one.pieces > 4000 else {},  # noqa: PLR2004 - what grown-ups get
        "dimensions": {},
        "barcode": {},
        "extendedData": {},
        "lastUpdated": f"{one.updated}T10:55:38.15Z",
    }
