"""The console's way into the run log: what became of a message, by its id."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from producers.api.database import Database
from producers.console.pages import page
from producers.console.visitors import Visitor, looks
from shared import accepted

router = APIRouter(prefix="/messages")


@router.get("")
async def search(
    request: Request,
    _visitor: Annotated[Visitor, looks()],
    identity: Annotated[str, Query(alias="id", max_length=255)] = "",
) -> Response:
    """Show a message's status, its attempts with their errors, and its result."""
    wanted = identity.strip().replace("\0", "\ufffd")
    database: Database = request.app.state.database
    found = await database.call(accepted.status, wanted) if wanted else None
    return page(request, "messages.html", wanted=wanted, message=found)
