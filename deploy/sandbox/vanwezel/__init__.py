"""The site of the Van Wezel Performing Arts Hall, stood in for under /vanwezel, with acts of our own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fastapi import FastAPI, HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from deploy.sandbox.pages import ROBOTS, html_failure, recorded_first, site
from deploy.sandbox.programme import Evening, Programme
from deploy.sandbox.standin import Standin
from deploy.sandbox.vanwezel import pages, recorded
from deploy.sandbox.vanwezel.acts import ACTS, AHEAD, CATEGORIES, EVERY
from deploy.sandbox.vanwezel.firewall import Firewall, refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deploy.sandbox.options import Options

NAME = "vanwezel"
PREFIX = "/vanwezel"


def build(options: Options, clock: Callable[[], datetime]) -> Standin:
    """Return the stand-in. Raises OSError or ValueError when the recordings cannot be read."""
    programme = Programme(ACTS, EVERY, AHEAD, clock)
    app = FastAPI(title="A Carbonhouse site, stood in for", openapi_url=None, redirect_slashes=False)

    @app.get("/robots.txt")
    async def robots() -> PlainTextResponse:
        return PlainTextResponse(ROBOTS)

    @app.get("/events")
    async def calendar(request: Request) -> HTMLResponse:
        """Send the first cards."""
        return HTMLResponse(pages.calendar(programme.upcoming()[: pages.INCREMENT], site(request, PREFIX)))

    @app.get("/events/events_ajax/{offset}")
    async def piece(request: Request, offset: int, per_page: int = pages.INCREMENT, category: int = 0) -> Response:
        """Send cards from an offset on, as HTML in a JSON text; to a script of the page only."""
        if request.headers.get("x-requested-with", "").lower() != "xmlhttprequest":
            raise HTTPException(404)
        evenings = [one for one in programme.upcoming() if _is_of(one, category)]
        shown = evenings[max(offset, 0) :][: min(max(per_page, 1), 100)]
        text = json.dumps(pages.cards(shown, site(request, PREFIX))).replace("/", "\\/")
        return Response(text, media_type="text/html")  # as a CMS that never says what it sends

    @app.get("/events/detail/{slug}")
    async def detail(request: Request, slug: str) -> Response:
        """Send an evening's own page, to browsers only."""
        if "Mozilla/" not in request.headers.get("user-agent", ""):
            return refused()
        evening = next((one for one in programme.upcoming() if one.key == slug), None)
        if evening is None:
            raise HTTPException(404)
        return HTMLResponse(pages.detail(evening, site(request, PREFIX)))

    door, recordings = recorded_first(NAME, PREFIX, app, options, recorded.read)
    firewall = Firewall(door, clock)
    return Standin(
        name=NAME,
        prefix=PREFIX,
        app=firewall,
        failure=html_failure,
        thin=_first_card_only,
        log_out=firewall.reset,
        recorded=recordings.all if recordings else (),
        unread=recordings.unread if recordings else (),
        programme=programme,
    )


def _is_of(evening: Evening, category: int) -> bool:
    name = CATEGORIES.get(category, "").lower().replace(" ", "_")
    return category == 0 or name in evening.act.details["classes"].split()


def _first_card_only(body: bytes) -> bytes:
    """Return a calendar that has lost all cards but the first."""
    start, mark, rest = body.partition(b'<div class="eventItem')
    first, _, more = rest.partition(b'<div class="eventItem')
    return start + mark + first + (b"</div></div></body></html>" if more else b"")
