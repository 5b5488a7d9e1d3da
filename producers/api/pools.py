"""`/v1/pools`: how every pool stands, how many processes it should have, and giving it another number."""

from __future__ import annotations

import asyncio
import time
from dataclasses import asdict
from typing import Annotated, Final

import httpx
import structlog
from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from producers.api import problems
from producers.api.admin import PROBLEMS, Actor, needs
from producers.api.problems import Problem
from producers.scaling.asking import PoolsUnheard
from producers.scaling.scale import CannotSpread, NobodyWorks, NotAllAnswered
from producers.scaling.scale import scale as scale_pool
from producers.scaling.views import PoolView
from producers.scaling.watch import Watch
from shared.broker import topology
from shared.errors import MissingSetting
from shared.management import ManagementRefused
from shared.settings import Settings

router = APIRouter(prefix="/v1/pools", tags=["operation"], dependencies=[needs("viewer")])

log = structlog.get_logger(__name__)

FRESH: Final = 2.0
"""Seconds for which a look is told again: each asks the broker, every instance and the database."""

UNSEEN: Final = (httpx.TransportError, ManagementRefused, MissingSetting, PoolsUnheard)


class RunningInstance(BaseModel):
    """A running worker of a pool, by its own word."""

    node: str
    host: str
    pid: int
    processes: int
    busy: int
    starting: int
    stopping: int
    prefetch: int
    handled: int
    seconds: float


class PoolQueue(BaseModel):
    """A queue of a pool; numbers are null while the broker does not know them."""

    name: str
    ready: int | None
    unacked: int | None
    consumers: int | None
    declared: bool
    oldest_age: float | None = Field(description="Estimated seconds that its first message has waited")
    guessed: bool = Field(description="It was there before anybody looked: reckoned from how fast messages leave")


class Pool(BaseModel):
    """A pool: what waits, who works, and what is recommended."""

    name: str
    queues: list[PoolQueue]
    instances: list[RunningInstance]
    processes: int
    busy: int
    ready: int
    oldest_age: float | None
    guessed: bool
    arrivals: float | None = Field(description="Messages a second that came in lately")
    mean_seconds: float | None = Field(description="Seconds of a process for one message, lately")
    objective: float = Field(description="Age in seconds that the oldest message should not reach")
    recommended: int
    reason: str


class Pools(BaseModel):
    """Every pool, in the order of the topology."""

    pools: list[Pool]


class Scale(BaseModel):
    """How many processes a pool shall have in all, over all its instances."""

    processes: int = Field(ge=1, le=1000)


class Scaled(BaseModel):
    """The instances of a pool, before they were told and as they have answered."""

    pool: str
    before: list[RunningInstance]
    after: list[RunningInstance]


class Looking:
    """The one Watch of this API; whoever asks while it looks is told what it sees."""

    def __init__(self, settings: Settings) -> None:
        self._watch = Watch(settings)
        self._lock = asyncio.Lock()
        self._seen: list[PoolView] = []
        self._at = float("-inf")

    async def look(self) -> list[PoolView]:
        """Return what was seen a moment ago, or look again; raises what `Watch.look` does."""
        async with self._lock:
            if time.monotonic() - self._at > FRESH:
                self._seen = await asyncio.to_thread(self._watch.look)
                self._at = time.monotonic()
            return self._seen

    def forget(self) -> None:
        """Look again next time: something was changed."""
        self._at = float("-inf")


@router.get(
    "",
    summary="How every pool stands, and how many processes it should have",
    responses=problems.documented(*PROBLEMS, problems.BROKER_UNSEEN, problems.DATABASE_AWAY),
)
async def list_pools(request: Request) -> Pools:
    """Ask the broker, whose numbers are a few seconds old, and every running instance; it takes a second."""
    try:
        seen = await _looking(request).look()
    except UNSEEN as error:
        raise Problem(problems.BROKER_UNSEEN, f"{error}.") from error
    return Pools.model_validate({"pools": [asdict(view) for view in seen]})


@router.post(
    "/{pool}/scale",
    summary="Give a running pool another number of processes",
    dependencies=[needs("operator")],
    responses=problems.documented(
        *PROBLEMS,
        *(problems.NO_SUCH_POOL, problems.POOL_NOT_SCALED, problems.INVALID_REQUEST),
        *(problems.BROKER_UNSEEN, problems.DATABASE_AWAY),
    ),
)
async def scale(
    request: Request,
    pool: Annotated[str, Path(description="Its name", examples=["content"])],
    wish: Scale,
    actor: Actor,
) -> Scaled:
    """Spread so many processes over the pool's instances; no running task is interrupted, and asking twice is harmless.

    The number lasts until an instance ends. An autoscaler that runs respects it.
    """
    if pool not in {one.name for one in topology.POOLS}:
        raise Problem(problems.NO_SUCH_POOL, f"There are {', '.join(one.name for one in topology.POOLS)}.")
    try:
        done = await asyncio.to_thread(scale_pool, request.app.state.settings, pool, wish.processes)
    except (NobodyWorks, CannotSpread, NotAllAnswered) as error:
        raise Problem(problems.POOL_NOT_SCALED, f"{error}.") from error
    except UNSEEN as error:
        raise Problem(problems.BROKER_UNSEEN, f"{error}.") from error
    finally:
        _looking(request).forget()
    log.info("pool_scaled", pool=pool, processes=wish.processes, actor=actor)
    return Scaled.model_validate(asdict(done))


def _looking(request: Request) -> Looking:
    state = request.app.state
    if getattr(state, "looking", None) is None:
        state.looking = Looking(state.settings)
    looking: Looking = state.looking
    return looking
