"""The console as an application of its own, which the API mounts at `/console`: same data, same functions, as pages."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders, State
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producers.api.failures import TRANSLATION
from producers.api.problems import Problem
from producers.console import dead_letters, messages, overview, schedules, signing_in, upstreams
from producers.console.pages import page
from producers.console.visitors import NotSignedIn, sign_in_address
from shared.settings import Settings

ROUTERS: Final = (
    overview.router,
    dead_letters.router,
    schedules.router,
    upstreams.router,
    messages.router,
    signing_in.router,
)

HEADERS: Final = {
    # Nothing but our own two files: no inline script or style, no other address, no frame around us.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers would then hide the origin of our own forms from us.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every answer; pages are not to be stored, either."""


def create_console(settings: Settings, state: State) -> FastAPI:
    """Return the application; `state` is that of the API, which connects and closes what both work with."""
    app = FastAPI(title="Millrace console", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state = state
    state.board = overview.Board(settings)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static")
    for kind, problem_of in TRANSLATION.items():
        app.add_exception_handler(kind, _shown(problem_of))
    app.add_exception_handler(NotSignedIn, _to_sign_in)
    app.add_middleware(_Guarded)
    return app


def _shown(problem_of: Callable[[Any], Problem]) -> Callable[[Request, Exception], Any]:
    """Return the handler that shows an error as the API's problem documents tell it: what, and what next."""

    async def show(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        headers = {name: value for name, value in problem.headers.items() if name != "WWW-Authenticate"}
        return page(request, "problem.html", status=problem.status, headers=headers, problem=problem)

    return show


async def _to_sign_in(request: Request, _error: Exception) -> Response:
    return RedirectResponse(sign_in_address(request), HTTPStatus.SEE_OTHER)


class _Guarded:
    """ASGI middleware that gives every answer its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer one request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                # Files are asked for anew each time, and answered with 304; pages are kept nowhere.
                headers.setdefault("Cache-Control", "no-cache" if "etag" in headers else "no-store")
            await send(message)

        await self._app(scope, receive, guarded)
