"""Everything that can go wrong, as RFC 9457 problem documents: one table, and one way from an error to a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
URN: Final = "urn:millrace:problem:"


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of problem: its `slug` never changes once released; `next` is what whoever asked can do."""

    slug: str
    status: HTTPStatus
    title: str
    next: str

    @property
    def type(self) -> str:
        """The identifier by which programs know it."""
        return URN + self.slug


def _sort(slug: str, status: HTTPStatus, title: str, next_step: str) -> Sort:
    return Sort(slug, status, title, next_step)


NO_SUCH_PAGE = _sort("no-such-page", HTTPStatus.NOT_FOUND, "There is no such page", "GET /docs shows every page.")
WRONG_METHOD = _sort(
    "wrong-method", HTTPStatus.METHOD_NOT_ALLOWED, "This page does not do that", "The header Allow names what it does."
)
INVALID_REQUEST = _sort(
    "invalid-request",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "The request is not as it should be",
    "Correct what `errors` names; GET /docs describes every parameter.",
)
NO_SUCH_ENTITY = _sort(
    "no-such-entity", HTTPStatus.NOT_FOUND, "TheTVDB has no such entity", "GET /search finds ids by name."
)
ENTITY_GONE = _sort(
    "entity-gone", HTTPStatus.GONE, "TheTVDB has this no more", "Forget the id; GET /search may find another by name."
)
UPSTREAM_AWAY = _sort(
    "upstream-away",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "TheTVDB cannot be asked right now",
    "Ask again after as many seconds as Retry-After says.",
)
DATABASE_AWAY = _sort(
    "database-away",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The database does not answer",
    "Ask again after as many seconds as Retry-After says; nothing that was accepted is lost.",
)
SCHEMA_OLD = _sort(
    "schema-old",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The database lacks what this release needs",
    "Whoever runs this has to apply the migrations (shared.database.migrate); ask again afterwards.",
)
BROKER_UNSEEN = _sort(
    "broker-unseen",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "The broker cannot be looked at",
    "Whoever runs this has to set RABBITMQ_MANAGEMENT_URL for the API, or to look why nobody answers there.",
)
NO_SUCH_POOL = _sort("no-such-pool", HTTPStatus.NOT_FOUND, "There is no such pool", "GET /v1/pools lists them.")
POOL_NOT_SCALED = _sort(
    "pool-not-scaled",
    HTTPStatus.CONFLICT,
    "The pool cannot have so many processes, or did not answer",
    "GET /v1/pools shows its instances: each needs a process, and somebody has to start or stop one for other numbers.",
)
TOKEN_MISSING = _sort(
    "token-missing",
    HTTPStatus.UNAUTHORIZED,
    "This is for those who are signed in",
    "Send `Authorization: Bearer …` with a token of POST /v1/sign-in, or with what MILLRACE_ADMIN_TOKEN is.",
)
TOKEN_WRONG = _sort(
    "token-wrong",
    HTTPStatus.UNAUTHORIZED,
    "This token is none of ours",
    "Send a token of POST /v1/sign-in, or what MILLRACE_ADMIN_TOKEN was when the API started.",
)
TOKEN_EXPIRED = _sort(
    "token-expired", HTTPStatus.UNAUTHORIZED, "The time of this token is over", "POST /v1/sign-in gives a new one."
)
TOKEN_REVOKED = _sort(
    "token-revoked",
    HTTPStatus.UNAUTHORIZED,
    "This token counts no more",
    "POST /v1/sign-in gives a new one, unless the account was disabled or removed.",
)
SESSION_OVER = _sort("session-over", HTTPStatus.UNAUTHORIZED, "The session is over", "Sign in again.")
SIGN_IN_REFUSED = _sort(
    "sign-in-refused",
    HTTPStatus.UNAUTHORIZED,
    "Nobody has this name and this password",
    "Try again; `millrace users list` shows who there is, `millrace users set-password` sets another password.",
)
TOO_MANY_ATTEMPTS = _sort(
    "too-many-attempts",
    HTTPStatus.TOO_MANY_REQUESTS,
    "Signing in failed too often",
    "Try again after as many seconds as Retry-After says.",
)
SIGN_IN_DISABLED = _sort(
    "sign-in-disabled",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "This API cannot issue tokens",
    "Whoever runs this has to start the API with MILLRACE_TOKEN_SECRET set; the admin token works without.",
)
SIGN_IN_BUSY = _sort(
    "sign-in-busy",
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Too many are signing in at this moment",
    "Try again after as many seconds as Retry-After says.",
)
NOT_SIGNED_IN = _sort(
    "not-signed-in",
    HTTPStatus.CONFLICT,
    "There is nothing to sign out of",
    "The admin token is a setting: change MILLRACE_ADMIN_TOKEN and restart the API to let it count no more.",
)
ROLE_TOO_LOW = _sort(
    "role-too-low",
    HTTPStatus.FORBIDDEN,
    "Your role does not allow this",
    "Ask whoever runs this; `millrace users set-role` gives another role, which counts at once.",
)
CROSS_SITE = _sort(
    "cross-site",
    HTTPStatus.FORBIDDEN,
    "This request may come from another site",
    "With a session's cookie, send the header X-Millrace-Request (with any value), too; or use a token.",
)
ADMIN_DISABLED = _sort(
    "admin-disabled",
    HTTPStatus.FORBIDDEN,
    "This API has neither an admin token nor a secret for tokens, so nobody is let in",
    "Start the API with MILLRACE_TOKEN_SECRET or MILLRACE_ADMIN_TOKEN set.",
)
UNKNOWN_KIND = _sort(
    "unknown-kind", HTTPStatus.NOT_FOUND, "There is no such kind of message", "GET /v1/contracts lists every kind."
)
CONTRACT_VIOLATION = _sort(
    "contract-violation",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "The payload does not fit its contract",
    "Correct what `errors` names; GET /v1/contracts has the JSON Schema.",
)
TOO_LARGE = _sort(
    "too-large",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "The body is too large",
    "Send several messages; they carry ids and facts.",
)
ID_TAKEN = _sort(
    "id-taken",
    HTTPStatus.CONFLICT,
    "This message id belongs to another message",
    "Use a fresh id for each message, and the same one only to repeat it.",
)
NO_SUCH_MESSAGE = _sort(
    "no-such-message",
    HTTPStatus.NOT_FOUND,
    "Nothing is known of this message",
    "Check the id; a message published over AMQP is known once a worker has begun with it.",
)
NO_SUCH_LETTER = _sort(
    "no-such-dead-letter", HTTPStatus.NOT_FOUND, "There is no such dead letter", "GET /v1/dead-letters lists them."
)
NOT_OPEN = _sort(
    "dead-letter-not-open",
    HTTPStatus.CONFLICT,
    "This dead letter is not open",
    "GET it to see who did what with it; only an open one can be replayed.",
)
NO_SUCH_BACKFILL = _sort(
    "no-such-backfill",
    HTTPStatus.NOT_FOUND,
    "There is no such backfill",
    "GET /v1/backfills lists them; one that was asked for is there once its first day is done.",
)
BACKFILL_NOT_SO = _sort(
    "backfill-not-so",
    HTTPStatus.CONFLICT,
    "This backfill is not in a state for that",
    "GET /v1/backfills tells: one that runs can be cancelled, one that was cancelled can be resumed.",
)
TASK_FAILED = _sort(
    "task-failed",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "The work was begun and failed",
    "The header Location leads to its attempts and their errors; it is among the dead letters and can be replayed.",
)
NO_SUCH_WORK = _sort(
    "no-such-work", HTTPStatus.NOT_FOUND, "No adaptation of this is known", "GET /adaptations finds ids by title."
)
NO_SUCH_MINIFIGURE = _sort(
    "no-such-minifigure",
    HTTPStatus.NOT_FOUND,
    "The catalogue has no such item",
    "GET /minifigures lists what there is; POST /v1/admin/sync-catalog or `millrace minifigures import` adds more.",
)
NO_SUCH_SCHEDULE = _sort(
    "no-such-schedule", HTTPStatus.NOT_FOUND, "There is no such schedule", "GET /v1/schedules lists them."
)
SCHEDULE_EXISTS = _sort(
    "schedule-exists",
    HTTPStatus.CONFLICT,
    "Another schedule has this name",
    "PATCH that one, or use another name.",
)
SCHEDULE_SEEDED = _sort(
    "schedule-seeded",
    HTTPStatus.CONFLICT,
    "This schedule comes from the code and would come back",
    'PATCH it with {"enabled": false}.',
)
INVALID_SCHEDULE = _sort(
    "invalid-schedule",
    HTTPStatus.UNPROCESSABLE_ENTITY,
    "There can be no such schedule",
    "Correct what `errors` names; GET /v1/contracts has the JSON Schema of each payload.",
)
NO_SUCH_BATCH = _sort(
    "no-such-batch",
    HTTPStatus.NOT_FOUND,
    "No such batch is known",
    "GET /discounts lists what is discounted; a message price.batch.received makes a batch known.",
)
NO_STATISTICS = _sort(
    "no-statistics",
    HTTPStatus.NOT_FOUND,
    "Nothing has been counted yet",
    "Ask again tomorrow, or publish a message aggregation.statistics, which counts at once.",
)
INTERNAL = _sort(
    "internal",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Something is wrong on our side",
    "Tell whoever runs this the request_id; the log has the cause under it.",
)
HTTP = _sort("http", HTTPStatus.BAD_REQUEST, "The request was refused", "GET /docs describes every page.")

