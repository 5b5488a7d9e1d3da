"""Application tokens: given for a keyset, good for two hours, ended all at once where an operator asks for it."""

from __future__ import annotations

import base64
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from starlette.responses import JSONResponse

from deploy.sandbox.options import EBAY_CLIENT_ID, EBAY_CLIENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

SCOPE = "https://api.ebay.com/oauth/api_scope"
KEYS = base64.b64encode(f"{EBAY_CLIENT_ID}:{EBAY_CLIENT_SECRET}".encode()).decode()


class Tokens:
    """Gives tokens out and recognises them; `clock` tells the time, `lasts` is in seconds."""

    def __init__(self, lasts: float, clock: Callable[[], datetime]) -> None:
        self._lasts = lasts
        self._clock = clock
        self._ends: dict[str, float] = {}

    def end_all(self) -> None:
        """Let no token given so far be worth anything."""
        self._ends.clear()

    async def issue(self, request: Request) -> JSONResponse:
        """Answer a request for a token."""
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        scheme, _, keys = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic" or keys != KEYS:
            return _failure(401, "invalid_client", "client authentication failed")
        if form.get("grant_type") != ["client_credentials"]:
            return _failure(400, "unsupported_grant_type", "grant type in request is not supported")
        if form.get("scope") != [SCOPE]:
            return _failure(400, "invalid_scope", "The requested scope is invalid, unknown, malformed")
        token = f"v^1.1#i^1#p^1#r^0#I^3#f^0#t^{secrets.token_urlsafe(40)}"
        self._ends[token] = self._clock().timestamp() + self._lasts
        body: dict[str, Any] = {"access_token": token, "expires_in": int(self._lasts)}
        return JSONResponse(body | {"token_type": "Application Access Token"})

    def valid(self, authorization: str) -> bool:
        """Tell whether an Authorization header carries a token that is ours and has not run out."""
        scheme, _, token = authorization.partition(" ")
        return scheme.lower() == "bearer" and self._ends.get(token, 0.0) > self._clock().timestamp()


def _failure(status: int, error: str, description: str) -> JSONResponse:
    return JSONResponse({"error": error, "error_description": description}, status)
