"""The gate every upstream request passes: it is noted, slowed down and, if so asked, harmed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from deploy.sandbox.standin import Answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from deploy.sandbox.faults import Fault, FaultBook
    from deploy.sandbox.journal import Journal
    from deploy.sandbox.standin import Standin


class Cut(ConnectionResetError):
    """Thrown in the middle of an answer: the server drops the connection there, which is what was asked for."""


class Gate:
    """ASGI application around the whole program; what is under no upstream's prefix passes untouched."""

    def __init__(
        self,
        inner: ASGIApp,
        *,
        standins: Sequence[Standin],
        journal: Journal,
        faults: FaultBook,
        latency: float,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        self._inner = inner
        self._standins = standins
        self._journal = journal
        self._faults = faults
        self._latency = latency
        self._pause = pause

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        standin = self._standin(scope)
        if standin is None:
            await self._inner(scope, receive, send)
            return
        method, path, query = scope["method"], scope["path"], scope["query_string"].decode("latin-1")
        entry = self._journal.arrive(standin.name, method, path, query)
        sent = 0

        async def noted(message: Message) -> None:
            nonlocal sent
            if message["type"] == "http.response.start":
                sent = message["status"]
            await send(message)

        armed = self._faults.due(method, path, dict(parse_qsl(query, keep_blank_values=True)))
        entry.fault = armed.id if armed else None
        try:
            await self._wait(self._latency + (armed.fault.delay_seconds if armed else 0.0))
            if armed is None:
                await self._inner(scope, receive, noted)
            else:
                await self._harmed(armed.fault, standin, scope, receive, noted)
        except Cut:
            sent = 0
            raise
        finally:
            self._journal.leave(entry, sent)

    def _standin(self, scope: Scope) -> Standin | None:
        if scope["type"] != "http":
            return None
        path = scope["path"]
        return next((one for one in self._standins if path == one.prefix or path.startswith(one.prefix + "/")), None)

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self._pause(seconds)

    async def _harmed(self, fault: Fault, standin: Standin, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.status is None or fault.keep_body:
            answer = await _collected(self._inner, scope, receive)
        else:
            answer = standin.failure(scope["path"], fault.status)
        body = answer.body if fault.body is None else fault.body.encode()
        if fault.thin:
            body = standin.thin(body)
        if fault.truncate is not None:
            body = body[: fault.truncate]
        headers = {**answer.headers, "content-type": fault.content_type or answer.content_type}
        headers["content-length"] = str(len(body))
        headers |= {name.lower(): value for name, value in fault.headers.items()}
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": fault.status or answer.status, "headers": pairs})
        if fault.cut is not None:
            await send({"type": "http.response.body", "body": body[: fault.cut], "more_body": True})
            raise Cut(f"cut after {fault.cut} bytes, as asked")
        await send({"type": "http.response.body", "body": body})


async def _collected(app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
    """Let the upstream answer into memory."""
    status = 500
    headers: dict[str, str] = {}
    chunks: list[bytes] = []

    async def collect(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.update({name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]})
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(scope, receive, collect)
    content_type = headers.pop("content-type", "application/json")
    return Answer(status, b"".join(chunks), content_type, headers)
