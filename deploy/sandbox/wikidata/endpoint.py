"""The door of the stand-in: who may ask, how often, and what a question is answered with."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from deploy.sandbox.standin import Answer
from deploy.sandbox.wikidata import answering, answers, asked
from deploy.sandbox.wikidata.recorded import PATH
from deploy.sandbox.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.types import Receive, Scope, Send

    from deploy.sandbox.recordings import Recording, Recordings
    from deploy.sandbox.wikidata.catalogue import Catalogue

MOST_A_SECOND = 5
"""Requests; the true service permits as many at once, and counts the seconds it works besides."""

OF_LIBRARIES = re.compile(
    r"(?i)\s*$|python|httpx|requests|urllib|aiohttp|curl|wget|java|okhttp|go-http|libwww|node|axios"
)
"""User-Agents that say with what somebody asks, not who."""


class Endpoint:
    """ASGI application; `recordings` is None when nothing was recorded."""

    def __init__(
        self,
        catalogue: Catalogue,
        clock: Callable[[], datetime],
        recordings: Recordings | None,
        *,
        also_catalogue: bool,
    ) -> None:
        self._catalogue = catalogue
        self._recordings = recordings
        self._also_catalogue = also_catalogue
        self._window = Window(MOST_A_SECOND, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        answer = await self._answer(request)
        response = Response(answer.body, answer.status, dict(answer.headers), media_type=answer.content_type)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Answer:
        if not request.url.path.endswith(PATH):
            return Answer(404, b"Not Found", answers.HTML)
        if OF_LIBRARIES.match(request.headers.get("user-agent", "")):
            return answers.no_agent()
        if not self._window.take():
            return answers.too_many()
        query = await _query(request)
        recorded = self._recorded(query)
        if recorded is not None:
            return Answer(recorded.status, recorded.file.read_bytes(), recorded.content_type, recorded.headers)
        if self._recordings is not None and not self._also_catalogue:
            return Answer(404, b"Not recorded", answers.TEXT)
        question = asked.understood(query)
        if question is None:
            return answers.malformed(query)
        if "json" not in request.headers.get("accept", "") and request.query_params.get("format") != "json":
            return Answer(406, b"The sandbox has no XML, which is what is sent unless JSON is asked for", answers.TEXT)
        rows = list(islice(answering.rows(self._catalogue, question), question.limit))
        return Answer(200, answers.results(answering.VARIABLES[question.shape], rows), answers.RESULTS)

    def _recorded(self, query: str) -> Recording | None:
        if self._recordings is None:
            return None
        for recording in self._recordings.all:
            if "query" in recording.query and asked.normal(recording.query["query"]) == asked.normal(query):
                return recording
        return self._recordings.find("POST", PATH, {})


async def _query(request: Request) -> str:
    """Return the query of a GET, of a form, or of a body that is nothing else; empty when there is none."""
    if request.method == "GET":
        return request.query_params.get("query", "")
    body = (await request.body()).decode("utf-8", "replace")
    if request.headers.get("content-type", "").startswith("application/sparql-query"):
        return body
    return parse_qs(body).get("query", [""])[0]
