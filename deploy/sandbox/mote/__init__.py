"""A WordPress site that runs The Events Calendar, as mote.org does, stood in for under /mote with our own evenings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI

from deploy.sandbox.mote import recorded
from deploy.sandbox.mote.acts import ACTS, AHEAD, EVERY
from deploy.sandbox.mote.site import PREFIX, Site
from deploy.sandbox.pages import html_failure, recorded_first
from deploy.sandbox.programme import Programme
from deploy.sandbox.standin import Standin

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from deploy.sandbox.options import Options

NAME = "mote"


def build(options: Options, clock: Callable[[], datetime]) -> Standin:
    """Return the stand-in. Raises OSError or ValueError when the recordings cannot be read."""
    programme = Programme(ACTS, EVERY, AHEAD, clock)
    app = FastAPI(title="The Events Calendar, stood in for", openapi_url=None, redirect_slashes=False)
    app.include_router(Site(programme, clock).routes())
    door, recordings = recorded_first(NAME, PREFIX, app, options, recorded.read)
    return Standin(
        name=NAME,
        prefix=PREFIX,
        app=door,
        failure=html_failure,
        thin=lambda _body: b"",
        log_out=lambda: None,
        recorded=recordings.all if recordings else (),
        unread=recordings.unread if recordings else (),
        programme=programme,
    )
