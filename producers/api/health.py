"""`/health`, `/ready` and `/metrics`: what orchestrators and Prometheus ask."""

from __future__ import annotations

from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from producers.api import problems
from producers.api.database import Database
from shared.version import VERSION

router = APIRouter(tags=["operation"])


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"
    version: str = VERSION


class Ready(BaseModel):
    """What this process needs is there."""

    status: Literal["ready"] = "ready"
    database: Literal["reachable"] = "reachable"


@router.get("/health", summary="The process is alive")
async def health() -> Health:
    """Answer without asking anybody."""
    return Health()


NEEDED: Final = "SELECT FROM series, outbox, sync_log, refreshes, accepted_messages LIMIT 0"
"""Fails where the database is away, and where it is there but was never brought up to date."""


@router.get(
    "/ready",
    summary="The database can be reached, and has what is needed",
    responses=problems.documented(problems.DATABASE_AWAY, problems.SCHEMA_OLD),
)
async def ready(request: Request) -> Ready:
    """Ask the database; the broker is not needed, since what is published goes through the outbox."""
    database: Database = request.app.state.database
    await database.rows(NEEDED)
    return Ready()


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics() -> Response:
    """Show this process's metrics."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
