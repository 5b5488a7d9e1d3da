"""What every part of the demo is told with: steps that succeed or end it, and the running stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pika
import psycopg
from psycopg.rows import dict_row
from rich.console import Console
from rich.table import Table

PATIENCE = 60.0
"""Seconds a step may wait for the pools."""


class Failed(Exception):
    """A step did not end as it should; the text says what was seen instead."""


@dataclass
class Story:
    """The steps so far, with their times in seconds."""

    console: Console
    steps: list[tuple[str, str, float, bool]] = field(default_factory=list)

    def step(self, title: str, act: Callable[[], str]) -> None:
        """Do a step and note what came of it; a failed one ends the demo."""
        started = time.perf_counter()
        with self.console.status(title):
            try:
                seen, good = act(), True
            except (Failed, httpx.HTTPError, psycopg.Error, pika.exceptions.AMQPError) as error:
                seen, good = f"{type(error).__name__}: {error}", False
        seconds = time.perf_counter() - started
        self.steps.append((title, seen, seconds, good))
        self.console.print(f"{'[green]✓' if good else '[red]✗'}[/] {title} [dim]{seconds:.2f} s[/]")
        if not good:
            self.console.print(f"  [red]{seen}")
            raise Failed(title)

    def table(self) -> Table:
        """Return what happened, with times."""
        table = Table(title="What happened", show_lines=False)
        table.add_column("step")
        table.add_column("what was seen")
        table.add_column("seconds", justify="right")
        for title, seen, seconds, good in self.steps:
            table.add_row(title if good else f"[red]{title}", seen, f"{seconds:.2f}")
        return table


class Stack:
    """The running stack, reached by the addresses in the environment (`.millrace/env`)."""

    def __init__(self) -> None:
        self.sandbox = os.environ["SANDBOX_URL"].rstrip("/")
        token = os.environ["MILLRACE_ADMIN_TOKEN"]
        self.api = httpx.Client(base_url=os.environ["MILLRACE_API_URL"], timeout=30)
        self.admin = {"Authorization": f"Bearer {token}"}
        self.venues: list[str] = []
        self.before = ""
        self.database = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, row_factory=dict_row)

    def one(self, query: str, *parameters: Any) -> dict[str, Any] | None:
        """Return the first row of a query."""
        return self.database.execute(query, parameters).fetchone()

    def wait(self, query: str, *parameters: Any) -> dict[str, Any]:
        """Return the first row of a query once it has one; raises Failed after `PATIENCE`."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            row = self.one(query, *parameters)
            if row is not None:
                return row
            time.sleep(0.02)
        raise Failed(f"nothing in {PATIENCE:g} s for: {query} {parameters}")

    def done(self, message_id: str) -> dict[str, Any]:
        """Wait until a message is done; raises Failed when it died."""
        row = self.wait(
            "SELECT * FROM sync_log WHERE message_id = %s AND status IN ('succeeded', 'failed')", message_id
        )
        if row["status"] == "failed":
            raise Failed(f"{row['kind']} died: {row['attempts'][-1]['message']}")
        return row

    def rows(self, query: str, *parameters: Any) -> list[dict[str, Any]]:
        """Return all rows of a query."""
        return self.database.execute(query, parameters).fetchall()

    def chain(self, message_id: str) -> None:
        """Wait until a message is done, and whatever it asked for."""
        self.done(message_id)
        self.wait(
            "SELECT 1 WHERE NOT EXISTS (SELECT FROM sync_log WHERE correlation_id = %s"
            " AND status IN ('running', 'retrying')) AND NOT EXISTS (SELECT FROM outbox WHERE not_before <= now())",
            message_id,
        )
        for row in self.rows("SELECT message_id FROM sync_log WHERE correlation_id = %s", message_id):
            self.done(row["message_id"])

    def fault(self, **fault: Any) -> None:
        """Let the stand-in upstream misbehave."""
        httpx.post(f"{self.sandbox}/control/faults", json=fault).raise_for_status()

    def no_faults(self) -> None:
        """Let it behave again."""
        httpx.delete(f"{self.sandbox}/control/faults").raise_for_status()


def millrace(*words: str) -> Any:
    """Run the command line and return what it printed as JSON."""
    ran = subprocess.run(
        [sys.executable, "-m", "producers.cli", *words, "--json"], capture_output=True, text=True, check=False
    )
    if ran.returncode != 0:
        raise Failed(f"millrace {' '.join(words)}: {ran.stderr.strip()}")
    return json.loads(ran.stdout)


def amqp(exchange: str, key: str, body: dict[str, Any], **properties: Any) -> None:
    """Publish as any AMQP 0-9-1 client would."""
    connection = pika.BlockingConnection(pika.URLParameters(os.environ["RABBITMQ_URL"]))
    channel = connection.channel()
    channel.confirm_delivery()
    channel.basic_publish(exchange, key, json.dumps(body).encode(), pika.BasicProperties(**properties), mandatory=True)
    connection.close()


def timed(stack: Stack, path: str) -> tuple[httpx.Response, float]:
    """Get a page; return it with the milliseconds it took."""
    started = time.perf_counter()
    answer = stack.api.get(path).raise_for_status()
    return answer, (time.perf_counter() - started) * 1000
