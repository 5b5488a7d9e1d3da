"""What the stand-ins of web sites share: recorded pages, a robots.txt, and failures in a web server's words."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from deploy.sandbox.recordings import Reader, Recordings
from deploy.sandbox.standin import Answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from deploy.sandbox.options import Options
    from deploy.sandbox.recordings import Recording

ROBOTS = "User-agent: *\nDisallow: /wp-admin/\n"
"""What a site of a CMS lets robots do: read it."""

CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".ics": "text/calendar; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
}


class RecordedFirst:
    """ASGI application that sends what was recorded, and asks `inner` only if also asked to."""

    def __init__(self, inner: ASGIApp, prefix: str, recordings: Recordings, *, also_inner: bool) -> None:
        self._inner = inner
        self._prefix = prefix
        self._recordings = recordings
        self._also_inner = also_inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        request = Request(scope, receive)
        path = scope["path"].removeprefix(self._prefix)
        recorded = self._recordings.find(request.method, path, dict(request.query_params))
        if recorded is not None:
            await _sent(recorded)(scope, receive, send)
        elif self._also_inner or path == "/robots.txt":
            await self._inner(scope, receive, send)
        else:
            answer = html_failure(path, HTTPStatus.NOT_FOUND)
            await Response(answer.body, answer.status, media_type=answer.content_type)(scope, receive, send)


def recorded_first(
    name: str, prefix: str, app: ASGIApp, options: Options, read: Reader
) -> tuple[ASGIApp, Recordings | None]:
    """Return a site's application with the recordings of an option before it, if there are any.

    Raises OSError or ValueError when they cannot be read.
    """
    folder = options.recordings.get(name)
    if folder is None:
        return app, None
    recordings = Recordings(folder, read)
    return RecordedFirst(app, prefix, recordings, also_inner=options.also_catalogue), recordings


def site(request: Request, prefix: str) -> str:
    """Return the address under which a site was asked, with the slash that ends it."""
    return f"{request.url.scheme}://{request.url.netloc}{prefix}/"


def html_failure(_path: str, status: int) -> Answer:
    """Return a web server's own page for a status."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Error"
    body = f"<html><head><title>{status} {phrase}</title></head><body><h1>{phrase}</h1></body></html>"
    return Answer(status, body.encode(), "text/html")


def _sent(recording: Recording) -> Response:
    """Return a recorded answer byte for byte; the file is read each time, so that it may be edited meanwhile."""
    by_name = CONTENT_TYPES.get(recording.file.suffix.lower(), recording.content_type)
    content_type = recording.content_type if recording.content_type != "application/json" else by_name
    return Response(
        recording.file.read_bytes(), recording.status, headers=dict(recording.headers), media_type=content_type
    )
