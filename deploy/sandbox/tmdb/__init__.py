"""TMDb's API v3, stood in for under /tmdb/3. Its titles are those of the Wikidata stand-in that have an id of TMDb."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from deploy.sandbox.recordings import Recordings
from deploy.sandbox.standin import Standin
from deploy.sandbox.tmdb import answers, recorded, routes
from deploy.sandbox.tmdb.door import Door
from deploy.sandbox.tmdb.titles import Titles
from deploy.sandbox.wikidata import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from deploy.sandbox.options import Options

NAME = "tmdb"
PREFIX = "/tmdb/3"


def build(options: Options, clock: Callable[[], datetime]) -> Standin:
    """Return the stand-in. Raises OSError or ValueError when the recordings cannot be read."""
    folder = options.recordings.get(NAME)
    recordings = Recordings(folder, recorded.read) if folder else None
    app = FastAPI(title="TMDb API v3, stood in for", openapi_url=None, redirect_slashes=False)
    app.state.titles = Titles(catalogue.load())
    app.include_router(routes.router)
    app.add_exception_handler(answers.Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid_id)
    app.add_exception_handler(HTTPException, _no_such_path)
    return Standin(
        name=NAME,
        prefix=PREFIX,
        app=Door(app, PREFIX, clock, recordings, also_catalogue=options.also_catalogue),
        failure=answers.asked_for_failure,
        thin=answers.untranslated,
        log_out=_nobody_logs_in,
        recorded=recordings.all if recordings else (),
        unread=recordings.unread if recordings else (),
    )


def _nobody_logs_in() -> None:
    """Do nothing: a key is good until it is withdrawn."""


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, answers.Refused)  # noqa: S101 - registered for nothing else
    return answers.failure(error.code)


async def _invalid_id(_request: Request, _error: Exception) -> Response:
    return answers.failure(answers.INVALID_ID)


async def _no_such_path(_request: Request, _error: Exception) -> Response:
    return answers.failure(answers.NOT_FOUND)
