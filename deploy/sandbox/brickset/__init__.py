"""Brickset, stood in for under /brickset: the API v3 below /api/v3.asmx, the catalogue's pages below /minifigs."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from deploy.sandbox.brickset import pages, recorded
from deploy.sandbox.brickset.api import Api
from deploy.sandbox.brickset.catalogue import load
from deploy.sandbox.recordings import Recordings
from deploy.sandbox.standin import Answer, Standin, compact

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from deploy.sandbox.options import Options

NAME = "brickset"
PREFIX = "/brickset"
API = "/api/v3.asmx/"
NOT_FOUND = 404


def build(options: Options, clock: Callable[[], datetime]) -> Standin:
    """Return the stand-in. Raises OSError or ValueError when catalogue or recordings cannot be read."""
    catalogue = load()
    api = Api(catalogue, options.brickset_calls, clock)
    folder = options.recordings.get(NAME)
    recordings = Recordings(folder, recorded.read) if folder else None

    async def call(request: Request) -> Response:
        method = request.path_params["method"]
        form = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        asked = {**request.query_params, **dict(form)}
        refusal = api.refusal(method, asked)
        if refusal is not None:
            return refusal
        found = recordings.find("GET", API + method, recorded.choosing(asked)) if recordings else None
        if found:
            return recorded.sent(found)
        if recordings and not options.also_catalogue:
            return api.nothing(method)
        return api.answer(method, asked)

    async def page(request: Request) -> Response:
        path = request.path_params["path"]
        found = recordings.find("GET", f"/minifigs/{path}", {}) if recordings else None
        if found:
            return recorded.sent(found)
        if recordings and not options.also_catalogue:
            return Response("not recorded", NOT_FOUND, media_type="text/plain")
        return pages.shown(catalogue.figures, path)

    return Standin(
        name=NAME,
        prefix=PREFIX,
        app=Starlette(
            routes=[Route(API + "{method}", call, methods=["GET", "POST"]), Route("/minifigs/{path:path}", page)]
        ),
        failure=_failure,
        thin=_wrapped,
        log_out=lambda: None,
        recorded=recordings.all if recordings else (),
        unread=recordings.unread if recordings else (),
    )


def _failure(path: str, status: int) -> Answer:
    """Return the failure a fault asks for: a challenge instead of a page, the server's own text instead of JSON."""
    if path.startswith(f"{PREFIX}/minifigs") and status in pages.CHALLENGED:
        return pages.challenge(status)
    return Answer(status, b"The service is unavailable.", "text/plain")


def _wrapped(body: bytes) -> bytes:
    """Return the API's answer within `{"d": "<json>"}`, as some come; instead of a page a challenge, with 200."""
    return pages.challenge(200).body if body.startswith(b"<") else compact({"d": body.decode()})
