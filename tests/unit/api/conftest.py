"""The API as one process has it, with everything around it in memory; nothing here opens a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI

from producers.api.app import Wiring, create_app
from producers.api.catalogue import Catalogue, max_ages
from shared.settings import Settings
from tests.unit.api.fakes import AwayDatabase, MemoryLive, MemoryShelf

TOKEN = "let-me-in"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def shelf() -> MemoryShelf:
    return MemoryShelf()


@pytest.fixture
def live() -> MemoryLive:
    live = MemoryLive()
    live.gate.set()
    return live


@pytest.fixture
def settings() -> Settings:
    return Settings(MILLRACE_ADMIN_TOKEN=TOKEN)


@pytest.fixture
def app(settings: Settings, shelf: MemoryShelf, live: MemoryLive) -> FastAPI:
    def wire(settings: Settings) -> Wiring:
        catalogue = Catalogue(shelf, live, max_ages(settings))
        return Wiring(cast("Any", AwayDatabase()), cast("Any", live), catalogue)

    return create_app(settings, wire)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api") as client,
    ):
        yield client
