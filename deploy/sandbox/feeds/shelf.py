"""Which version of a feed was sent last: answers that have not changed are not sent twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request


@dataclass
class Shelf:
    """Versions by name, and what a test has put there itself: name -> (content type, body)."""

    clock: Callable[[], datetime]
    own: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    _versions: dict[str, tuple[str, datetime]] = field(default_factory=dict)

    def version(self, name: str, content: bytes) -> dict[str, str]:
        """Return ETag and Last-Modified of a content, which is new when it differs from the one before."""
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        before = self._versions.get(name)
        if before is None or before[0] != tag:
            self._versions[name] = (tag, self.clock().astimezone(UTC).replace(microsecond=0))
        return {"ETag": tag, "Last-Modified": format_datetime(self._versions[name][1], usegmt=True)}


def unchanged(request: Request, version: dict[str, str]) -> Response | None:
    """Return 304 when the request names this version; by its tag if it has one, else by its date."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        same = version["ETag"] in (tag.strip().removeprefix("W/") for tag in tags.split(","))
    else:
        same = _not_after(version["Last-Modified"], request.headers.get("if-modified-since"))
    return Response(status_code=304, headers=version) if same else None


def _not_after(modified: str, since: str | None) -> bool:
    try:
        return since is not None and parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
