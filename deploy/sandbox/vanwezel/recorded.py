"""What a recorded page of the hall's site is an answer to, told by its name.

events_page.html, index.html, no_events.html     /events
events_ajax_9.json, ajax-offset-18.html          /events/events_ajax/9 (the last number is the offset)
detail_<slug>.html                               /events/detail/<slug>
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def read(name: str, content: bytes) -> Sequence[tuple[str, str, Mapping[str, str], int]]:  # noqa: ARG001 - the others read it
    """Return (method, path, query, status) for what a file answers; none when its name does not tell."""
    stem = name.rsplit(".", 1)[0]
    numbers = re.findall(r"\d+", stem)
    slug = re.search(r"detail[_-](.+)", stem)
    if slug:
        return [("GET", f"/events/detail/{slug[1]}", {}, 200)]
    if "ajax" in stem.lower() and numbers:
        return [("GET", f"/events/events_ajax/{int(numbers[-1])}", {}, 200)]
    if name == "robots.txt":
        return [("GET", "/robots.txt", {}, 200)]
    if re.search(r"events|index|calendar", stem, re.IGNORECASE):
        return [("GET", "/events", {}, 200)]
    return []
