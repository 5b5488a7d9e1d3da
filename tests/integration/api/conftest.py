"""The API on a real PostgreSQL, with the stand-in TheTVDB in the same process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import psycopg
import pytest
from psycopg.rows import dict_row
from sqlalchemy import Engine

from deploy.sandbox.app import create_app as create_sandbox
from deploy.sandbox.in_process import InProcess
from deploy.sandbox.options import API_KEY
from producers.api.app import Wiring, create_app
from producers.api.catalogue import Catalogue, max_ages
from producers.api.database import Database
from producers.api.live import Live
from producers.api.shelf import DatabaseShelf
from shared import clock
from shared.catalog.screen import store
from shared.database.engine import open_engine
from shared.settings import Settings
from shared.upstreams import tvdb
from shared.upstreams.gateway import Gateway

TOKEN = "let-me-in"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}
SERIES, MOVIE, PERSON = 81189, 290, 312388
"""In the stand-in's catalogue."""

FETCH_AND_SAVE: dict[str, tuple[str, Callable[[Any], Any], Callable[..., bool]]] = {
    "series": ("fetch_series", tvdb.read_series, store.save_series),
    "movie": ("fetch_movie", tvdb.read_movie, store.save_movie),
    "person": ("fetch_person", tvdb.read_person, store.save_person),
}
TABLES = {"series": "series", "movie": "movies", "person": "people"}

Start = Callable[[], Awaitable[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


class Aside(InProcess):
    """The sandbox for whoever stands in a running loop: asked from a thread of its own."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(super().handle_request, request).result()


@dataclass
class World:
    """What is around the API: its database, and the stand-in TheTVDB with its controls."""

    database_url: str
    sandbox: Any = field(default_factory=create_sandbox)

    def __post_init__(self) -> None:
        self.control = self.tvdb_client()
        self.settings = Settings(
            DATABASE_URL=self.database_url,
            TVDB_URL="http://sandbox/tvdb/v4",
            TVDB_API_KEY=API_KEY,
            MILLRACE_ADMIN_TOKEN=TOKEN,
        )
        self._tvdb = tvdb.open_tvdb(Gateway(self.control, self.settings))
        self._engine: Engine = open_engine(self.database_url, pool=2, name="api-tests")

    def tvdb_client(self) -> httpx.Client:
        """Return a client that reaches the sandbox, whatever the address."""
        return httpx.Client(transport=Aside(self.sandbox), base_url="http://sandbox")

    def fault(self, path: str, **how: Any) -> None:
        """Let something go wrong at TheTVDB from now on."""
        self.control.post("/control/faults", json={"path": f"/tvdb/v4{path}", **how}).raise_for_status()

    def heal(self) -> None:
        """Let all be well at TheTVDB."""
        self.control.delete("/control/faults").raise_for_status()

    def asked(self, path: str) -> dict[str, Any]:
        """Return what TheTVDB was asked, of paths that fit the glob."""
        report: dict[str, Any] = self.control.get("/control/requests", params={"path": f"/tvdb/v4{path}"}).json()
        return report

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement in a transaction of its own."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def save(self, word: str, tvdb_id: int) -> None:
        """Fetch and store an entity, as a worker does."""
        fetch, read, write = FETCH_AND_SAVE[word]
        record = read(getattr(self._tvdb, fetch)(tvdb_id))
        with self._engine.begin() as connection:
            write(connection, record, clock.now())

    def age(self, word: str, tvdb_id: int, days: float) -> None:
        """Let a stored copy be so many days old."""
        self.sql(
            f"UPDATE {TABLES[word]} SET synced_at = now() - %s * interval '1 day' WHERE tvdb_id = %s",  # noqa: S608
            days,
            tvdb_id,
        )

    def saves(self) -> list[dict[str, Any]]:
        """Return what waits in the outbox."""
        return self.sql(
            """SELECT message_id, exchange, routing_key, convert_from(body, 'UTF8') AS body,
                      (properties ->> 'priority')::int AS priority, properties
               FROM outbox ORDER BY id"""
        )

    def close(self) -> None:
        self._engine.dispose()
        self.control.close()


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    made = World(database_url)
    yield made
    made.close()


@asynccontextmanager
async def instance(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """Run an instance of the API, with connections of its own."""

    def wire(settings: Settings) -> Wiring:
        database = Database(settings.database_url.get_secret_value(), settings.database_pool)
        live = Live(settings, client=world.tvdb_client())
        return Wiring(database, live, Catalogue(DatabaseShelf(database), live, max_ages(settings)))

    app = create_app(world.settings, wire)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api", headers=ADMIN) as client,
    ):
        yield client


@pytest.fixture
async def start(world: World) -> AsyncIterator[Start]:
    """Start instances of the API."""
    async with AsyncExitStack() as stack:
        yield lambda: stack.enter_async_context(instance(world))


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with instance(world) as client:
        yield client
