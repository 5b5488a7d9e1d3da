"""`/v1/schedules`: what the clock asks for; read it, change it, have it run now."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import Field, TypeAdapter
from sqlalchemy import Connection

from producers.api import problems
from producers.api.admin import PROBLEMS, Actor, needs
from producers.api.database import Database
from producers.api.messages import MESSAGE_ID, Accepted
from producers.api.paging import READ, Cursor, IfNoneMatch, answer, cursor_of, fault, page, place_of
from producers.api.schedule_bodies import (
    WORDS,
    Changes,
    ListedSchedule,
    NewSchedule,
    Schedule,
    Schedules,
    Synced,
    WholeSchedule,
)
from shared import accepted
from shared.contracts.kinds import CONTRACTS
from shared.schedules import seeding, store, views
from shared.schedules.definition import Definition, InvalidSchedule
from shared.schedules.firing import moment
from shared.schedules.trigger import InvalidTrigger, trigger_of

router = APIRouter(prefix="/v1/schedules", tags=["schedules"], dependencies=[needs("viewer")])

Name = Annotated[str, Path(max_length=100, pattern=WORDS, description="Its name, as in the list")]
_PLACE: Final = TypeAdapter(tuple[Annotated[str, Field(pattern=WORDS)]])


@router.get(
    "",
    summary="Schedules, by name",
    response_model=Schedules,
    responses={**READ, **problems.documented(*PROBLEMS, problems.INVALID_REQUEST, problems.DATABASE_AWAY)},
)
async def list_schedules(
    request: Request,
    limit: Annotated[int, Query(ge=1, le=500, description="Schedules at most")] = 100,
    cursor: Cursor = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """List what the clock asks for, and when next."""
    after = "" if cursor is None else place_of(cursor, _PLACE)[0]
    found = await _database(request).call(views.listing, after, limit + 1)
    following = cursor_of([found[limit - 1]["name"]]) if len(found) > limit else None
    bodies = [ListedSchedule.model_validate(one).model_dump_json() for one in found[:limit]]
    return page("schedules", bodies, following, if_none_match)


@router.get(
    "/{name}",
    summary="One schedule, with its latest messages",
    response_model=WholeSchedule,
    responses={
        **READ,
        **problems.documented(*PROBLEMS, problems.NO_SUCH_SCHEDULE, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
    },
)
async def show_schedule(request: Request, name: Name, if_none_match: IfNoneMatch = None) -> Response:
    """Show a schedule and what became of its latest messages."""
    found = await _database(request).call(views.show, name)
    return answer(WholeSchedule.model_validate(found).model_dump_json(), if_none_match)


@router.post(
    "",
    summary="Add a schedule",
    dependencies=[needs("admin")],
    status_code=201,
    responses={
        201: {"headers": {"Location": {"description": "Where it is", "schema": {"type": "string"}}}},
        **problems.documented(
            *PROBLEMS,
            problems.SCHEDULE_EXISTS,
            problems.INVALID_SCHEDULE,
            problems.INVALID_REQUEST,
            problems.DATABASE_AWAY,
        ),
    },
)
async def add_schedule(request: Request, response: Response, body: NewSchedule, actor: Actor) -> Schedule:
    """Add a schedule; it is known to the scheduler within a second or two."""
    added = await _database(request).call(_add, body, actor)
    response.headers["Location"] = f"/v1/schedules/{quote(body.name, safe='')}"
    return Schedule.model_validate(views.told(added))


@router.patch(
    "/{name}",
    summary="Change a schedule",
    dependencies=[needs("admin")],
    responses=problems.documented(
        *PROBLEMS,
        problems.NO_SUCH_SCHEDULE,
        problems.INVALID_SCHEDULE,
        problems.INVALID_REQUEST,
        problems.DATABASE_AWAY,
    ),
)
async def change_schedule(request: Request, name: Name, body: Changes, actor: Actor) -> Schedule:
    """Set the fields that are given; the code no longer overwrites a schedule that was changed here."""
    changes = body.model_dump(exclude_none=True)
    if not changes:
        raise fault("body", "changes nothing")
    return Schedule.model_validate(views.told(await _database(request).call(_change, name, changes, actor)))


@router.delete(
    "/{name}",
    summary="Forget a schedule",
    dependencies=[needs("admin")],
    status_code=204,
    responses=problems.documented(
        *PROBLEMS,
        problems.NO_SUCH_SCHEDULE,
        problems.SCHEDULE_SEEDED,
        problems.INVALID_REQUEST,
        problems.DATABASE_AWAY,
    ),
)
async def remove_schedule(request: Request, name: Name) -> None:
    """Forget a schedule that an operator added; one of the code can be disabled."""
    await _database(request).call(store.remove, name)


@router.post(
    "/{name}/run-now",
    summary="Ask at once for what a schedule asks for",
    dependencies=[needs("operator")],
    status_code=202,
    responses={
        202: {
            "description": "It is stored and will be published, also if the broker is away",
            "headers": {"Location": {"description": "Status of the message", "schema": {"type": "string"}}},
        },
        **problems.documented(
            *PROBLEMS,
            problems.NO_SUCH_SCHEDULE,
            problems.ID_TAKEN,
            problems.INVALID_SCHEDULE,
            problems.INVALID_REQUEST,
            problems.DATABASE_AWAY,
        ),
    },
)
async def run_schedule_now(
    request: Request,
    response: Response,
    name: Name,
    actor: Actor,
    idempotency_key: Annotated[
        str | None, Header(pattern=MESSAGE_ID, description="The message id: the same one twice asks once")
    ] = None,
) -> Accepted:
    """Run it now, disabled or not; its due times stay as they are."""
    found = await _database(request).call(_run_now, name, actor, idempotency_key)
    location = f"/v1/messages/{quote(found['message_id'], safe='')}"
    response.headers["Location"] = location
    return Accepted(message_id=found["message_id"], kind=found["kind"], status=found["status"], location=location)


@router.post(
    "/sync",
    summary="Bring the schedules of the code to the database",
    dependencies=[needs("admin")],
    responses=problems.documented(
        *PROBLEMS, problems.NO_SUCH_SCHEDULE, problems.INVALID_REQUEST, problems.DATABASE_AWAY
    ),
)
async def sync_schedules(
    request: Request,
    reset: Annotated[list[str] | None, Query(description="Make these as the code says, whoever changed them")] = None,
) -> list[Synced]:
    """Add, change and remove what the code says; what an operator changed stays as it is."""
    outcomes = await _database(request).call(_sync, reset or [])
    return [Synced(name=one.name, outcome=one.outcome, why=one.why) for one in outcomes]


def _add(connection: Connection, body: NewSchedule, actor: str) -> store.Schedule:
    try:
        trigger = trigger_of(body.crontab, body.interval_seconds, body.once_at, body.time_zone)
    except InvalidTrigger as error:
        raise InvalidSchedule(body.name, [(error.field, error.problem)]) from error
    plain = {field: getattr(body, field) for field in NewSchedule.model_fields if field in Definition.__slots__}
    return store.add(connection, CONTRACTS, Definition(trigger=trigger, **plain), actor, moment(connection))


def _change(connection: Connection, name: str, changes: dict[str, Any], actor: str) -> store.Schedule:
    return store.change(connection, CONTRACTS, name, changes, actor, moment(connection))


def _run_now(connection: Connection, name: str, actor: str, message_id: str | None) -> dict[str, Any]:
    asked = store.run_now(connection, CONTRACTS, name, actor, moment(connection), message_id)
    found = accepted.status(connection, asked)
    assert found is not None  # noqa: S101 - it has just been accepted
    return found


def _sync(connection: Connection, reset: list[str]) -> list[seeding.Synced]:
    return seeding.sync(connection, CONTRACTS, moment(connection), reset=reset)


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database
