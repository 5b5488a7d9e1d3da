"""The console's upstreams: which of them are left alone just now, and how much each was asked today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from producers.api.database import Database
from producers.console.pages import page
from producers.console.visitors import Visitor, looks

router = APIRouter(prefix="/upstreams")

# Sites of feeds have a row each, by their host: those in trouble come first.
_ALL: Final = """
SELECT name, failures, pauses, used, day, probing,
       open_until > to_timestamp(0), extract(epoch FROM open_until - clock_timestamp())::float8,
       extract(epoch FROM silent_until - clock_timestamp())::float8,
       extract(epoch FROM due - clock_timestamp())::float8
FROM upstreams
ORDER BY open_until > to_timestamp(0) DESC, silent_until > clock_timestamp() DESC, failures DESC, name LIMIT 500
"""


@dataclass(frozen=True, slots=True)
class Upstream:
    """How an upstream may be asked. Seconds from now on, none of them to come when negative.

    `failures` are those in a row; `pauses` is how often in a row its breaker has opened; `used` requests were sent on
    the day `day`, where a day's number is limited.
    """

    name: str
    failures: int
    pauses: int
    used: int
    day: str
    probing: bool
    tripped: bool
    open_for: float
    silent_for: float
    due_in: float

    @property
    def breaker(self) -> str:
        """Say closed, open, or half open: one request is to find out whether it is back."""
        if not self.tripped:
            return "closed"
        return "half open" if self.probing or self.open_for <= 0 else "open"


@router.get("")
async def listing(request: Request, _visitor: Annotated[Visitor, looks()]) -> Response:
    """List all that were ever asked."""
    database: Database = request.app.state.database
    found = [Upstream(*row) for row in await database.rows(_ALL)]
    return page(request, "upstreams.html", upstreams=found)
