"""The API on a real PostgreSQL, with a user of each role."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg.rows import dict_row
from sqlalchemy import Engine

from producers.api.app import create_app
from shared import clock
from shared.accounts import passwords, sessions, tokens, users
from shared.accounts.roles import ROLES, Role
from shared.accounts.users import User
from shared.database.engine import open_engine
from shared.settings import Settings

SECRET: Final = "a-secret-of-more-than-thirty-two-characters"
PASSWORD: Final = "correct horse battery"
NAMES: Final[dict[Role, str]] = {"viewer": "Vera", "operator": "otto@example.org", "admin": "anna"}
HERE: Final = ("192.0.2.1", 40000)

Client = Callable[..., Awaitable[httpx.AsyncClient]]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One for all: to hash is meant to be slow."""
    return passwords.hashed(PASSWORD)


@dataclass
class World:
    """The database, and who is in it."""

    database_url: str
    engine: Engine
    people: dict[Role, User] = field(default_factory=dict)

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement in a transaction of its own."""
        with psycopg.connect(self.database_url, row_factory=dict_row) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def do(self, function: Callable[..., Any], *values: Any) -> Any:
        """Call a function of a connection in a transaction of its own."""
        with self.engine.begin() as connection:
            return function(connection, *values)

    def token(self, role: Role) -> dict[str, str]:
        """Return the header of a fresh token of the user of a role."""
        user = self.people[role]
        hour = timedelta(hours=1)
        token, _ = tokens.issue(SECRET, user.id, user.role, user.generation, at=clock.now(), lifetime=hour)
        return {"Authorization": f"Bearer {token}"}

    def cookie(self, role: Role) -> dict[str, str]:
        """Return the headers of our own page in a browser where the user of a role has signed in just now."""
        token = self.do(sessions.open_session, self.people[role], "a browser")
        return {"Cookie": f"{sessions.COOKIE}={token}", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def world(database_url: str, password_hash: str) -> Iterator[World]:
    engine = open_engine(database_url, pool=4, name="accounts-tests")
    made = World(database_url, engine)
    for role in ROLES:
        made.people[role] = made.do(users.add, NAMES[role], role, password_hash)
    yield made
    engine.dispose()


def settings_of(world: World) -> Settings:
    return Settings(DATABASE_URL=world.database_url, MILLRACE_ADMIN_TOKEN="let-me-in", MILLRACE_TOKEN_SECRET=SECRET)


@pytest.fixture
async def app(world: World) -> AsyncIterator[FastAPI]:
    made = create_app(settings_of(world))
    async with made.router.lifespan_context(made):
        yield made


@asynccontextmanager
async def reached(app: FastAPI, address: tuple[str, int], base_url: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=address)
    async with httpx.AsyncClient(transport=transport, base_url=base_url) as client:
        yield client


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with reached(app, HERE, "http://api") as client:
        yield client


@pytest.fixture
async def elsewhere(app: FastAPI) -> AsyncIterator[Client]:
    """Reach the API from another address, or by another scheme."""
    async with AsyncExitStack() as stack:

        async def reach(address: str = "198.51.100.7", base_url: str = "http://api") -> httpx.AsyncClient:
            return await stack.enter_async_context(reached(app, (address, 1), base_url))

        yield reach
