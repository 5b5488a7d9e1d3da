"""Reading a request's body no further than it may be long."""

from __future__ import annotations

from typing import Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from producers.api.problems import INVALID_REQUEST, TOO_LARGE, FieldProblem, Problem

T = TypeVar("T", bound=BaseModel)

LARGEST: Final = 1024 * 1024
"""Bytes of any body: what travels carries ids and facts."""


class TooLarge(HTTPException):
    """A body has more bytes than any may have; an HTTPException, since FastAPI lets no other pass from there."""

    def __init__(self) -> None:
        super().__init__(413, f"A body may have {LARGEST} bytes.")


class Limited:
    """ASGI middleware that hands on no more than `LARGEST` bytes of a body.

    FastAPI reads a body before it looks who sent it: without this, anybody could fill the memory of the process.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer one request."""
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > LARGEST:
                raise TooLarge
            return message

        await self._app(scope, counted if scope["type"] == "http" else receive, send)


async def read(request: Request, most: int) -> bytes:
    """Return the body; raises Problem when it has more bytes than `most`."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise Problem(TOO_LARGE, f"A body may have {most} bytes here.")
    return bytes(body)


async def read_as(shape: type[T], request: Request, most: int) -> T:
    """Return the body as what it should be; raises Problem, which quotes nothing of it."""
    try:
        return shape.model_validate_json(await read(request, most))
    except ValidationError as error:
        fields = [
            FieldProblem(field=".".join(("body", *map(str, one["loc"]))), problem=str(one["msg"]))
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        said = "; ".join(f"{one.field}: {one.problem}" for one in fields)
        raise Problem(INVALID_REQUEST, said, errors=fields) from None


def documented(shape: type[BaseModel], example: object) -> dict[str, object]:
    """Return the part of a route's OpenAPI that describes such a body."""
    content = {"application/json": {"schema": shape.model_json_schema(), "example": example}}
    return {"requestBody": {"required": True, "content": content}}
