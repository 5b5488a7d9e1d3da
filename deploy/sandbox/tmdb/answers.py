"""The forms of TMDb's answers: good ones with their ETag, and failures with TMDb's own number."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from deploy.sandbox.standin import Answer, compact

if TYPE_CHECKING:
    from starlette.requests import Request

JSON = "application/json;charset=utf-8"
MAX_AGE = 21_600  # seconds; recorded ones lie between four hours and eight
INVALID_KEY, INVALID_ID, NOT_FOUND, BAD_PAGE, BAD_PARAMETER, OVER_LIMIT = 7, 6, 34, 22, 5, 25

CODES: dict[int, tuple[int, str]] = {
    INVALID_KEY: (401, "Invalid API key: You must be granted a valid key."),
    INVALID_ID: (404, "Invalid id: The pre-requisite id is invalid or not found."),
    NOT_FOUND: (404, "The resource you requested could not be found."),
    BAD_PAGE: (400, "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer."),
    BAD_PARAMETER: (422, "Invalid parameters: Your request parameters are incorrect."),
    27: (400, "Too many append to response objects: The maximum number of remote calls is 20."),
    OVER_LIMIT: (429, "Your request count (41) is over the allowed limit of 40."),
    9: (503, "Service offline: This service is temporarily offline, try again later."),
    11: (500, "Internal error: Something went wrong, contact TMDb."),
    24: (504, "Your request to the backend server timed out. Try again."),
}
"""TMDb's number of a failure -> its status and words."""

CDN_PAGE = (
    '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN"><HTML><HEAD><TITLE>ERROR: The request could not '
    "be satisfied</TITLE></HEAD><BODY><H1>{status} ERROR</H1>The request could not be satisfied.</BODY></HTML>"
)


class Refused(Exception):
    """A request that is answered with a failure; `code` is TMDb's own number."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(CODES[code][1])


def success(request: Request, body: Any) -> Response:
    """Return a good answer, or that what the client has of it is still the same."""
    content = compact(body)
    tag = f'W/"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": f"public, max-age={MAX_AGE}"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=JSON, headers=headers)


def failure(code: int) -> Response:
    """Return a failure by TMDb's number."""
    answer = _failure(code)
    return Response(answer.body, answer.status, media_type=answer.content_type)


def _failure(code: int) -> Answer:
    status, words = CODES[code]
    return Answer(status, compact({"success": False, "status_code": code, "status_message": words}), JSON)


def asked_for_failure(_path: str, status: int) -> Answer:
    """Return how TMDb words a failure that a fault asks for; 502 comes from the network in front of it."""
    codes = {401: INVALID_KEY, 404: NOT_FOUND, 400: BAD_PAGE, 422: BAD_PARAMETER, 429: OVER_LIMIT, 500: 11, 503: 9}
    if status in codes:
        return _failure(codes[status])
    return Answer(status, CDN_PAGE.format(status=status).encode(), "text/html")


def untranslated(body: bytes) -> bytes:
    """Return a title as TMDb has it where nobody filled it in: texts and dates are empty, there is no poster."""
    try:
        title = json.loads(body)
    except ValueError:
        return body
    if not isinstance(title, dict):
        return body
    empty = {"overview": "", "tagline": "", "poster_path": None, "release_date": "", "first_air_date": ""}
    return compact({name: empty.get(name, value) for name, value in title.items()})
