"""The HTTP API as one ASGI application, wired by hand: `uvicorn --factory producers.api.app:create_app`."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.responses import RedirectResponse

from producers.api import (
    accounts,
    adaptations,
    aggregation,
    dead_letters,
    discounts,
    failures,
    health,
    messages,
    minifigures,
    pools,
    problems,
    schedules,
    screen,
    snapshots,
    statistics,
    tasks,
    venues,
)
from producers.api.body import Limited
from producers.api.catalogue import Catalogue, max_ages
from producers.api.database import Database
from producers.api.edge import Edge
from producers.api.live import Live
from producers.api.problems import ProblemDocument
from producers.api.shelf import DatabaseShelf
from producers.api.signing_in import SigningIn
from producers.console.app import create_console
from shared.settings import Settings
from shared.telemetry import start as telemetry
from shared.version import VERSION

ROUTERS = (
    screen.router,
    adaptations.router,
    venues.router,
    minifigures.router,
    snapshots.router,
    pools.router,
    discounts.router,
    statistics.router,
    messages.router,
    schedules.router,
    dead_letters.router,
    aggregation.router,
    tasks.router,
    accounts.router,
    health.router,
)
"""Every router there is: add a domain's here."""

TAGS = [
    {"name": "catalogue", "description": "Series, movies and people. Anybody may read."},
    {"name": "venues", "description": "What is on, and where that is known from. Anybody may read."},
    {"name": "adaptations", "description": "Which books became which films and series. Anybody may read."},
    {"name": "minifigures", "description": "Minifigures and sets, and what they are offered for. Anybody may read."},
    {"name": "discounts", "description": "What is discounted because it expires soon. Anybody may read that."},
    {"name": "statistics", "description": "How much is held. Anybody may read."},
    {"name": "messages", "description": "Ask for work, and hear what became of it."},
    {"name": "schedules", "description": "What the clock asks for: read it, change it, have it run now."},
    {"name": "dead letters", "description": "Messages that died: look into them, send them back."},
    {"name": "aggregation", "description": "Snapshots of prices: asking for them, and backfills under way."},
    {"name": "tasks", "description": "Discounts recomputed, and what became of any task."},
    {"name": "accounts", "description": "Sign in and out: a token for a name and a password."},
    {"name": "operation", "description": "For orchestrators and Prometheus."},
]

ABOUT = """
Reads are answered from the database while it is fresh, and from TheTVDB when it is not; writes are messages, which
are stored first and published as soon as the broker is there.

Whatever goes wrong is answered with a problem document (RFC 9457, `application/problem+json`) that says what to do
next. Every answer carries `X-Request-ID`, yours if you sent one; the log has the request under it. It also carries
`X-Trace-ID`, the trace of your `traceparent` if you sent one: all that follows from the request has it in its logs.

| problem | status | |
|---|---|---|
"""


@dataclass(slots=True)
class Wiring:
    """What one process works with."""

    database: Database
    live: Live
    catalogue: Catalogue


def wire(settings: Settings) -> Wiring:
    """Return the wiring of a real process; nothing is connected yet."""
    database = Database(settings.database_url.get_secret_value(), settings.database_pool)
    live = Live(settings, database.engine)
    return Wiring(database, live, Catalogue(DatabaseShelf(database), live, max_ages(settings)))


def create_app(settings: Settings | None = None, wiring: Callable[[Settings], Wiring] = wire) -> FastAPI:
    """Return the application; its lifespan connects and closes.

    Without settings this is a process's edge: they are read from the environment, and logging is set up.
    """
    if settings is None:
        settings = Settings()
        _begin_telemetry(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts = wiring(settings)
        app.state.database, app.state.live, app.state.catalogue = parts.database, parts.live, parts.catalogue
        app.state.signing_in = SigningIn(parts.database)
        await parts.database.open()
        try:
            yield
        finally:
            await parts.catalogue.close()
            parts.live.close()
            await parts.database.close()

    app = FastAPI(
        title="Millrace",
        version=VERSION,
        summary="Keeps catalogues fresh.",
        description=ABOUT
        + "".join(f"| `{sort.type}` | {int(sort.status)} | {sort.next} |\n" for sort in problems.SORTS),
        openapi_tags=TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
        # What generated clients call their functions.
        generate_unique_id_function=lambda route: "_".join([*map(str, route.tags), route.name]).replace(" ", "_"),
    )
    app.state.settings = settings
    for router in ROUTERS:
        app.include_router(router)
    app.add_route("/console", _to_console, include_in_schema=False)
    app.mount("/console", create_console(settings, app.state))
    failures.register(app)
    app.add_middleware(Limited)
    app.add_middleware(Edge)
    _document_problems(app)
    return app


async def _to_console(request: Request) -> Response:
    return RedirectResponse(f"{request.scope['root_path']}/console/")


def _document_problems(app: FastAPI) -> None:
    """Let the OpenAPI document hold the schema that all problems refer to."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        schema = ProblemDocument.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas.update(schema.pop("$defs", {}))
        schemas["ProblemDocument"] = schema
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _begin_telemetry(settings: Settings) -> None:
    telemetry.start(settings)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        server = logging.getLogger(name)
        server.handlers.clear()
        server.propagate = True
    # Requests are in our own log, with their ids.
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
