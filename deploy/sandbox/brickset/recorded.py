"""What a recorded Brickset answer is an answer to, read from the file's name.

    getSets_2020.json, getSets_2020_page2.json     getSets of that year, and its second page
    getSets_Star-Wars_2020.json                    getSets of that theme and year
    getThemes.json                                 the method of that name
    minifigs_category-Star-Wars_page-2.html        /minifigs/category-Star-Wars/page-2

A file of another name needs a line in requests.json, whose query is that of `choosing`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.sandbox.recordings import Recording

Request: TypeAlias = tuple[str, str, dict[str, str], int]

YEAR = re.compile(r"\d{4}")
PAGE = re.compile(r"page-?(\d+)")
METHOD = re.compile(r"(?:get|check)[A-Z]\w*?")


def read(name: str, content: bytes) -> list[Request]:
    """Return (method, path, query, status) for each request that a file answers; none when that cannot be told."""
    stem, _, ending = name.rpartition(".")
    first, *words = stem.split("_")
    if ending == "html" and first == "minifigs" and words:
        return [("GET", "/minifigs/" + "/".join(words), {}, 200)]
    if not METHOD.fullmatch(first) or not content.lstrip().startswith(b"{"):
        return []
    asked: dict[str, Any] = {}
    for word in words:
        if page := PAGE.fullmatch(word):
            asked["pageNumber"] = page[1]
        else:
            asked["year" if YEAR.fullmatch(word) else "theme"] = word.replace("-", " ")
    return [("GET", f"/api/v3.asmx/{first}", choosing({"params": json.dumps(asked)}), 200)]


def choosing(asked: Mapping[str, str]) -> dict[str, str]:
    """Return what of a call says which records come back, in the words of `recordings.CHOOSING`."""
    try:
        params = json.loads(asked.get("params") or "{}")
    except ValueError:
        return {"query": "?"}
    records = {name: value for name, value in params.items() if name not in {"orderBy", "pageSize", "pageNumber"}}
    query = "&".join(f"{name}={value}" for name, value in sorted(records.items()))
    return {"query": query, "page": str(int(params.get("pageNumber", 1)) - 1)}


def sent(recording: Recording) -> Response:
    """Return a recorded answer byte for byte; the API says of its JSON that it is plain text."""
    kind = "text/html" if recording.file.suffix == ".html" else "text/plain"
    return Response(recording.file.read_bytes(), recording.status, headers=dict(recording.headers), media_type=kind)
