"""The whole sandbox as one ASGI application, wired by hand."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.responses import PlainTextResponse

from deploy.sandbox import brickset, control, ebay, feeds, mote, tmdb, tvdb, vanwezel, wikidata
from deploy.sandbox.faults import FaultBook
from deploy.sandbox.gate import Gate
from deploy.sandbox.journal import Journal
from deploy.sandbox.options import Options
from shared import clock as clocks

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

STANDINS = (tvdb.build, brickset.build, ebay.build, feeds.build, mote.build, tmdb.build, vanwezel.build, wikidata.build)
"""Every upstream there is a stand-in for: `build(options, clock) -> Standin`. Add a module, then its name here."""


def create_app(
    options: Options | None = None,
    *,
    clock: Callable[[], datetime] = clocks.now,
    ticks: Callable[[], float] = time.monotonic,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Gate:
    """Return the sandbox as an ASGI application that opens nothing.

    `clock` tells the time that tokens run out by, `ticks` is monotonic and in seconds, `pause` waits so many
    seconds; a test passes its own. Raises OSError or ValueError when a recordings folder cannot be read.
    """
    options = options or Options()
    standins = [build(options, clock) for build in STANDINS]
    unknown = set(options.recordings) - {standin.name for standin in standins}
    if unknown:
        raise ValueError(f"no stand-in is called {', '.join(sorted(unknown))}")
    journal, faults = Journal(ticks, clock), FaultBook()
    app = FastAPI(title="Millrace sandbox", description="Stand-in upstreams", redirect_slashes=False)

    @app.get("/robots.txt")
    async def robots() -> PlainTextResponse:
        """Stand-in sites share this host, whose robots.txt is the one that counts: all may be read, and quickly."""
        return PlainTextResponse("User-agent: *\nCrawl-delay: 0.2\nAllow: /\n")

    @app.get("/health")
    async def health() -> dict[str, object]:
        """Up, and what stands where."""
        return {"status": "ok", "upstreams": {standin.name: standin.prefix for standin in standins}}

    app.include_router(control.routes(standins, journal, faults))
    for standin in standins:
        app.mount(standin.prefix, standin.app)
    return Gate(app, standins=standins, journal=journal, faults=faults, latency=options.latency, pause=pause)
