"""Wikidata's query service in miniature, and its answers in the shapes real ones have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs

import httpx

from shared.settings import Settings
from shared.upstreams.wikidata import Row, Wikidata, open_wikidata
from tests.unit.upstreams.at_once import AtOnce

ENTITY = "http://www.wikidata.org/entity/"
URL = "https://wikidata.test/sparql"
TRACE = (
    "SPARQL-QUERY: queryStr=\nSELECT ?a\n\njava.util.concurrent.TimeoutException\n\tat java.util.concurrent.FutureTask"
)

Answering = Callable[[str], httpx.Response]


class Service:
    """The query service in miniature: `answer` is given each query, and `queries` keeps them."""

    def __init__(self, answer: Answering) -> None:
        self.answer = answer
        self.requests: list[httpx.Request] = []
        self.queries: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.queries.append(parse_qs(request.content.decode())["query"][0])
        return self.answer(self.queries[-1])

    def client(self) -> Wikidata:
        """Return our client of it."""
        client = httpx.Client(transport=httpx.MockTransport(self))
        return open_wikidata(AtOnce(client, Settings(wikidata_url=URL)))


def cell(qid: str) -> dict[str, str]:
    """Return an item as a cell."""
    return {"type": "uri", "value": ENTITY + qid}


def rows(*found: Row) -> httpx.Response:
    """Return a good answer."""
    return httpx.Response(200, content=body(*found))


def body(*found: Row) -> bytes:
    """Return the body of a good answer."""
    variables = sorted({name for row in found for name in row})
    return json.dumps({"head": {"vars": variables}, "results": {"bindings": found}}, ensure_ascii=False).encode()


def pair(work: str, source: str) -> Row:
    """Return a row of a screen work and what it is based on."""
    return {"work": cell(work), "source": cell(source)}


def asked_for(query: str) -> list[str]:
    """Return the items of a question about some, in order."""
    (found,) = re.findall(r"VALUES \?(?:work|source|old) \{ ([^}]*) \}", query) or [""]
    return [word.removeprefix("wd:") for word in found.split()]