SORTS: Final = tuple(value for value in globals().values() if isinstance(value, Sort))

CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="millrace"'}
"""The header of every 401 that says how to do better."""

RETRY_AFTER: Final = 5.0
"""Seconds to suggest when nobody has said how long something will be away."""


class FieldProblem(BaseModel):
    """One field at fault."""

    field: Annotated[str, Field(description="Where: `query.limit`, `path.tvdb_id`, `body.tvdb_id`, ...")]
    problem: Annotated[str, Field(description="What is wrong with it")]


class ProblemDocument(BaseModel):
    """RFC 9457, with what to do next and an id to find the request in the log by."""

    type: Annotated[str, Field(description="Never changes for a sort of problem", examples=[UPSTREAM_AWAY.type])]
    title: Annotated[str, Field(examples=[UPSTREAM_AWAY.title])]
    status: Annotated[int, Field(examples=[503])]
    detail: Annotated[str, Field(description="What happened this time")]
    instance: Annotated[str, Field(description="Path of the request", examples=["/series/81189"])]
    next: Annotated[str, Field(description="What to do about it", examples=[UPSTREAM_AWAY.next])]
    request_id: Annotated[str, Field(description="As in the header X-Request-ID")]
    errors: Annotated[list[FieldProblem] | None, Field(description="Fields at fault, where fields are")] = None


