"""A pool process of maintenance on a real PostgreSQL, which handles one message after the other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from pydantic import SecretStr
from sqlalchemy import Engine

from consumers.app import HANDLERS, Millrace, create_app
from consumers.run import Run
from consumers.wiring import Wiring
from shared import clock, runlog
from shared.broker.wire import Message, compose
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.database.engine import open_engine
from shared.settings import Settings

NOBODY = "amqp://guest:guest@127.0.0.1:1/"
"""The address of a broker that is not there."""


@dataclass
class Pool:
    """A pool process."""

    app: Millrace
    wiring: Wiring
    url: str

    def handle(self, payload: Payload, message: Message | None = None) -> dict[str, Any]:
        """Handle one message, and return its result."""
        message = message or compose(CONTRACTS, payload, app_id="test")
        at = clock.now()
        published = clock.from_milliseconds(message.published_at)
        entry = runlog.Entry(
            message.message_id, message.kind, "maintenance", None, message.correlation_id, None, published, at
        )
        self.app.tasks[message.kind].run(payload, Run(message, entry, self.wiring, time.perf_counter()))
        (row,) = self.sql("SELECT result FROM sync_log WHERE message_id = %s", message.message_id)
        return dict(row["result"])

    def handle_all(self, payload: Payload) -> list[dict[str, Any]]:
        """Handle a message, then what it asks for of the same kind, and so on; return the results."""
        kind = CONTRACTS.kind_of(payload)
        results = [self.handle(payload)]
        while asked := self.outbox(kind.name, take=True):
            (body,) = asked
            results.append(self.handle(kind.payload.model_validate_json(json.dumps(body))))
        return results

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.url, row_factory=dict_row) as connection:
            cursor = connection.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def count(self, table: str, where: str = "true") -> int:
        return int(self.sql(f"SELECT count(*) AS rows FROM {table} WHERE {where}")[0]["rows"])  # noqa: S608

    def outbox(self, kind: str, *, take: bool = False) -> list[dict[str, Any]]:
        """Return the payloads that wait under a kind, in the order in which they were asked for."""
        rows = self.sql(
            "SELECT convert_from(body, 'UTF8') AS body FROM outbox WHERE routing_key = %s ORDER BY id", kind
        )
        if take:
            self.sql("DELETE FROM outbox WHERE routing_key = %s", kind)
        return [json.loads(row["body"]) for row in rows]

    def run_row(self, message_id: str, status: str, days_ago: float, **more: Any) -> None:
        """Add a row to the run log, of a message that began, and perhaps ended, so many days ago."""
        at = datetime.now(UTC) - timedelta(days=days_ago)
        row = {"kind": "scrape.series.save", "queue": "content", "entity": None, "attempts": "[]", **more}
        self.sql(
            "INSERT INTO sync_log (message_id, kind, queue, entity, attempts, status, started_at, finished_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            message_id,
            *row.values(),
            status,
            at,
            at if status in {"succeeded", "failed"} else None,
        )

    def letter(self, message_id: str, state: str = "open", days_ago: float = 0, queue: str = "content") -> None:
        """Add a dead letter."""
        at = datetime.now(UTC) - timedelta(days=days_ago)
        self.sql(
            "INSERT INTO dead_letters (message_id, queue, kind, exchange, routing_key, body, properties, reason,"
            " fingerprint, state, first_died_at, last_died_at)"
            " VALUES (%s, %s, 'scrape.series.save', 'scrape', 'scrape.series.save', '{}', '{\"headers\": {}}',"
            " 'exhausted', 'f', %s, %s, %s)",
            message_id,
            queue,
            state,
            at,
            at,
        )


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    settings = Settings(database_url=SecretStr(database_url), rabbitmq_url=SecretStr(NOBODY))
    app = create_app(settings, CONTRACTS, {"maintenance": HANDLERS["maintenance"]})
    app.loader.import_default_modules()
    wiring = Wiring(settings, CONTRACTS, "maintenance-tests")
    yield Pool(app, wiring, database_url)
    wiring.close()
    app.close()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url, pool=2, name="maintenance-tests")
    yield opened
    opened.dispose()
