"""What a recorded TMDb answer is an answer to, read from its content, and from its name where that says nothing.

A list of whole exchanges (`[{"request": {"uri"}, "response": {"status", "body"}}]`) says itself what was asked; the
first of them is answered. A title says its own id, and by its fields whether it is a film or a series; the name says
`find`, `configuration`, `external_ids` and `search`. Of a search or a find the index has to say what was asked.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

Asked: TypeAlias = "tuple[str, str, Mapping[str, str], int]"

KINDS = {"title": "movie", "release_date": "movie", "name": "tv", "first_air_date": "tv"}


def read(name: str, content: bytes) -> list[Asked]:
    """Return (method, path, query, status) for each request that a file answers; none when that cannot be told."""
    try:
        body = json.loads(content)
    except ValueError:
        return []
    if isinstance(body, list):
        return _exchange(body)
    if not isinstance(body, dict) or body.get("success") is False:
        return []
    if "secure_base_url" in (body.get("images") or {}):
        return [("GET", "/configuration", {}, 200)]
    if "results" in body or "movie_results" in body:
        return _lookup(name, body)
    kind = next((KINDS[field] for field in KINDS if field in body), None)
    if kind and isinstance(body.get("id"), int) and "genres" in body:
        return [("GET", f"/{kind}/{body['id']}", {}, 200)]
    return []


def _exchange(exchanges: list[Any]) -> list[Asked]:
    try:
        first = exchanges[0]
        split = urlsplit(first["request"]["uri"])
        method, status = str(first["request"]["method"]), int(first["response"]["status"])
    except (IndexError, KeyError, TypeError, ValueError):
        return []
    query = {key: value for key, value in parse_qsl(split.query) if key != "api_key"}
    return [(method, re.sub(r"^/3(?=/)", "", split.path), query, status)]


def _lookup(name: str, body: dict[str, Any]) -> list[Asked]:
    """Return what a find answers, whose id stands in its name; a search does not say what was looked for."""
    found = re.search(r"tt\d{5,}", name)
    return [("GET", f"/find/{found[0]}", {}, 200)] if found and "movie_results" in body else []
