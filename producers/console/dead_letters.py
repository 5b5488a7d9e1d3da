"""The console's dead letters: the list, one of them whole, and sending it back."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import TypeAdapter
from starlette.responses import RedirectResponse, Response

from producers.api.database import Database
from producers.api.paging import Cursor, cursor_of, place_of
from producers.console.pages import page
from producers.console.visitors import Visitor, acts, looks
from shared import ledger
from shared.broker import topology
from shared.contracts.kinds import CONTRACTS

router = APIRouter(prefix="/dead-letters")

STATES: Final = ("open", "replaying", "resolved", "discarded", "all")
PAGE: Final = 25
"""Letters of one page."""

_PLACE: Final = TypeAdapter(tuple[datetime, int])
LetterId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Word = Annotated[str, Query(max_length=200)]


@router.get("")
async def listing(
    request: Request,
    _visitor: Annotated[Visitor, looks()],
    state: Literal["open", "replaying", "resolved", "discarded", "all"] = "open",
    queue: Word = "",
    kind: Word = "",
    reason: Word = "",
    cursor: Cursor = None,
) -> Response:
    """List dead letters, the newest death first."""
    database: Database = request.app.state.database
    found = await database.call(
        ledger.listing,
        state=None if state == "all" else state,
        queue=_clean(queue),
        kind=_clean(kind),
        reason=_clean(reason),
        before=place_of(cursor, _PLACE) if cursor else None,
        limit=PAGE + 1,
    )
    last = found[PAGE - 1] if len(found) > PAGE else None
    return page(
        request,
        "dead_letters.html",
        letters=found[:PAGE],
        following=None if last is None else cursor_of([last["last_died_at"].isoformat(), last["id"]]),
        first=cursor is None,
        chosen={"state": state, "queue": queue, "kind": kind, "reason": reason},
        states=STATES,
        queues=[queue for pool in topology.POOLS for queue in pool.queues],
        kinds=[kind.name for kind in CONTRACTS if not kind.is_fact],
        reasons=sorted(ledger.REASONS),
    )


@router.get("/{letter}")
async def show(request: Request, letter: LetterId, _visitor: Annotated[Visitor, looks()]) -> Response:
    """Show a letter whole: the message, why it died, and what was done about it."""
    database: Database = request.app.state.database
    return page(request, "dead_letter.html", letter=await database.call(ledger.show, letter))


@router.post("/{letter}/replay")
async def replay(request: Request, letter: LetterId, visitor: Annotated[Visitor, acts("operator")]) -> Response:
    """Send a letter back to the queue that failed; of two clicks, one is told that it is not open."""
    database: Database = request.app.state.database
    await database.call(ledger.replay, letter, visitor.name)
    return RedirectResponse(f"{request.scope['root_path']}/dead-letters/{letter}?note=replayed", HTTPStatus.SEE_OTHER)


def _clean(word: str) -> str | None:
    return word.strip().replace("\0", "") or None
