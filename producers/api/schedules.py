"""`/v1/schedules`: what the clock asks for; read it, change it, have it run now."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from fastapi import APIRouter, Header, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from sqlalchemy import Connection

from producers.api import problems
from producers.api.admin import PROBLEMS, Actor, needs
from producers.api.database import Database
from producers.api.messages import MESSAGE_ID, Accepted
from producers.api.paging import READ, Cursor, IfNoneMatch, Next, answer, cursor_of, fault, page, place_of
from shared import accepted
from shared.broker.wire import NORMAL
from shared.contracts.kinds import CONTRACTS
from shared.schedules import seeding, store, views
from shared.schedules.definition import GRACE, Definition, InvalidSchedule, MissedRun
from shared.schedules.firing import moment
from shared.schedules.trigger import InvalidTrigger, trigger_of

router = APIRouter(prefix="/v1/schedules", tags=["schedules"], dependencies=[needs("viewer")])

WORDS: Final = "^[^\\x00]*$"
Text = Annotated[str, Field(pattern=WORDS, max_length=500)]
Name = Annotated[str, Path(max_length=100, pattern=WORDS, description="Its name, as in the list")]
Whole = Annotated[int, Field(strict=True, ge=-(2**31), lt=2**31)]
Crontab = Annotated[
    Text | None, Field(description="Minute, hour, day of month, month, day of week", examples=["0 6 * * *"])
]
Interval = Annotated[Whole | None, Field(description="Or: due at each multiple of so many seconds since 1970")]
Moment = Annotated[
    datetime | None, Field(description="Or: due at this moment alone; one without an offset is in time_zone")
]
Missed = Annotated[MissedRun, Field(description="What becomes of a run that is later than grace_seconds")]
Payload = Annotated[dict[str, Any], Field(description="As GET /v1/contracts describes it")]
_PLACE: Final = TypeAdapter(tuple[Annotated[str, Field(pattern=WORDS)]])


class NewSchedule(BaseModel):
    """A schedule of an operator's own; exactly one of crontab, interval_seconds and once_at."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[Text, Field(examples=["breaking-bad"])]
    kind: Annotated[Text, Field(examples=["scrape.series.save"])]
    payload: Payload = {}
    crontab: Crontab = None
    interval_seconds: Interval = None
    once_at: Moment = None
    time_zone: Annotated[Text, Field(description="IANA zone", examples=["America/New_York"])] = "UTC"
    priority: Whole = NORMAL
    enabled: Annotated[bool, Field(strict=True)] = True
    missed_run: Missed = "run_once"
    grace_seconds: Whole = GRACE
    description: Text = ""


class Changes(BaseModel):
    """What is to be another; of crontab, interval_seconds and once_at the one given takes the place of what was."""

    model_config = ConfigDict(extra="forbid")

    kind: Text | None = None
    payload: Payload | None = None
    crontab: Crontab = None
    interval_seconds: Interval = None
    once_at: Moment = None
    time_zone: Text | None = None
    priority: Whole | None = None
    enabled: Annotated[bool, Field(strict=True)] | None = None
    missed_run: Missed | None = None
    grace_seconds: Whole | None = None
    description: Text | None = None


class Schedule(BaseModel):
    """A schedule, and what came of it."""

    name: str
    state: Annotated[
        Literal["waiting", "disabled", "finished", "broken"],
        Field(description="finished: its one moment has come; broken: nobody can tell when it is due, see problem"),
    ]
    kind: str
    payload: dict[str, Any]
    when: Annotated[str, Field(examples=["0 6 * * * America/New_York"])]
    crontab: str | None
    interval_seconds: int | None
    once_at: datetime | None
    time_zone: str
    priority: int
    enabled: bool
    missed_run: MissedRun
    grace_seconds: int
    description: str
    seeded: Annotated[bool, Field(description="Whether it comes from the code")]
    next_due_at: Annotated[datetime | None, Field(description="In UTC")]
    next_due_local: Annotated[str | None, Field(description="The same as the clock of its own zone shows it")]
    last_due_at: datetime | None
    last_fired_at: datetime | None
    last_message_id: str | None
    problem: Annotated[str | None, Field(description="Why nothing could be fired at the last due time")]
    changed_by: Annotated[str | None, Field(description="The operator whom the code no longer overwrites")]
    changed_at: datetime


class ListedSchedule(Schedule):
    """A schedule, and when a message of it last succeeded."""

    last_success_at: datetime | None


class Firing(BaseModel):
    """A message of a schedule."""

    message_id: str
    due_at: datetime
    fired_at: datetime
    asked_by: Annotated[str | None, Field(description="The operator who did not wait for the due time")]
    status: Literal["pending", "running", "retrying", "succeeded", "failed"]
    started_at: datetime | None
    finished_at: datetime | None


class WholeSchedule(ListedSchedule):
    """A schedule with its latest messages, the newest first."""

    firings: list[Firing]


class Schedules(BaseModel):
    """In the order of their names."""

    schedules: list[ListedSchedule]
    next: Next


class Synced(BaseModel):
    """What became of one schedule of the code."""

    name: str
    outcome: seeding.Outcome
    why: str


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
