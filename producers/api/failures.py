"""Which problem each error is: the table between the errors of the code below and those of HTTP."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import psycopg
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from producers.api import problems
from producers.api.admin import refused_unseen
from producers.api.body import TooLarge
from producers.api.catalogue import NoSuchEntity, NothingToAnswer
from producers.api.database import DatabaseAway
from producers.api.problems import FieldProblem, Problem
from producers.api.signing_in import Busy, SignInRefused
from producers.backfills import NoSuchBackfill, NotSo
from shared.accepted import AcceptedBefore
from shared.accounts.sign_ins import TooManyAttempts
from shared.errors import ContractViolation, InvalidMessage, UnknownKind
from shared.ledger import NoSuchLetter, NotOpen
from shared.schedules.definition import InvalidSchedule
from shared.schedules.store import NoSuchSchedule, ScheduleExists, ScheduleSeeded


def _http(error: HTTPException) -> Problem:
    sorts = {HTTPStatus.NOT_FOUND: problems.NO_SUCH_PAGE, HTTPStatus.METHOD_NOT_ALLOWED: problems.WRONG_METHOD}
    sort = sorts.get(HTTPStatus(error.status_code), problems.HTTP)
    return Problem(sort, str(error.detail), headers=error.headers, status=error.status_code)


def _request(error: RequestValidationError) -> Problem:
    fields = [FieldProblem(field=".".join(map(str, one["loc"])), problem=str(one["msg"])) for one in error.errors()]
    return Problem(problems.INVALID_REQUEST, "; ".join(f"{one.field}: {one.problem}" for one in fields), errors=fields)


def _no_entity(error: NoSuchEntity) -> Problem:
    return Problem(problems.NO_SUCH_ENTITY if error.gone_at is None else problems.ENTITY_GONE, str(error))


def _nothing(error: NothingToAnswer) -> Problem:
    return Problem(problems.UPSTREAM_AWAY, str(error), headers=problems.retry_after(error.retry_after))


def _database(_error: DatabaseAway) -> Problem:
    # What the driver says may name host and user; the log has it.
    return Problem(problems.DATABASE_AWAY, "PostgreSQL did not answer in time.", headers=problems.retry_after(None))


def _schema(error: psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn) -> Problem:
    return Problem(problems.SCHEMA_OLD, str(error.diag.message_primary), headers=problems.retry_after(60))


def _contract(error: ContractViolation) -> Problem:
    fields = []
    for line in error.problems:
        field, _, what = line.partition(": ")
        fields.append(FieldProblem(field=f"body.{field}", problem=what))
    return Problem(problems.CONTRACT_VIOLATION, str(error), errors=fields)


def _schedule(error: InvalidSchedule) -> Problem:
    fields = [FieldProblem(field=f"body.{field}", problem=what) for field, what in error.problems]
    return Problem(problems.INVALID_SCHEDULE, str(error), errors=fields)


def _attempts(error: TooManyAttempts) -> Problem:
    return Problem(problems.TOO_MANY_ATTEMPTS, str(error), headers=problems.retry_after(error.retry_after))


def _busy(error: Busy) -> Problem:
    return Problem(problems.SIGN_IN_BUSY, str(error), headers=problems.retry_after(None))


def _as(sort: problems.Sort) -> Callable[[Any], Problem]:
    return lambda error: Problem(sort, str(error))


def _itself(error: Problem) -> Problem:
    return error


TRANSLATION: Final[dict[type[Exception], Callable[[Any], Problem]]] = {
    Problem: _itself,
    HTTPException: _http,
    TooLarge: lambda error: Problem(problems.TOO_LARGE, str(error.detail)),
    RequestValidationError: _request,
    NoSuchEntity: _no_entity,
    NothingToAnswer: _nothing,
    DatabaseAway: _database,
    psycopg.errors.UndefinedTable: _schema,
    psycopg.errors.UndefinedColumn: _schema,
    UnknownKind: _as(problems.UNKNOWN_KIND),
    ContractViolation: _contract,
    InvalidMessage: _as(problems.CONTRACT_VIOLATION),
    AcceptedBefore: _as(problems.ID_TAKEN),
    NoSuchLetter: _as(problems.NO_SUCH_LETTER),
    NotOpen: _as(problems.NOT_OPEN),
    SignInRefused: lambda error: Problem(problems.SIGN_IN_REFUSED, str(error), headers=problems.CHALLENGE),
    TooManyAttempts: _attempts,
    Busy: _busy,
    NoSuchBackfill: _as(problems.NO_SUCH_BACKFILL),
    NotSo: _as(problems.BACKFILL_NOT_SO),
    NoSuchSchedule: _as(problems.NO_SUCH_SCHEDULE),
    ScheduleExists: _as(problems.SCHEDULE_EXISTS),
    ScheduleSeeded: _as(problems.SCHEDULE_SEEDED),
    InvalidSchedule: _schedule,
}
"""A subclass falls to its nearest ancestor; what has none here is a bug, and the edge makes it a 500."""


def register(app: FastAPI) -> None:
    """Let the application answer these errors with problem documents."""
    for kind, problem_of in TRANSLATION.items():
        app.add_exception_handler(kind, _handler(problem_of))


def _handler(problem_of: Callable[[Any], Problem]) -> Callable[[Request, Exception], Any]:
    async def handle(request: Request, error: Exception) -> Response:
        unseen = isinstance(error, (RequestValidationError, HTTPException))
        return problems.response(request, (unseen and await refused_unseen(request)) or problem_of(error))

    return handle
