"""Reading a request's body no further than it may be long; of routes that anybody may ask, before anything else."""

from __future__ import annotations

from typing import TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from producers.api.problems import INVALID_REQUEST, TOO_LARGE, FieldProblem, Problem

T = TypeVar("T", bound=BaseModel)


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