class Problem(Exception):
    """Ends a request with a problem document; `status` where the sort leaves it open."""

    def __init__(
        self,
        sort: Sort,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldProblem] | None = None,
        status: int | None = None,
    ) -> None:
        self.sort = sort
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = errors
        self.status = int(sort.status) if status is None else status
        super().__init__(detail)


def retry_after(seconds: float | None) -> dict[str, str]:
    """Return the header that says when to ask again: whole seconds, at least one."""
    return {"Retry-After": str(max(1, round(RETRY_AFTER if seconds is None else seconds)))}


def response(request: Request, problem: Problem) -> Response:
    """Return the document as it is sent."""
    document = ProblemDocument(
        type=problem.sort.type,
        title=problem.sort.title,
        status=problem.status,
        detail=problem.detail,
        instance=request.url.path,
        next=problem.sort.next,
        request_id=getattr(request.state, "request_id", ""),
        errors=None if problem.errors is None else list(problem.errors),
    )
    return Response(
        document.model_dump_json(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", **problem.headers},
    )


def documented(*sorts: Sort) -> dict[int | str, dict[str, Any]]:
    """Return the part of a route's OpenAPI that says which problems it answers with."""
    by_status: dict[int | str, list[Sort]] = {}
    for sort in dict.fromkeys(sorts):
        by_status.setdefault(int(sort.status), []).append(sort)
    return {
        status: {
            "description": "; ".join(f"{sort.title} (`{sort.slug}`)" for sort in alike),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
            **({"headers": _RETRY_HEADER} if status in _RETRIED else {}),
        }
        for status, alike in by_status.items()
    }


_RETRIED: Final = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS)
_RETRY_HEADER: Final = {
    "Retry-After": {"description": "Seconds after which to ask again", "schema": {"type": "integer"}}
}
