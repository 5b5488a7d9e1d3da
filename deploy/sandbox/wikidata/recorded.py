"""Which recorded files of the query service answer something: results of adaptations.

Such a file answers every query that `requests.json` gives no other file for: whatever is asked of an adaptation, its
rows say. An entry of `requests.json` has `"method": "POST"`, `"path": "/sparql"`, and the query as `query`'s `query`
(its spaces do not matter), or none, and then answers every query too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH = "/sparql"
ENDS = {"work", "source"}


def read(name: str, content: bytes) -> list[tuple[str, str, Mapping[str, str], int]]:
    """Return (method, path, query, status) of what a file answers; nothing unless it has both ends of adaptations."""
    del name  # says nothing
    try:
        body = json.loads(content)
        variables = set(body["head"]["vars"])
    except (ValueError, KeyError, TypeError):
        return []
    return [("POST", PATH, {}, 200)] if variables >= ENDS else []
