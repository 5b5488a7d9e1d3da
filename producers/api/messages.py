"""`/v1/messages` and `/v1/contracts`: asking for work over HTTP, and hearing what became of it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, Field

from producers.api import problems
from producers.api.admin import PROBLEMS, needs
from producers.api.database import Database
from producers.api.problems import FieldProblem, Problem
from shared import accepted, clock
from shared.broker import asyncapi, topology
from shared.broker.wire import LEAST, MOST, NORMAL, Message, compose
from shared.contracts import documents
from shared.contracts.kinds import CONTRACTS

router = APIRouter(tags=["messages"])

LONGEST: Final = 90 * 24 * 3600
"""Seconds for which a message may be put off or live: as long as the run log remembers."""

MESSAGE_ID: Final = r"^[A-Za-z0-9_.:~+=@-]{1,200}$"

Status = Literal["pending", "running", "retrying", "succeeded", "failed"]


class Accepted(BaseModel):
    """A message that will be published, and where to ask for it."""

    message_id: str
    kind: str
    status: Status
    location: str


class Attempt(BaseModel):
    """One ended attempt."""

    attempt: int
    started_at: datetime
    ended_at: datetime
    outcome: Literal["done", "retried", "dead"]
    error: str | None = None
    message: str | None = None
    traceback: str | None = None
    answer: str | None = None
    delay: float | None = None
    trace_id: str | None = None


class MessageStatus(BaseModel):
    """What became of a message."""

    message_id: str
    kind: str
    status: Status
    queue: str | None
    entity: str | None
    attempts: list[Attempt]
    result: Any
    correlation_id: str | None
    cause: str | None
    accepted_at: datetime | None
    not_before: datetime | None
    published_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    dead_letter: Annotated[int | None, Field(description="GET /v1/dead-letters/{id}, if it ever died")]


class Contract(BaseModel):
    """One kind of message."""

    kind: str
    summary: str
    schema_version: int
    exchange: str
    queue: Annotated[str | None, Field(description="null for facts: whoever listens has a queue of their own")]
    example: dict[str, Any]
    json_schema: dict[str, Any]


@router.get("/v1/contracts", summary="Every kind of message, with its JSON Schema")
async def contracts() -> list[Contract]:
    """List what can be published."""
    return [
        Contract(
            kind=kind.name,
            summary=kind.summary,
            schema_version=kind.schema,
            exchange=kind.exchange,
            queue=None if kind.is_fact else topology.queue_for(kind.name, NORMAL),
            example=dict(kind.example),
            json_schema=documents.schema_of(kind),
        )
        for kind in CONTRACTS
    ]


@router.get("/asyncapi.json", summary="The line as an AsyncAPI 3.0 document")
async def asyncapi_document() -> dict[str, Any]:
    """Describe every channel, message and operation."""
    return asyncapi.document(CONTRACTS)


@router.post(
    "/v1/messages/{kind}",
    summary="Publish a message of any kind",
    status_code=202,
    dependencies=[needs("operator")],
    responses={
        202: {
            "model": Accepted,
            "description": "It is stored and will be published, also if the broker is away",
            "headers": {
                "Location": {"description": "Where to ask for its status", "schema": {"type": "string"}},
                "Idempotency-Replayed": {
                    "description": "`true`: this id was accepted before, and nothing is published again",
                    "schema": {"type": "string"},
                },
            },
        },
        **problems.documented(
            *PROBLEMS,
            problems.UNKNOWN_KIND,
            problems.ID_TAKEN,
            problems.TOO_LARGE,
            problems.INVALID_REQUEST,
            problems.CONTRACT_VIOLATION,
            problems.DATABASE_AWAY,
        ),
    },
    openapi_extra={
        "requestBody": {
            "description": "The payload alone, as GET /v1/contracts describes it",
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}, "example": {"tvdb_id": 81189}}},
        }
    },
)
async def publish(
    request: Request,
    response: Response,
    kind: Annotated[str, Path(description="GET /v1/contracts lists them", examples=["scrape.series.save"])],
    idempotency_key: Annotated[str | None, Header(description="The message id, if not given as message_id")] = None,
    message_id: Annotated[
        str | None,
        Query(
            pattern=MESSAGE_ID,
            description="Makes the request repeatable: one id has one effect. A fresh one if not given",
        ),
    ] = None,
    priority: Annotated[
        int, Query(ge=LEAST, le=MOST, description="9 a person is waiting, 5 normal, 1 background refresh")
    ] = NORMAL,
    delay: Annotated[float | None, Query(ge=0, le=LONGEST, description="Seconds before it may start")] = None,
    expires: Annotated[
        float | None, Query(gt=0, le=LONGEST, description="Seconds by which it must have started; it dies otherwise")
    ] = None,
    schema: Annotated[int | None, Query(ge=1, description="Version of the payload; the newest if not given")] = None,
) -> Accepted:
    """Check a payload against its contract and commit it to the outbox, from where the relay publishes it."""
    if delay is not None and expires is not None and expires <= delay:
        raise _invalid("query.expires", "it would die before it may start: give more seconds than delay")
    known = CONTRACTS.kind(kind)
    payload = CONTRACTS.read(kind, known.schema if schema is None else schema, await request.body())
    now = clock.now()
    message = compose(
        CONTRACTS,
        payload,
        app_id="api",
        message_id=_one_id(message_id, idempotency_key),
        priority=priority,
        not_before=clock.milliseconds(now + timedelta(seconds=delay)) if delay else None,
        expires_at=None if expires is None else clock.milliseconds(now + timedelta(seconds=expires)),
    )
    return await accept(request, response, message)


# A stranger's id may hold a slash.
@router.get(
    "/v1/messages/{message_id:path}",
    summary="What became of a message",
    dependencies=[needs("viewer")],
    responses=problems.documented(
        *PROBLEMS, problems.NO_SUCH_MESSAGE, problems.INVALID_REQUEST, problems.DATABASE_AWAY
    ),
)
async def message_status(
    request: Request, message_id: Annotated[str, Path(max_length=255, description="Its id, however it was published")]
) -> MessageStatus:
    """Tell its status, its attempts with their errors, and its result."""
    database: Database = request.app.state.database
    found = await database.call(accepted.status, message_id.replace("\0", "\ufffd"))
    if found is None:
        raise Problem(problems.NO_SUCH_MESSAGE, f"No message {message_id} was accepted here or begun with by a worker.")
    return MessageStatus.model_validate(found)


async def accept(request: Request, response: Response, message: Message) -> Accepted:
    """Commit a message to the outbox and tell where to ask for its status; one of an id accepted before is not anew."""
    database: Database = request.app.state.database
    fresh = await database.call(accepted.accept, message)
    if not fresh:
        response.headers["Idempotency-Replayed"] = "true"
    found = None if fresh else await database.call(accepted.status, message.message_id)
    location = f"/v1/messages/{quote(message.message_id, safe='')}"
    response.headers["Location"] = location
    status: Status = "pending" if found is None else found["status"]
    return Accepted(message_id=message.message_id, kind=message.kind, status=status, location=location)


def _one_id(message_id: str | None, key: str | None) -> str | None:
    """Return the id that was given, in either way; the header may put it in quotes, as its specification has it."""
    if key is None:
        return message_id
    key = key.strip('"')
    if not re.fullmatch(MESSAGE_ID.strip("^$"), key):
        raise _invalid("header.idempotency-key", f"must match {MESSAGE_ID}")
    if message_id not in (None, key):
        raise _invalid("query.message_id", "differs from the header Idempotency-Key: give one of them")
    return key


def _invalid(field: str, problem: str) -> Problem:
    fault = FieldProblem(field=field, problem=problem)
    return Problem(problems.INVALID_REQUEST, f"{field}: {problem}", errors=[fault])
