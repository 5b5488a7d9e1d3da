"""The bodies of eBay's refusals, with the numbers that its definition of the Browse API lists."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from deploy.sandbox.standin import Answer, compact

LISTED = {
    1001: (401, "OAuth", "Invalid access token"),
    1100: (403, "ACCESS", "Access denied"),
    2001: (429, "ACCESS", "Too many requests"),
    2004: (400, "ACCESS", "Invalid request"),
    11001: (404, "API_BROWSE", "The specified item Id was not found."),
    12000: (500, "API_BROWSE", "Internal error"),
    12001: (400, "API_BROWSE", "The call must have a valid 'q', 'category_ids', 'epid' or 'gtin' query parameter."),
    12002: (
        200,
        "API_BROWSE",
        "The filter value is invalid. For the valid values, refer to the API call documentation.",
    ),
    12004: (400, "API_BROWSE", "The 'offset' value cannot be negative."),
    12005: (400, "API_BROWSE", "The 'offset' value must be an integer."),
    12006: (400, "API_BROWSE", "The 'limit' value should be between 1 and 200 (inclusive)."),
    12007: (400, "API_BROWSE", "The 'limit' value must be an integer value."),
    12008: (
        200,
        "API_BROWSE",
        "The 'sort' value is invalid. For the valid values, refer to the API call documentation.",
    ),
    12009: (200, "API_BROWSE", "The 'category_ids' query parameter is invalid."),
    12012: (200, "API_BROWSE", "A valid 'price' filter and a valid 'priceCurrency' filter is necessary."),
    12029: (400, "API_BROWSE", "The maximum number of listings that can be retrieved is 10,000."),
    # Its number is not recorded anywhere; the text is.
    12999: (400, "API_BROWSE", "The 'offset' value must be either zero or a multiple of the 'limit' value."),
}


class Refused(Exception):
    """A request that is answered with one of the errors above."""

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__(str(number))


def detail(number: int) -> dict[str, Any]:
    """Return an error, or a warning, as it stands in a body."""
    _, domain, message = LISTED[number]
    return {"errorId": number, "domain": domain, "category": "REQUEST", "message": message, "longMessage": message}


def refusal(number: int) -> JSONResponse:
    """Return the whole answer for an error."""
    return JSONResponse({"errors": [detail(number)]}, LISTED[number][0])


def failure(path: str, status: int) -> Answer:
    """Return the failure a fault asks for; that of a token has a form of its own."""
    if path.endswith("/token") and status in {400, 401}:
        body = {"error": "invalid_client", "error_description": "client authentication failed"}
        return Answer(status, compact(body))
    number = next((number for number, (its, *_) in LISTED.items() if its == status), 12000)
    return Answer(status, compact({"errors": [detail(number)]}))
