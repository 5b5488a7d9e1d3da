"""What a recorded eBay answer is an answer to: a search says so itself (`href`), as an item does (`itemId`).

error_401_invalid_token.json       what a request without a good token is answered
"""

from __future__ import annotations

import json
import re
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

Request: TypeAlias = tuple[str, str, dict[str, str], int]

ANYTHING = "/*"
"""Stands for every path, in the recording of an error that any request can get."""

SEARCH = "/buy/browse/v1/item_summary/search"
ITEM = "/buy/browse/v1/item/"


def read(name: str, content: bytes) -> list[Request]:
    """Return (method, path, query, status) for each request that a file answers; none when that cannot be told."""
    try:
        body = json.loads(content)
    except ValueError:
        return []
    if not isinstance(body, dict):
        return []
    if "errors" in body:
        status = re.search(r"(?<!\d)([45]\d\d)(?!\d)", name)
        return [("GET", ANYTHING, {}, int(status[1]))] if status else []
    if isinstance(body.get("itemId"), str):
        return [("GET", ITEM + body["itemId"], {}, 200)]
    href = body.get("href")
    if not isinstance(href, str) or not urlsplit(href).path.endswith("/item_summary/search"):
        return []
    return [("GET", SEARCH, dict(parse_qsl(urlsplit(href).query, keep_blank_values=True)), 200)]
