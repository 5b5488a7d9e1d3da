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
TOKEN_MISSING = _sort(
    "token-missing",
    HTTPStatus.UNAUTHORIZED,
    "This needs the admin token",
    "Send it as `Authorization: Bearer …`; it is what MILLRACE_ADMIN_TOKEN was when the API started.",
)
TOKEN_WRONG = _sort(
    "token-wrong",
    HTTPStatus.UNAUTHORIZED,
    "This is not the admin token",
    "Send what MILLRACE_ADMIN_TOKEN was when the API started.",
)
ADMIN_DISABLED = _sort(
    "admin-disabled",
    HTTPStatus.FORBIDDEN,
    "This API has no admin token, so nobody is let in",
    "Start the API with MILLRACE_ADMIN_TOKEN set.",
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
INTERNAL = _sort(
    "internal",
    HTTPStatus.INTERNAL_SERVER_ERROR,
    "Something is wrong on our side",
    "Tell whoever runs this the request_id; the log has the cause under it.",
)
HTTP = _sort("http", HTTPStatus.BAD_REQUEST, "The request was refused", "GET /docs describes every page.")

SORTS: Final = tuple(value for value in globals().values() if isinstance(value, Sort))

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
    for sort in sorts:
        by_status.setdefault(int(sort.status), []).append(sort)
    return {
        status: {
            "description": "; ".join(f"{sort.title} (`{sort.slug}`)" for sort in alike),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}},
            **({"headers": _RETRY_HEADER} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}),
        }
        for status, alike in by_status.items()
    }


_RETRY_HEADER: Final = {
    "Retry-After": {"description": "Seconds after which to ask again", "schema": {"type": "integer"}}
}
