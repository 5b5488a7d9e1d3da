"""Keeps keys and tokens out of every error and log line that speaks about a request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import httpx

MASK: Final = "***"
SECRET_PARAMETERS: Final = frozenset(
    {"access_token", "api_key", "apikey", "appid", "client_secret", "key", "password", "pin", "token", "userhash"}
)
_IN_TEXT: Final = re.compile(
    rf"(?i)\b(?P<name>{'|'.join(sorted(SECRET_PARAMETERS))})=[^&\s\"']+|\b(?P<scheme>bearer|basic)\s+[^\s\"',;]+"
)


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the given values, secret query parameters and credentials of any Authorization."""
    for secret in sorted(secrets, key=len, reverse=True):
        if secret:
            text = text.replace(secret, MASK)
    return _IN_TEXT.sub(lambda found: f"{found['name']}={MASK}" if found["name"] else f"{found['scheme']} {MASK}", text)


def request_line(request: httpx.Request) -> str:
    """Return method, path and query of a request, the secret parameters masked; never its host's user or headers."""
    url = request.url
    pairs = [(name, MASK if name.lower() in SECRET_PARAMETERS else value) for name, value in url.params.multi_items()]
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return f"{request.method} {url.path}" + (f"?{query}" if query else "")
