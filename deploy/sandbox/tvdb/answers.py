"""The envelope around every TheTVDB answer: success with links, and the several forms of failure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from deploy.sandbox.standin import Answer, compact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

BAD_REQUEST, UNAUTHORIZED, NOT_FOUND = 400, 401, 404
SINGULAR = {"movies": "movie", "people": "people", "seasons": "season", "episodes": "episode"}
CDN_PAGE = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN"><HTML><HEAD><TITLE>ERROR: The request could not '
    "be satisfied</TITLE></HEAD><BODY><H1>{status} ERROR</H1>The request could not be satisfied.</BODY></HTML>"
)


class Refused(Exception):
    """A request that is answered with a failure; `message` is in TheTVDB's words."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(message)


def missing(what: str) -> Refused:
    """Return the 404 for an entity that is not there."""
    return Refused(NOT_FOUND, f"NotFoundException: error fetching {what}")


def invalid(what: str) -> Refused:
    """Return the 400 for a parameter that cannot be."""
    return Refused(BAD_REQUEST, f"InvalidValueType: {what}")


def success(data: Any, links: dict[str, Any] | None = None) -> Response:
    """Return a good answer; `links` only where the API has them."""
    body = {"status": "success", "data": data}
    return Response(compact(body | ({"links": links} if links else {})), media_type="application/json")


def failure(status: int, message: str) -> Response:
    """Return a failure in the service's own form."""
    body = {"status": "failure", "message": message, "data": None}
    return Response(compact(body), status, media_type="application/json")


def unauthorized() -> Response:
    """Return the 401 of every call but the login: from the gateway, which knows no status field."""
    return Response(compact({"message": "Unauthorized"}), UNAUTHORIZED, media_type="application/json")


def asked_for_failure(path: str, status: int) -> Answer:
    """Return how TheTVDB words a failure that a fault asks for; no recording of its 429 is known."""
    entity = next((word for word in path.split("/") if word in {"series", *SINGULAR}), "record")
    if status == UNAUTHORIZED:
        return Answer(status, compact({"message": "Unauthorized"}))
    if status == NOT_FOUND:
        message = f"NotFoundException: error fetching {SINGULAR.get(entity, entity)}"
        return Answer(status, compact({"status": "failure", "message": message, "data": None}))
    if status in {502, 503, 504}:
        return Answer(status, CDN_PAGE.format(status=status).encode(), "text/html")
    words = {429: "Too Many Requests", 500: "Internal server error", 403: "Forbidden"}
    return Answer(status, compact({"message": words.get(status, "error")}))


def half(body: bytes) -> bytes:
    """Return the answer TheTVDB gives under heavy use: 200, but only one season of them all, and no links.

    A body that is no record with seasons or episodes comes back as it is.
    """
    try:
        answer = json.loads(body)
    except ValueError:
        return body
    data = answer.get("data")
    if not isinstance(data, dict):
        return body
    answer.pop("links", None)
    for name, number in (("seasons", "number"), ("episodes", "seasonNumber")):
        rows = data.get(name)
        if isinstance(rows, list) and rows:
            data[name] = [row for row in rows if row[number] == rows[0][number]]
    return compact(answer)


def page_number(text: str) -> int:
    """Return a page, counted from 0; raises Refused when it is none."""
    if not text.isascii() or not text.isdigit():
        raise invalid("page")
    return int(text)


def links(request: Request, page: int, size: int, total: int) -> dict[str, Any]:
    """Return the links of a list in the true form: whole addresses, not escaped, `page` last, null where none is."""
    rest = [f"{name}={value}" for name, value in request.query_params.items() if name != "page"]
    here = f"{request.url.scheme}://{request.url.netloc}{request.url.path}?"

    def address(number: int) -> str:
        return here + "&".join([*rest, f"page={number}"])

    return {
        "prev": address(page - 1) if page else None,
        "self": address(page),
        "next": address(page + 1) if (page + 1) * size < total else None,
        "total_items": total,
        "page_size": size,
    }


def paged(request: Request, rows: Sequence[Any], page: int, size: int) -> Response:
    """Return one page of rows that are all there."""
    return success(rows[page * size : (page + 1) * size], links(request, page, size, len(rows)))
