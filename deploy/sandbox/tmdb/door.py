"""The door of TMDb's stand-in: who may come in, how often, and what is answered from recordings."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from deploy.sandbox.options import TMDB_API_KEY, TMDB_TOKEN
from deploy.sandbox.tmdb import answers
from deploy.sandbox.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.types import ASGIApp, Receive, Scope, Send

    from deploy.sandbox.recordings import Recordings

MOST_A_SECOND = 40
"""Requests of one second; the true limit lies somewhere between it and fifty."""


class Door:
    """ASGI application in front of the routes; `recordings` is None when nothing was recorded."""

    def __init__(
        self,
        routes: ASGIApp,
        prefix: str,
        clock: Callable[[], datetime],
        recordings: Recordings | None,
        *,
        also_catalogue: bool,
    ) -> None:
        self._routes = routes
        self._prefix = prefix
        self._recordings = recordings
        self._also_catalogue = also_catalogue
        self._window = Window(MOST_A_SECOND, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; lifespan and the like go straight through."""
        if scope["type"] != "http":
            await self._routes(scope, receive, send)
            return
        response = self._answer(Request(scope, receive), scope["path"].removeprefix(self._prefix))
        await (response or self._routes)(scope, receive, send)

    def _answer(self, request: Request, path: str) -> Response | None:
        if not self._window.take():
            return answers.failure(answers.OVER_LIMIT)
        if not _let_in(request):
            return answers.failure(answers.INVALID_KEY)
        if self._recordings is None:
            return None
        query = {name: value for name, value in request.query_params.items() if name != "api_key"}
        recorded = self._recordings.find(request.method, path, query)
        if recorded:
            return Response(_body(recorded.file.read_bytes()), recorded.status, dict(recorded.headers), answers.JSON)
        return None if self._also_catalogue else answers.failure(answers.NOT_FOUND)


def _let_in(request: Request) -> bool:
    """Tell whether a request has a token as a bearer or a key as a parameter."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = request.query_params.get("api_key", "")
    bearer = scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), TMDB_TOKEN.encode())
    return bearer or hmac.compare_digest(key.encode(), TMDB_API_KEY.encode())


def _body(content: bytes) -> bytes:
    """Return a recorded body; a whole exchange has it as text."""
    exchange = json.loads(content) if content.startswith(b"[") else None
    if isinstance(exchange, list) and exchange and "response" in exchange[0]:
        return str(exchange[0]["response"]["body"]).encode()
    return content
