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
from shared.telemetry import metrics, traces
from shared.telemetry.start import report

REQUEST_ID: Final = "X-Request-ID"
TRACE_ID: Final = "X-Trace-ID"
GOOD_ID: Final = re.compile(r"[\w.:/+=-]{1,100}", re.ASCII)
"""An id somebody else gave the request; anything else would not belong into a log line or a header."""

UNMATCHED: Final = "unmatched"
"""Label of requests for pages there are none of: their paths are anybody's invention."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What may stand in a label: a method, too, is what the caller makes it, and a known page refuses it by its route."""

SERVER_ERROR: Final = 500

YEAR: Final = 365 * 24 * 3600
"""Seconds for which a browser that came by HTTPS shall not come by plain HTTP."""

log = structlog.get_logger(__name__)


def _guard(scope: Scope, headers: MutableHeaders) -> None:
    """Tell browsers and caches in between what not to do with an answer."""
    headers["X-Content-Type-Options"] = "nosniff"
    if scope.get("scheme") == "https":
        headers["Strict-Transport-Security"] = f"max-age={YEAR}"
    if "caller" in scope["state"]:  # what is for whoever has a role is for nobody else
        headers.setdefault("Cache-Control", "no-store")


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
        span = traces.continued(_only(scope, b"traceparent"))
        structlog.contextvars.bind_contextvars(request_id=request_id, trace_id=span.trace_id, span_id=span.span_id)
        started, status = time.perf_counter(), 0
        # What can be read has a head; no route need say so. The server's own scope stays as it is.
        head = scope["method"] == "HEAD"
        if head:
            scope = {**scope, "method": "GET"}

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID], headers[TRACE_ID] = request_id, span.trace_id
                _guard(scope, headers)
            elif head:
                message = {**message, "body": b""}
            await send(message)

        with traces.under_way(span, "http.server", scope["method"], {"request_id": request_id}) as recording:
            try:
                await self._app(scope, receive, noted)
            except Exception as error:
                log.exception("request failed", method=scope["method"], path=scope["path"])
                report(error, tags={"request_id": request_id, "method": _method(scope), "route": _route(scope)})
                if status:
                    raise  # the answer has begun: all that is left is to break it off
                problem = Problem(problems.INTERNAL, "The request ended in an error that nobody expected.")
                await problems.response(Request(scope), problem)(scope, receive, noted)
            finally:
                recording.called(f"{_method(scope)} {_route(scope)}")
                recording.answered(status)
                self._measure(scope, status, time.perf_counter() - started)

    @staticmethod
    def _measure(scope: Scope, status: int, seconds: float) -> None:
        route = _route(scope)
        metrics.http_requests.labels(_method(scope) if route != UNMATCHED else "any", route, str(status)).inc()
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


def _only(scope: Scope, name: bytes) -> str | None:
    """Return a header that was sent once; of two that contradict each other neither is believed."""
    values = [value for known, value in scope["headers"] if known == name]
    return values[0].decode("latin-1").strip() if len(values) == 1 else None


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "other"


def _route(scope: Scope) -> str:
    """Return the template of the page asked for; the console's routes are known without where it is mounted."""
    path = getattr(scope.get("route"), "path_format", None)
    mounted = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    return UNMATCHED if path is None else f"{mounted}{path}"
