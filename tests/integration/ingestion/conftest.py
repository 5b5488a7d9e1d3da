"""A pool process that can handle every ingestion, with the sandbox as its upstreams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import httpx
import pytest
from pydantic import SecretStr

from consumers.app import Millrace, create_app
from consumers.wiring import Wiring
from deploy.sandbox import options
from deploy.sandbox.app import create_app as create_sandbox
from deploy.sandbox.in_process import InProcess
from shared import clock
from shared.catalog.venues import sources
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.settings import Settings
from tests.integration.pool import Wired, handle, query

T = TypeVar("T")

NOW: Final = clock.now()
"""The time at every stand-in: what ends or is put up in between is none of these tests' business."""

SITE: Final = "http://sandbox"
POOLS: Final[Mapping[str, tuple[str, ...]]] = {
    "content": ("consumers.content.screen",),
    "person": ("consumers.person.screen",),
    "scraping": ("consumers.scraping.venues", "consumers.scraping.adaptations", "consumers.scraping.minifigures"),
}


@dataclass
class Pool:
    """A pool process; `faults` are in force for one message, which finds a sandbox started anew."""

    app: Millrace
    settings: Settings
    url: str

    def handle(self, payload: Payload, *faults: Mapping[str, Any]) -> dict[str, Any]:
        """Handle one message, and return its result."""
        sandbox = InProcess(create_sandbox(clock=lambda: NOW))
        with httpx.Client(transport=sandbox, base_url=SITE, headers={"User-Agent": "Millrace/0 (+tests)"}) as client:
            for fault in faults:
                client.post("/control/faults", json=fault).raise_for_status()
            wiring = Wired(self.settings, client)
            try:
                message_id = handle(self.app, payload, wiring)
            finally:
                wiring.close()
        (row,) = self.sql("SELECT result FROM sync_log WHERE message_id = %s", message_id)
        return dict(row["result"])

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of one statement."""
        return query(self.url, statement, *values)

    def add_source(self, kind: sources.SourceKind, path: str) -> int:
        """Register a source, if it is not, and return its id."""
        wiring = Wiring(self.settings, CONTRACTS, "ingestion-tests")
        try:
            with wiring.engine.begin() as connection:
                url = f"{SITE}{path}"
                return sources.register(
                    connection, name=path, url=url, kind=kind, time_zone="America/New_York", at=clock.now()
                )[0]
        finally:
            wiring.close()


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    """Open a pool process on empty tables."""
    settings = Settings(
        database_url=SecretStr(database_url),
        tvdb_url=f"{SITE}/tvdb/v4",
        tvdb_api_key=SecretStr(options.API_KEY),
        wikidata_url=f"{SITE}/wikidata/sparql",
        tmdb_url=f"{SITE}/tmdb/3",
        tmdb_token=SecretStr(options.TMDB_TOKEN),
        brickset_url=f"{SITE}/brickset",
        brickset_api_key=SecretStr(options.BRICKSET_API_KEY),
        ebay_url=f"{SITE}/ebay",
        ebay_client_id=SecretStr(options.EBAY_CLIENT_ID),
        ebay_client_secret=SecretStr(options.EBAY_CLIENT_SECRET),
    )
    app = create_app(settings, CONTRACTS, POOLS)
    app.loader.import_default_modules()
    yield Pool(app, settings, database_url)
    app.close()
