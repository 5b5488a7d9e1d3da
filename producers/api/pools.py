"""`/v1/pools`: how long each pool's queues are, and whether anybody works on them."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

import httpx
from fastapi import APIRouter, Request
from pydantic import BaseModel

from producers.api import problems
from producers.api.admin import PROBLEMS, needs
from producers.api.problems import Problem
from producers.pools import standings
from shared.errors import MissingSetting
from shared.management import ManagementRefused

router = APIRouter(prefix="/v1/pools", tags=["operation"], dependencies=[needs("viewer")])


class PoolQueue(BaseModel):
    """A queue of a pool; numbers are null while the broker does not know them."""

    pool: str
    queue: str
    waiting: int | None
    in_work: int | None
    consumers: int | None
    declared: bool


class Pools(BaseModel):
    """Every queue, in the order of the topology."""

    queues: list[PoolQueue]


@router.get(
    "",
    summary="How every pool's queues are right now",
    responses=problems.documented(*PROBLEMS, problems.BROKER_UNSEEN, problems.DATABASE_AWAY),
)
async def list_pools(request: Request) -> Pools:
    """Ask the broker; its numbers are a few seconds old."""
    try:
        found = await asyncio.to_thread(standings, request.app.state.settings)
    except (httpx.TransportError, ManagementRefused, MissingSetting) as error:
        raise Problem(problems.BROKER_UNSEEN, f"{error}.") from error
    return Pools(queues=[PoolQueue.model_validate(asdict(each)) for each in found])
