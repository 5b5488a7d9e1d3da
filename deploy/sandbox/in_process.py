"""The sandbox without a socket: a transport for the ordinary `httpx.Client`, for tests of whatever asks upstreams."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx

from deploy.sandbox.gate import Cut

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class InProcess(httpx.BaseTransport):
    """Answers each request from an ASGI application, in a loop of its own.

    `httpx.Client(transport=InProcess(create_app()))` then reaches the sandbox under any host name. A connection
    that a fault cuts is the same httpx.RemoteProtocolError that a real one would be.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request, whole."""
        try:
            return asyncio.run(self._answer(request, request.read()))
        except Cut as cut:
            raise httpx.RemoteProtocolError(str(cut), request=request) from cut

    async def _answer(self, request: httpx.Request, body: bytes) -> httpx.Response:
        asked = httpx.Request(request.method, request.url, headers=request.headers, content=body)
        response = await self._inner.handle_async_request(asked)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content, request=request)
