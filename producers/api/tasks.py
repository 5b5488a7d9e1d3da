"""`/api/v1/admin/discounts/…`: having discounts recomputed, and asking what became of that or any other task."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from producers.api import problems
from producers.api.admin import PROBLEMS, needs
from producers.api.database import Database
from producers.api.messages import Attempt, Status
from producers.api.problems import Problem
from shared import accepted
from shared.broker.wire import MOST, NORMAL, compose
from shared.contracts.kinds import CONTRACTS
from shared.contracts.prices import RecomputeDiscounts

router = APIRouter(prefix="/api/v1/admin/discounts", tags=["tasks"])

PATIENCE: Final = 20
"""Seconds that a request waits for a result, unless it says otherwise; most proxies wait for thirty."""

TICK: Final = 0.2
"""Seconds between two looks at what has become of a task."""

_TASK: Final = {"Location": {"description": "Where to ask for its status", "schema": {"type": "string"}}}


class Task(BaseModel):
    """What became of a task: a message, under the name by which clients of Celery know it."""

    task_id: Annotated[str, Field(description="The id of the message")]
    kind: str
    status: Status
    ready: Annotated[bool, Field(description="Whether it has ended, well or badly")]
    result: Any = None
    error: Annotated[str | None, Field(description="What its latest attempt died of; null while all is well")] = None
    attempts: list[Attempt] = []
    location: Annotated[str, Field(description="This answer, later")]
    message: Annotated[str, Field(description="The same with all that is known of the message")]


@router.post(
    "/trigger-recompute",
    summary="Have the discounts of what expires soon recomputed",
    status_code=202,
    dependencies=[needs("operator")],
    responses={
        200: {"model": Task, "description": "It was waited for, and is done: `result` is that of this very task"},
        202: {"model": Task, "description": "It is stored and will be done; ask again at Location", "headers": _TASK},
        **problems.documented(*PROBLEMS, problems.TASK_FAILED, problems.INVALID_REQUEST, problems.DATABASE_AWAY),
    },
)
async def trigger_recompute(
    request: Request,
    response: Response,
    days_threshold: Annotated[int, Query(ge=0, le=3650, description="Of batches that expire within so many days")] = 30,
    async_task: Annotated[
        bool, Query(description="false waits for the result, at most as many seconds as `patience` says")
    ] = True,
    patience: Annotated[float, Query(gt=0, le=300, description="Seconds to wait when async_task is false")] = PATIENCE,
) -> Task:
    """Ask for it, and wait for it if told so; 202 when it takes longer, which changes nothing for the task."""
    database: Database = request.app.state.database
    priority = NORMAL if async_task else MOST
    payload = RecomputeDiscounts(days_threshold=days_threshold)
    message = compose(CONTRACTS, payload, app_id="api", priority=priority)
    await database.call(accepted.accept, message)
    found = None if async_task else await _ended(database, message.message_id, patience)
    task = _task(found or {"message_id": message.message_id, "kind": message.kind, "status": "pending"})
    response.headers["Location"] = task.location
    if task.status == "failed":
        said = f"Task {task.task_id} failed: {task.error or 'nobody knows why'}"
        raise Problem(problems.TASK_FAILED, said, headers={"Location": task.location})
    if task.status == "succeeded":
        response.status_code = 200
    return task


# A stranger's id may hold a slash.
@router.get(
    "/task-status/{task_id:path}",
    summary="What became of a task, of any kind",
    dependencies=[needs("viewer")],
    responses=problems.documented(
        *PROBLEMS, problems.NO_SUCH_MESSAGE, problems.INVALID_REQUEST, problems.DATABASE_AWAY
    ),
)
async def task_status(
    request: Request, task_id: Annotated[str, Path(max_length=255, description="The id of its message")]
) -> Task:
    """Tell status, result, error and attempts of whatever was accepted here or begun with by a worker."""
    database: Database = request.app.state.database
    found = await database.call(accepted.status, task_id.replace("\0", "\ufffd"))
    if found is None:
        raise Problem(problems.NO_SUCH_MESSAGE, f"No task {task_id} was accepted here or begun with by a worker.")
    return _task(found)


async def _ended(database: Database, message_id: str, patience: float) -> dict[str, Any] | None:
    """Return what is known of a message once it has ended, or after as many seconds."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience
    while True:
        found = await database.call(accepted.status, message_id)
        if (found is not None and found["status"] in {"succeeded", "failed"}) or loop.time() >= deadline:
            return found
        await asyncio.sleep(TICK)


def _task(found: dict[str, Any]) -> Task:
    attempts = [Attempt.model_validate(one) for one in found.get("attempts", ())]
    last = attempts[-1] if attempts else None
    died = found["status"] != "succeeded" and last is not None
    quoted = quote(found["message_id"], safe="")
    return Task(
        task_id=found["message_id"],
        kind=found["kind"],
        status=found["status"],
        ready=found["status"] in {"succeeded", "failed"},
        result=found.get("result"),
        error=": ".join(filter(None, (last.error, last.message))) if died and last is not None else None,
        attempts=attempts,
        location=f"{router.prefix}/task-status/{quoted}",
        message=f"/v1/messages/{quoted}",
    )
