"""A pool process without a broker: handles one message after the other, with upstreams as a test has them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import psycopg
from psycopg.rows import dict_row

from consumers.app import Millrace
from consumers.run import Run
from consumers.wiring import Wiring
from shared import clock, runlog
from shared.broker.wire import compose
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.settings import Settings
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Upstream
from shared.upstreams.pace import Limit

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unpaced(Gateway):
    """A gateway whose turns are all at once."""

    def upstream(self, name: str, limit: Limit, *, secrets: Iterable[str] = (), site: str = "") -> Upstream:  # noqa: ARG002
        return Upstream(name, self.client, secrets=secrets)


class Wired(Wiring):
    """The wiring of a pool process whose upstreams a client reaches, or what a test puts in place of one."""

    def __init__(self, settings: Settings, client: httpx.Client) -> None:
        super().__init__(settings, CONTRACTS, "tests")
        self._gateway = Unpaced(client, settings)
        self.standing_in: dict[Any, Any] = {}

    def upstream(self, opening: Callable[[Gateway], T]) -> T:
        if opening not in self.standing_in:
            self.standing_in[opening] = opening(self._gateway)
        client: T = self.standing_in[opening]
        return client


def query(url: str, statement: str, *values: Any) -> list[dict[str, Any]]:
    """Return the rows of one statement."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def handle(app: Millrace, payload: Payload, wiring: Wiring) -> str:
    """Handle one message, and return its id."""
    message = compose(CONTRACTS, payload, app_id="test")
    at = clock.now()
    entry = runlog.Entry(message.message_id, message.kind, "scraping", None, message.correlation_id, None, at, at)
    app.tasks[message.kind].run(payload, Run(message, entry, wiring, time.perf_counter()))
    return message.message_id


@dataclass
class Pool:
    """A pool process and its database."""

    app: Millrace
    wiring: Wired
    url: str

    def handle(self, payload: Payload) -> dict[str, Any]:
        """Handle one message, and return its result."""
        (row,) = self.sql("SELECT result FROM sync_log WHERE message_id = %s", handle(self.app, payload, self.wiring))
        return dict(row["result"])

    def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of one statement."""
        return query(self.url, statement, *values)
