"""TheTVDB API v4, stood in for under /tvdb/v4. See the notes in each module for what was observed of the true one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from deploy.sandbox.recordings import Recordings
from deploy.sandbox.standin import Standin
from deploy.sandbox.tvdb import answers, recorded, rest, titles
from deploy.sandbox.tvdb.catalogue import Catalogue
from deploy.sandbox.tvdb.door import Door
from deploy.sandbox.tvdb.library import Library
from deploy.sandbox.tvdb.synthetic import Synthetic
from deploy.sandbox.tvdb.tokens import Logins

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from deploy.sandbox.options import Options

NAME = "tvdb"
PREFIX = "/tvdb/v4"


def build(options: Options, clock: Callable[[], datetime]) -> Standin:
    """Return the stand-in. Raises OSError or ValueError when the recordings cannot be read."""
    library = Library([Catalogue(), Synthetic(options.synthetic)])
    logins = Logins(options, clock)
    folder = options.recordings.get(NAME)
    recordings = Recordings(folder, recorded.read) if folder else None
    app = FastAPI(title="TheTVDB API v4, stood in for", openapi_url=None, redirect_slashes=False)
    app.state.library, app.state.page_size = library, options.page_size
    app.state.clock, app.state.started = clock, clock().timestamp()
    app.include_router(titles.router)
    app.include_router(rest.router)
    app.add_exception_handler(answers.Refused, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _no_such_path)
    return Standin(
        name=NAME,
        prefix=PREFIX,
        app=Door(app, PREFIX, logins, recordings, also_catalogue=options.also_catalogue),
        failure=answers.asked_for_failure,
        thin=answers.half,
        log_out=logins.end_all,
        recorded=recordings.all if recordings else (),
        unread=recordings.unread if recordings else (),
    )


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, answers.Refused)  # noqa: S101 - registered for nothing else
    return answers.failure(error.status, error.message)


async def _unreadable(_request: Request, _error: Exception) -> Response:
    return answers.failure(answers.BAD_REQUEST, "InvalidValueType: cannot make item path")


async def _no_such_path(_request: Request, _error: Exception) -> Response:
    return answers.failure(answers.BAD_REQUEST, "InvalidValueType: invalid path")
