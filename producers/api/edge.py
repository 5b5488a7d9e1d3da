"""The edge around every request: its id, its measure, its line in the log, and what nobody else caught."""

from __future__ import annotations

import re
import time
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producers.api import problems
from producers.api.problems import Problem
from shared.broker.ids import new_id
from shared.telemetry import metrics
from shared.telemetry.start import report

REQUEST_ID: Final = "X-Request-ID"
GOOD_ID: Final = re.compile(r"[\w.:/+=-]{1,100}", re.ASCII)
"""An id somebody else gave the request; anything else would not belong into a log line or a header."""

UNMATCHED: Final = "unmatched"
"""Label of requests for pages there are none of: their paths are anybody's invention."""

SERVER_ERROR: Final = 500

log = structlog.get_logger(__name__)


class Edge:
    """ASGI middleware, the outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID)
        request_id = given if given and GOOD_ID.fullmatch(given) else new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started, status = time.perf_counter(), 0
        # What can be read has a head; no route need say so. The server's own scope stays as it is.
        head = scope["method"] == "HEAD"
        if head:
            scope = {**scope, "method": "GET"}

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            elif head:
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except Exception as error:
            log.exception("request failed", method=scope["method"], path=scope["path"])
            report(error)
            if status:
                raise  # the answer has begun: all that is left is to break it off
            problem = Problem(problems.INTERNAL, "The request ended in an error that nobody expected.")
            await problems.response(Request(scope), problem)(scope, receive, noted)
        finally:
            self._measure(scope, status, time.perf_counter() - started)

    @staticmethod
    def _measure(scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path_format", UNMATCHED)
        metrics.http_requests.labels(scope["method"] if route != UNMATCHED else "any", route, str(status)).inc()
        metrics.http_seconds.labels(route).observe(seconds)
        # Thousands of good reads a second are counted; the log is for what changes something or goes wrong.
        level = log.warning if status >= SERVER_ERROR else log.debug if scope["method"] == "GET" else log.info
        level(
            "request",
            method=scope["method"],
            path=scope["path"],
            route=route,
            status=status,
            seconds=round(seconds, 4),
        )
