"""The site's firewall: it counts requests, and whoever asks too fast is shown the door for a while."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from starlette.responses import Response

from deploy.sandbox.window import Window

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

MOST, WITHIN = 6, timedelta(seconds=10)
"""Requests that pass in any span of time. The true numbers are not known; several seconds between two are advised."""

SHUT = timedelta(seconds=10)
REFUSAL = (
    "<html><head><title>Not Acceptable!</title></head><body><h1>Not Acceptable!</h1><p>An appropriate representation "
    "of the requested resource could not be found on this server.</p></body></html>"
)


class Firewall:
    """ASGI application in front of a site; `clock` is the sandbox's."""

    def __init__(self, inner: ASGIApp, clock: Callable[[], datetime]) -> None:
        self._inner = inner
        self._clock = clock
        self._window = Window(MOST, clock, WITHIN)
        self._shut_until: datetime | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] == "http" and not self._lets_pass(self._clock()):
            await refused()(scope, receive, send)
        else:
            await self._inner(scope, receive, send)

    def reset(self) -> None:
        """Forget who asked what."""
        self._window.clear()
        self._shut_until = None

    def _lets_pass(self, now: datetime) -> bool:
        if self._shut_until is not None and now < self._shut_until:
            return False
        if self._window.take():
            return True
        self._shut_until = now + SHUT
        return False


def refused() -> Response:
    """Return the refusal, which names no time after which to come back."""
    return Response(REFUSAL, 406, media_type="text/html")
