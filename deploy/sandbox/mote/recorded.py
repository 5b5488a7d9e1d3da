"""What a recorded answer of a site with The Events Calendar is an answer to, told by its name and content.

month_2026-11.ics       the month's view, in both its addresses
anything.ics            the list's view from today on, in both its addresses
anything.json           the REST archive's first page, or the one that the name says: page2
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

QUERY = {"post_type": "tribe_events", "ical": "1"}


def read(name: str, content: bytes) -> Sequence[tuple[str, str, Mapping[str, str], int]]:
    """Return (method, path, query, status) for what a file answers; none when that cannot be told."""
    month = re.search(r"\d{4}-\d{2}", name)
    if name.endswith(".ics") and month:
        by_query = {**QUERY, "eventDisplay": "month", "eventDate": month[0]}
        return [("GET", f"/events/month/{month[0]}", {"ical": "1"}, 200), ("GET", "", by_query, 200)]
    if name.endswith(".ics"):
        return [("GET", "/events/list", {"ical": "1"}, 200), ("GET", "", {**QUERY, "eventDisplay": "list"}, 200)]
    if name.endswith(".json") and b'"events"' in content:
        page = re.search(r"page[_-]?(\d+)", name)
        archive, number = "/wp-json/tribe/events/v1/events", page[1] if page else "1"
        asked: list[Mapping[str, str]] = [{"page": number}, *([{}] if number == "1" else [])]
        return [("GET", archive, query, 200) for query in asked]
    return []
