"""Feeds and pages of all sorts of venues, stood in for under /feeds.

Calendars: cinema, recurring, floating, all-day, broken, empty; nothing.ics has no byte and challenge.ics is a page of
HTML. Pages with JSON-LD: venue.html, none.html. `synthetic-50000.ics` is generated, of so many entries. All of them
have an ETag and a Last-Modified, and answer 304. `PUT /feeds/<name>` puts any other body there, until DELETE.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import FastAPI, HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from deploy.sandbox.feeds import calendars, pages
from deploy.sandbox.feeds.shelf import Shelf, unchanged
from deploy.sandbox.pages import CONTENT_TYPES, ROBOTS, html_failure, recorded_first, site
from deploy.sandbox.programme import Programme
from deploy.sandbox.standin import Standin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from deploy.sandbox.options import Options

NAME = "feeds"
PREFIX = "/feeds"
LARGEST = 1_000_000
"""Entries of a generated calendar."""


def build(options: Options, clock: Callable[[], datetime]) -> Standin:
    """Return the stand-in. Raises OSError or ValueError when the recordings cannot be read."""
    programme, shelf = Programme(calendars.ACTS, calendars.EVERY, calendars.AHEAD, clock), Shelf(clock)
    app = FastAPI(title="Feeds of a sandbox", openapi_url=None, redirect_slashes=False)

    @app.get("/robots.txt")
    async def robots() -> PlainTextResponse:
        return PlainTextResponse(ROBOTS)

    @app.get("/{name}")
    async def feed(request: Request, name: str) -> Response:
        """Send a feed, or that it is the version which the request names."""
        count = re.fullmatch(r"synthetic-(\d{1,7})\.ics", name)
        if count:
            return _synthetic(request, shelf, min(int(count[1]), LARGEST), programme)
        content_type, body = shelf.own.get(name) or _made(name, programme, site(request, PREFIX))
        version = shelf.version(name, body)
        return unchanged(request, version) or Response(body, media_type=content_type, headers=version)

    @app.put("/{name}", status_code=204)
    async def publish(request: Request, name: str) -> None:
        """Put a body of one's own there."""
        content_type = request.headers.get("content-type") or _content_type(name)
        shelf.own[name] = (content_type, await request.body())

    @app.delete("/{name}", status_code=204)
    async def withdraw(name: str) -> None:
        """Take it away again."""
        if shelf.own.pop(name, None) is None:
            raise HTTPException(404)

    door, recordings = recorded_first(NAME, PREFIX, app, options, _by_name)
    return Standin(
        name=NAME,
        prefix=PREFIX,
        app=door,
        failure=html_failure,
        thin=_half,
        log_out=lambda: None,
        recorded=recordings.all if recordings else (),
        unread=recordings.unread if recordings else (),
        programme=programme,
    )


def _made(name: str, programme: Programme, base: str) -> tuple[str, bytes]:
    """Return the content type and the body of a feed that is always there; raises 404 for any other."""
    # All month long these are about the next one: upcoming, and the same from day to day.
    first = programme.today().replace(day=1)
    start = first + timedelta(days=monthrange(first.year, first.month)[1])
    texts: dict[str, Callable[[], str]] = {
        "cinema.ics": lambda: calendars.cinema(programme.upcoming()),
        "recurring.ics": lambda: calendars.recurring(start),
        "floating.ics": lambda: calendars.floating(start),
        "all-day.ics": lambda: calendars.all_day(start),
        "broken.ics": lambda: calendars.broken(start),
        "empty.ics": calendars.empty,
        "nothing.ics": lambda: "",
        "challenge.ics": lambda: calendars.CHALLENGE,
        "venue.html": lambda: pages.venue(start, f"{base}venue.html"),
        "none.html": pages.nothing,
    }
    if name not in texts:
        raise HTTPException(404)
    content_type = "text/html; charset=utf-8" if name == "challenge.ics" else _content_type(name)
    return content_type, texts[name]().encode("utf-8", "surrogateescape")


def _synthetic(request: Request, shelf: Shelf, entries: int, programme: Programme) -> Response:
    today = programme.today()
    version = shelf.version(f"synthetic-{entries}", f"{entries} {today:%Y-%m}".encode())
    body = calendars.synthetic(entries, today)
    return unchanged(request, version) or StreamingResponse(body, media_type=CONTENT_TYPES[".ics"], headers=version)


def _content_type(name: str) -> str:
    return CONTENT_TYPES.get(f".{name.rpartition('.')[2]}", "application/octet-stream")


def _by_name(name: str, content: bytes) -> Sequence[tuple[str, str, Mapping[str, str], int]]:  # noqa: ARG001
    """Return what a recorded feed answers: the request for its name."""
    return [("GET", f"/{name}", {}, 200)]


def _half(body: bytes) -> bytes:
    """Return a feed that breaks off in the middle."""
    return body[: len(body) // 2]
