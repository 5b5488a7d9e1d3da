"""The console's first page: is all well, how are the pools, and if not, what is to be done."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import httpx
from fastapi import APIRouter, Request
from starlette.responses import Response

from producers.api.database import Database
from producers.console.glance import Glance
from producers.console.pages import page
from producers.console.visitors import Visitor, looks
from producers.scaling.views import PoolView
from producers.scaling.watch import Watch
from shared import clock
from shared.errors import MillraceError
from shared.maintenance.health import fresh_days, look_at_database
from shared.maintenance.report import Item, Report
from shared.settings import Settings

router = APIRouter()

PLACES: Final = {
    "ledger": "/dead-letters",
    "schedules": "/schedules",
    "upstreams": "/upstreams",
    "run_log": "/messages",
}
"""Where to look further, by what was looked at."""


class Board:
    """What the overview shows, looked at once for all who have it open in this process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database: Database | None = None
        watch = Watch(settings)
        # It waits a second for the instances to answer.
        self.pools: Glance[list[PoolView]] = Glance(
            lambda: asyncio.to_thread(watch.look), (httpx.HTTPError, MillraceError), patience=4.0
        )
        # Counting what is stale reads whole indexes: not every two seconds.
        self._items: Glance[list[Item]] = Glance(self._look_at_database, (), fresh=5.0, patience=6.0)

    async def report(self, database: Database) -> Report:
        """Return what the health check says of everything that the database knows; raises DatabaseAway."""
        self._database = database
        seen = await self._items.look()
        return Report(seen.value or [])

    async def _look_at_database(self) -> list[Item]:
        assert self._database is not None  # noqa: S101 - `report` has set it
        return await self._database.call(look_at_database, clock.now(), fresh_days(self._settings))


@router.get("/")
async def overview(request: Request, _visitor: Annotated[Visitor, looks()]) -> Response:
    """Show the line as it is; the broker may be away, and then the page says so."""
    board: Board = request.app.state.board
    pools, report = await asyncio.gather(board.pools.look(), board.report(request.app.state.database))
    return page(request, "overview.html", pools=pools, report=report, places=PLACES, now=clock.now())
