"""Pages that a reader goes through by `cursor` and `next`, and honest ETags: what lists have in common."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from fastapi import Header, Query, Response
from pydantic import Field, TypeAdapter, ValidationError

from producers.api.problems import INVALID_REQUEST, FieldProblem, Problem
from producers.api.screen import JSON, NOT_MODIFIED, tags

T = TypeVar("T")

Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]
IfNoneMatch = Annotated[str | None, Header(description="ETag of an answer you have; 304 if it is still the one")]
Next = Annotated[str | None, Field(description="`cursor` of the next page; null on the last")]

ETAG: Final = {"ETag": {"description": "Changes exactly when the answer does", "schema": {"type": "string"}}}
READ: Final[dict[int | str, dict[str, Any]]] = {
    200: {"headers": ETAG},
    304: {"description": "What you have is still the one", "headers": ETAG},
}
"""What a route that answers like this documents beside its problems."""


def cursor_of(place: Sequence[object]) -> str:
    """Return the cursor that stands for the place where a page ended."""
    text = json.dumps(place, ensure_ascii=False, default=str, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_of(cursor: str, shape: TypeAdapter[T]) -> T:
    """Return the place that a cursor stands for; raises Problem for one that no page gave."""
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return shape.validate_json(raw)
    except (ValidationError, binascii.Error, ValueError) as error:
        raise fault("query.cursor", "is none that an earlier page gave as `next`") from error


def fault(field: str, problem: str) -> Problem:
    """Return the problem of one field that is not as it should be."""
    return Problem(INVALID_REQUEST, f"{field} {problem}.", errors=[FieldProblem(field=field, problem=problem)])


def page(
    name: str,
    bodies: Sequence[str],
    following: str | None,
    if_none_match: str | None,
    more: Mapping[str, str] | None = None,
) -> Response:
    """Answer with the rows of a page, each of them JSON, under a name; `more` as in `answer`."""
    return answer(f'{{"{name}":[{",".join(bodies)}],"next":{json.dumps(following)}}}', if_none_match, more)


def answer(body: str, if_none_match: str | None, more: Mapping[str, str] | None = None) -> Response:
    """Answer with JSON, or with 304 for who has just that already; the tag ignores the headers in `more`."""
    content = body.encode()
    tag = hashlib.blake2s(content, digest_size=16).hexdigest()
    headers = {"ETag": f'"{tag}"', "Cache-Control": "no-cache", **(more or {})}
    known = tags(if_none_match)
    if tag in known or "*" in known:
        return Response(status_code=NOT_MODIFIED, headers=headers)
    return Response(content, media_type=JSON, headers=headers)
