"""A line of its own for tests: a virtual host, a database, and real processes, each ended by its process id."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pika
import psutil
import psycopg
from psycopg.rows import dict_row
from pydantic import SecretStr

from consumers.app import Millrace, create_app
from deploy.local.exports import standins
from deploy.local.ports import free_port, is_open
from deploy.local.postgres import Database
from deploy.local.process import Command, Process, Push, launch
from deploy.local.program import tail
from deploy.local.rabbitmq import Broker
from producers.cli.pool import worker_command
from shared.broker import declare, topology
from shared.broker.publisher import Publisher
from shared.broker.wire import Message, compose
from shared.contracts.kind import Payload
from shared.settings import Settings
from tests.eventually import eventually
from tests.probe.app import ALL
from tests.probe.kinds import PROBE_CONTRACTS, TABLE

ROOT = Path(__file__).parents[2]

POLITE = (Push(signal.SIGTERM, 20), Push(signal.SIGQUIT, 5))

BACKOFF = (0.2, 0.4, 0.6)
"""Seconds before the retries of every pool here; a test that proves an order need not wait for minutes."""


@dataclass(slots=True)
class Running:
    """A process of the line: its log, and the port of its metrics."""

    process: Process
    log: Path
    metrics_port: int
    node: str = ""
    """A worker's name, for Celery's remote control."""

    @property
    def pid(self) -> int:
        return self.process.pid

    def children(self) -> list[int]:
        """Return the pool processes of a worker."""
        return [child.pid for child in psutil.Process(self.pid).children()]

    def alive(self) -> bool:
        return self.process.alive()

    def said(self, text: str) -> int:
        """Return how often its log contains a text."""
        return self.log.read_text(errors="replace").count(text)

    def metrics(self) -> dict[str, float]:
        """Return its metrics, `name{labels}` to value."""
        text = httpx.get(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=5).text
        lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in lines}

    def stop(self) -> str:
        """Ask it to end, wait until it has, and return what ended it."""
        return self.process.end(POLITE)

    def kill(self) -> None:
        """SIGKILL to it and to all its children at once."""
        self.process.kill()


@dataclass
class Stack:
    """Everything a test of the line needs; `broker` and `database` can be killed, and started with their data."""

    broker: Broker
    database: Database
    rabbitmq_url: str
    database_url: str
    folder: Path
    running: list[Running] = field(default_factory=list)
    sandbox_port: int = field(default_factory=free_port)
    extra: Mapping[str, str] = field(default_factory=dict)
    """What else is in the environment of every process."""
    _keys: Iterator[int] = field(default_factory=lambda: count(1_000_000))

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def prepare(self) -> None:
        """Give broker and database what the line expects in them, and the probes' table."""
        declare.apply(self.rabbitmq_url)
        with self.sql() as connection:
            connection.execute(TABLE)

    @cached_property
    def app(self) -> Millrace:
        """A client's Celery app, in the test's own process."""
        settings = Settings(
            rabbitmq_url=SecretStr(self.rabbitmq_url), database_url=SecretStr(self.database_url), database_pool=2
        )
        app = create_app(settings, PROBE_CONTRACTS, ALL)
        app.loader.import_default_modules()
        return app

    def stop(self) -> None:
        """End every process, the youngest first."""
        if "app" in vars(self):
            self.app.wiring.close()
            self.app.close()
        for running in reversed(self.running):
            running.stop()

    # -- Processes ----------------------------------------------------------------------------------------------

    def environment(self) -> dict[str, str]:
        """Return what the environment of a process of this line is."""
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "default",
            "RABBITMQ_URL": self.rabbitmq_url,
            "RABBITMQ_MANAGEMENT_URL": self.broker.management_url,
            "DATABASE_URL": self.database_url,
            **standins(self.sandbox_url),
            "MILLRACE_RETRY_BACKOFF": json.dumps(BACKOFF),
            "MILLRACE_HOST": "test",
            **self.extra,
        }

    def start(
        self, name: str, *argv: str, ready: Callable[[Running], object], environment: Mapping[str, str] | None = None
    ) -> Running:
        """Start a process and wait until it is ready; it is ended with the stack at the latest."""
        port = free_port()
        log = self.folder / f"{name}.{len(self.running)}.log"
        env = {**self.environment(), "MILLRACE_METRICS_PORT": str(port), **(environment or {})}
        running = Running(launch(Command(argv, env, self.folder), log), log, port)
        self.running.append(running)

        def is_ready() -> object:
            assert running.alive(), f"{name} ended instead of getting ready\n{tail(log, 40)}"
            return ready(running)

        try:
            eventually(is_ready, within=60, what=f"{name} getting ready")
        except AssertionError:
            running.kill()
            raise
        return running

    def worker(
        self,
        pool: str,
        *options: str,
        concurrency: int = 2,
        prefetch: int | None = None,
        app: str = "tests.probe.app",
    ) -> Running:
        """Start a worker of a pool as `millrace pool start` does and with more options, for an app with probes."""
        known = topology.pool_named(pool)
        number = len(self.running)
        folder = self.folder / f"metrics.{pool}.{number}"
        folder.mkdir()
        command = worker_command(
            known,
            concurrency=concurrency,
            prefetch=prefetch or known.prefetch,
            node=f"{pool}.{number}@test",
            log_level="INFO",
        )
        command[command.index("consumers.app")] = app
        command.extend(options)
        environment = {"MILLRACE_POOL": pool, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
        worker = self.start(pool, *command, ready=lambda it: it.said(" ready."), environment=environment)
        worker.node = command[command.index("--hostname") + 1]
        return worker

    def relay(self) -> Running:
        """Start a relay."""
        return self.start("relay", sys.executable, "-m", "producers.relay", ready=lambda it: it.said("relay started"))

    def sandbox(self) -> Running:
        """Start the stand-in upstreams."""
        port = str(self.sandbox_port)
        command = (sys.executable, "-m", "deploy.sandbox", "--port", port)
        return self.start("sandbox", *command, ready=lambda _: is_open(self.sandbox_port))

    # -- Asking -------------------------------------------------------------------------------------------------

    def ask(self, *payloads: Payload, **options: Any) -> list[str]:
        """Publish messages through our own publisher and return their ids; `options` are those of `compose`."""
        return self.publish([self.compose(payload, **options) for payload in payloads])

    def compose(self, payload: Payload, **options: Any) -> Message:
        """Return the message that asks for something; `options` are those of `wire.compose`."""
        return compose(PROBE_CONTRACTS, payload, **options)

    def publish(self, messages: Sequence[Message]) -> list[str]:
        """Publish messages as they are and return their ids."""
        with Publisher(self.rabbitmq_url, name="test") as publisher:
            assert publisher.publish_many(messages) == []
        return [message.message_id for message in messages]

    def fault(self, **fault: Any) -> int:
        """Let something go wrong at a stand-in upstream, and return the fault's id."""
        answer = httpx.post(f"{self.sandbox_url}/control/faults", json=fault, timeout=5)
        return int(answer.raise_for_status().json()["id"])

    def requests(self, path: str) -> list[dict[str, Any]]:
        """Return the requests that the stand-in upstreams got for a path, a glob."""
        answer = httpx.get(f"{self.sandbox_url}/control/requests", params={"path": path}, timeout=5)
        return list(answer.raise_for_status().json()["requests"])

    # -- Looking ------------------------------------------------------------------------------------------------

    @contextmanager
    def sql(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """Open a connection whose statements commit by themselves and whose rows are dicts."""
        with psycopg.connect(self.database_url, autocommit=True, row_factory=dict_row) as connection:
            yield connection

    def keys(self, number: int) -> list[int]:
        """Return keys of probe rows that nobody has used."""
        return [next(self._keys) for _ in range(number)]

    def rows(self, statement: str, *values: Any) -> list[dict[str, Any]]:
        """Return the rows of one statement."""
        with self.sql() as connection:
            return connection.execute(statement, values).fetchall()

    def run(self, message_id: str) -> dict[str, Any] | None:
        """Return a message's row of the run log."""
        return next(iter(self.rows("SELECT * FROM sync_log WHERE message_id = %s", message_id)), None)

    def ended(self, message_id: str, *, within: float = 20.0) -> dict[str, Any]:
        """Return a message's row once it has succeeded or failed for good."""

        def look() -> dict[str, Any] | None:
            row = self.run(message_id)
            return row if row is not None and row["status"] in {"succeeded", "failed"} else None

        return eventually(look, within=within, what=f"the end of message {message_id}") or {}

    def letters(self, message_id: str) -> list[dict[str, Any]]:
        """Return the dead letters of a message, with their bodies as bytes."""
        return self.rows("SELECT * FROM dead_letters WHERE message_id = %s ORDER BY id", message_id)

    def letter(self, message_id: str, *, within: float = 20.0) -> dict[str, Any]:
        """Return the first dead letter of a message once there is one."""
        what = f"a dead letter of {message_id}"
        return eventually(lambda: self.letters(message_id), within=within, what=what)[0]

    def times(self, *keys: int) -> list[int]:
        """Return how often the probe's effect happened for each key that it happened for at all."""
        found = self.rows("SELECT times FROM probe_rows WHERE key = ANY(%s) ORDER BY key", list(keys))
        return [row["times"] for row in found]

    @contextmanager
    def channel(self) -> Iterator[Any]:
        """Open a pika channel in confirm mode."""
        connection = pika.BlockingConnection(pika.URLParameters(self.rabbitmq_url))
        try:
            channel = connection.channel()
            channel.confirm_delivery()
            yield channel
        finally:
            if connection.is_open:
                connection.close()

    def depth(self, queue: str) -> int:
        """Return how many messages wait in a queue, without those that are being worked on."""
        with self.channel() as channel:
            return int(channel.queue_declare(queue, passive=True).method.message_count)

    def left(self, *pools: str) -> int:
        """Return how many messages are in these pools' queues, waiting or handed out.

        The broker's statistics are a few seconds old; a look is only worth something in `eventually`.
        """
        names = {queue for pool in pools for queue in topology.pool_named(pool).queues}
        with httpx.Client(base_url=self.broker.management_url, timeout=10) as client:
            queues = client.get(f"/api/queues/{self.rabbitmq_url.rpartition('/')[2]}").raise_for_status().json()
        return sum(queue.get("messages", 1) for queue in queues if queue["name"] in names)
