"""Brickset in miniature: sets, cards and pages in the shapes real ones have; a test takes one and bends it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import httpx

from shared.catalog.minifigures.records import Item
from shared.settings import Settings
from shared.upstreams.brickset import Brickset, read_minifigs
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Upstream
from shared.upstreams.pace import Limit

BASE = "https://brickset.test"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CHALLENGE = '<html><head><title>Just a moment...</title></head><body><script src="/cdn-cgi/challenge-platform/x">'


def record(**changes: Any) -> dict[str, Any]:
    """Return one set as getSets answers it; a change to None leaves the field out."""
    whole: dict[str, Any] = {
        "setID": 4000,
        "number": "40000",
        "numberVariant": 1,
        "name": "Windmill",
        "year": 2020,
        "theme": "Town",
        "themeGroup": "Modern day",
        "subtheme": "Harbour",
        "category": "Normal",
        "released": True,
        "pieces": 812,
        "minifigs": 3,
        "image": {
            "thumbnailURL": "https://images.brickset.com/sets/small/40000-1.jpg",
            "imageURL": "https://images.brickset.com/sets/images/40000-1.jpg",
        },
        "bricksetURL": "https://brickset.com/sets/40000-1",
        "collection": {},
        "collections": {"ownedBy": 1, "wantedBy": 2},
        "LEGOCom": {"US": {}, "UK": {}, "CA": {}, "DE": {}},
        "rating": 4.1,
        "reviewCount": 2,
        "packagingType": "Box",
        "availability": "Retail",
        "instructionsCount": 1,
        "additionalImageCount": 4,
        "ageRange": {"min": 8},
        "dimensions": {},
        "barcode": {},
        "extendedData": {},
        "lastUpdated": "2021-04-18T10:55:38.15Z",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


def card(number: str, name: str = "Some Figure", year: str = "2023", image: str | None = None, tags: str = "") -> str:
    """Return one card of a catalogue page."""
    address = f"https://img.bricklink.com/ItemImage/MN/0/{number}.png" if image is None else image
    return (
        f'<article class="set"><img src="{address}">'
        f'<div class="meta"><h1><a href="/minifigs/{number}/figure"><span>{number.upper()}: </span> {name}</a></h1>'
        f'<div class="tags"><a href="/minifigs/{number}/some-figure">{number.upper()}</a> {tags}'
        f'<a class="year" href="/minifigs/year-{year}">{year}</a></div>'
        "<dl><dt>Value new</dt><dd><a>~€40.46</a></dd></dl></div></article>"
    )


def listing(*cards: str, next_page: str | None = None) -> str:
    """Return a catalogue page."""
    link = f'<li class="next"><a href="{next_page}">next</a></li>' if next_page else ""
    return f'<html><section class="setlist">{"".join(cards)}</section><ul>{link}</ul></html>'


class Unhurried(Gateway):
    """A way out on which nobody waits for a turn."""

    def upstream(self, name: str, limit: Limit, *, secrets: Iterable[str] = (), site: str = "") -> Upstream:
        assert (limit.most, bool(site)) == (1, name == "site")
        return Upstream(name, self.client, secrets=secrets)


class Server:
    """Brickset in miniature: so many sets, pages by path, and a journal of what was asked."""

    def __init__(self, sets: int = 0, pages: dict[str, Any] | None = None, robots: str = "") -> None:
        self.sets = [record(number=str(1000 + place)) for place in range(sets)]
        self.pages = pages or {}
        self.robots = robots
        self.params: list[dict[str, Any]] = []
        self.asked: list[httpx.URL] = []
        self.body: Any = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/robots.txt":
            return httpx.Response(200, text=self.robots)
        self.asked.append(request.url)
        if path in self.pages:
            page = self.pages[path]
            return page if isinstance(page, httpx.Response) else httpx.Response(200, html=page)
        if path != "/api/v3.asmx/getSets":
            return httpx.Response(404)
        asked = json.loads(request.url.params["params"])
        self.params.append(asked)
        start = (asked["pageNumber"] - 1) * asked["pageSize"]
        shown = self.sets[start : start + asked["pageSize"]]
        body = {"status": "success", "matches": len(self.sets), "sets": shown} if self.body is None else self.body
        return httpx.Response(200, text=json.dumps(body), headers={"Content-Type": "text/plain; charset=utf-8"})

    def client(self) -> Brickset:
        return Brickset(self.gateway(Unhurried), "key-1", lambda: NOON)

    def gateway(self, kind: type[Gateway] = Gateway) -> Gateway:
        client = httpx.Client(transport=httpx.MockTransport(self))
        return kind(client, Settings(brickset_url=BASE + "/"))


def numbers(pages: list[str]) -> list[str]:
    return [each.set_number for each in read_minifigs(pages) if isinstance(each, Item)]
