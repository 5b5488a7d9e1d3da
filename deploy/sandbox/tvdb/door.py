"""The door of the TVDB stand-in: who may come in, and what is answered from recordings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from deploy.sandbox.tvdb import answers
from deploy.sandbox.tvdb.recorded import ANYTHING
from deploy.sandbox.tvdb.tokens import LoginRefused

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from deploy.sandbox.recordings import Recording, Recordings
    from deploy.sandbox.tvdb.tokens import Logins

LOGIN = ("POST", "/login")
OK = 200


class Door:
    """ASGI application in front of the routes; `recordings` is None when nothing was recorded."""

    def __init__(
        self, routes: ASGIApp, prefix: str, logins: Logins, recordings: Recordings | None, *, also_catalogue: bool
    ) -> None:
        self._routes = routes
        self._prefix = prefix
        self._logins = logins
        self._recordings = recordings
        self._also_catalogue = also_catalogue
        recorded = [one for one in (recordings.all if recordings else ()) if (one.method, one.path) == LOGIN]
        self._logged_in = {one.status: one for one in reversed(recorded)}
        """The recorded answers to a login, by status."""
        if OK in self._logged_in:
            logins.also_accept(json.loads(self._logged_in[OK].file.read_bytes())["data"]["token"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; lifespan and the like go straight through."""
        if scope["type"] != "http":
            await self._routes(scope, receive, send)
            return
        request = Request(scope, receive)
        path = scope["path"].removeprefix(self._prefix)
        response = await self._answer(request, path)
        await (response or self._routes)(scope, receive, send)

    async def _answer(self, request: Request, path: str) -> Response | None:
        if (request.method, path) == LOGIN:
            return await self._log_in(request)
        if not self._logins.valid(request.headers.get("authorization", "")):
            recorded = self._recordings.find("GET", ANYTHING, {}) if self._recordings else None
            return _sent(recorded) if recorded else answers.unauthorized()
        if self._recordings is None:
            return None
        recorded = self._recordings.find(request.method, path, dict(request.query_params))
        if recorded:
            return _sent(recorded)
        if self._also_catalogue:
            return None
        return self._not_recorded(path)

    def _not_recorded(self, path: str) -> Response:
        entity = path.strip("/").partition("/")[0]
        recorded = self._recordings.find("GET", f"/{entity}/*", {}) if self._recordings else None
        if recorded:
            return _sent(recorded)
        answer = answers.asked_for_failure(path, answers.NOT_FOUND)
        return Response(answer.body, answer.status, media_type=answer.content_type)

    async def _log_in(self, request: Request) -> Response:
        try:
            asked = json.loads(await request.body())
            asked = asked if isinstance(asked, dict) else {}
        except ValueError:
            asked = {}
        try:
            self._logins.check(asked.get("apikey"), asked.get("pin"))
        except LoginRefused as refusal:
            recorded = self._logged_in.get(refusal.status)
            if recorded and str(refusal).encode() in recorded.file.read_bytes():
                return _sent(recorded)
            return answers.failure(refusal.status, str(refusal))
        return _sent(self._logged_in[OK]) if OK in self._logged_in else answers.success({"token": self._logins.issue()})


def _sent(recording: Recording) -> Response:
    """Return a recorded answer byte for byte; the file is read each time, so that it may be edited meanwhile."""
    return Response(
        recording.file.read_bytes(),
        recording.status,
        headers=dict(recording.headers),
        media_type=recording.content_type,
    )
