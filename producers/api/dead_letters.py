"""`/v1/dead-letters`: messages that died, why, and sending one back to where it failed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from producers.api import problems
from producers.api.admin import PROBLEMS, Actor, needs
from producers.api.database import Database
from shared import ledger

router = APIRouter(prefix="/v1/dead-letters", tags=["dead letters"], dependencies=[needs("viewer")])

State = Literal["open", "replaying", "resolved", "discarded"]
LetterId = Annotated[int, Path(ge=1, le=2**63 - 1, description="Its id, as the list has it")]


class Letter(BaseModel):
    """A dead letter in a list."""

    id: int
    state: State
    queue: str
    kind: str
    entity: str | None
    reason: str
    error_class: str | None
    error: str | None
    deaths: int
    replays: int
    first_died_at: datetime
    last_died_at: datetime
    message_id: str
    fingerprint: str


class Action(BaseModel):
    """Who did what with it."""

    at: datetime
    actor: str
    action: str
    detail: dict[str, Any]


class WholeLetter(Letter):
    """A dead letter with its message, its attempts, and what was done about it."""

    exchange: str
    routing_key: str
    body: str
    properties: dict[str, Any]
    traceback: str | None
    attempts: list[dict[str, Any]]
    actions: list[Action]


class Letters(BaseModel):
    """The newest deaths first."""

    dead_letters: list[Letter]


class Replaying(BaseModel):
    """A letter on its way back; its message keeps its id."""

    id: int
    state: State
    message_id: str
    location: str


@router.get(
    "",
    summary="Dead letters, the newest death first",
    responses=problems.documented(*PROBLEMS, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
)
async def listing(
    request: Request,
    state: Annotated[State | None, Query(description="open: nothing was done about it yet")] = None,
    kind: Annotated[str | None, Query(description="Kind of the message", examples=["scrape.series.save"])] = None,
    queue: Annotated[str | None, Query(description="The queue in which it failed")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Letters at most")] = 50,
) -> Letters:
    """List dead letters without their bodies."""
    database: Database = request.app.state.database
    found = await database.call(ledger.listing, state=state, kind=kind, queue=queue, limit=limit)
    return Letters.model_validate({"dead_letters": found})


@router.get(
    "/{letter}",
    summary="One dead letter, whole",
    responses=problems.documented(*PROBLEMS, problems.NO_SUCH_LETTER, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
)
async def show(request: Request, letter: LetterId) -> WholeLetter:
    """Show message, attempts with tracebacks, and actions."""
    database: Database = request.app.state.database
    return WholeLetter.model_validate(await database.call(ledger.show, letter))


@router.post(
    "/{letter}/replay",
    summary="Send it back to the queue in which it failed",
    status_code=202,
    dependencies=[needs("operator")],
    responses={
        202: {
            "description": "It will be published under its old id: a message that in truth succeeded changes nothing",
            "headers": {"Location": {"description": "Status of the message", "schema": {"type": "string"}}},
        },
        **problems.documented(
            *PROBLEMS, problems.NO_SUCH_LETTER, problems.NOT_OPEN, problems.INVALID_REQUEST, problems.DATABASE_AWAY
        ),
    },
)
async def replay(request: Request, response: Response, letter: LetterId, actor: Actor) -> Replaying:
    """Replay one dead letter; of two clicks, one is told that it is not open."""
    database: Database = request.app.state.database
    message_id = await database.call(ledger.replay, letter, actor)
    location = f"/v1/messages/{quote(message_id, safe='')}"
    response.headers["Location"] = location
    return Replaying(id=letter, state="replaying", message_id=message_id, location=location)
