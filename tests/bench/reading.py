"""Warm reads of the HTTP API per second: one series that the database holds, from one process of the API.

The client is a few lines of asyncio over sixteen kept-open connections in the benchmark's own process; it shares the
two cores with the API and the database. `/health`, which asks nobody, shows what the web server itself allows here.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import repeat

import psycopg

from deploy.local.ports import LOOPBACK, free_port, is_open
from deploy.sandbox.options import API_KEY
from shared.broker.publisher import Publisher
from shared.broker.wire import compose
from shared.contracts.kinds import CONTRACTS
from shared.contracts.screen import SaveSeries
from tests.bench.figures import Contender, Figures
from tests.bench.queues import Queues, wait_for
from tests.bench.stack import Stack
from tests.bench.workers import millrace_worker, process

UNIT = "answers/s"
READ = Contender(
    "read a series over HTTP, 16 connections", "Millrace, GET /series/81189 from the database", UNIT, ours=True
)
HEALTH = Contender(
    "read a series over HTTP, 16 connections", "the same server, GET /health from nowhere", UNIT, ours=True
)

SERIES = 81189
CONNECTIONS = 16
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


def measure(stack: Stack, figures: Figures, *, rounds: int, seconds: float, tell: Callable[[str], None]) -> None:
    """Read for `seconds`, `rounds` times."""
    paths = {READ: f"/series/{SERIES}", HEALTH: "/health"}
    tell("saving the series that will be read")
    with _sandbox(stack) as upstream:
        _save(stack, upstream)
        with _api(stack, upstream) as port:
            for path in paths.values():
                asyncio.run(_read(port, path, 0.2))
            for each in range(rounds):
                for contender, path in paths.items():
                    tell(f"round {each + 1}: {contender.who}")
                    figures.add(contender, asyncio.run(_read(port, path, seconds)))


@contextmanager
def _sandbox(stack: Stack) -> Iterator[Mapping[str, str]]:
    """Run the stand-in upstreams; yields the variables by which a process finds them."""
    port = free_port()
    command = [sys.executable, "-m", "deploy.sandbox", "--port", str(port)]
    with process(command, {}, stack.place / "sandbox.log"):
        wait_for(lambda: is_open(port), "the sandbox to start")
        yield {"TVDB_URL": f"http://{LOOPBACK}:{port}/tvdb/v4", "TVDB_API_KEY": API_KEY}


@contextmanager
def _api(stack: Stack, upstream: Mapping[str, str]) -> Iterator[int]:
    """Run the API as the local stack does; yields its port."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "uvicorn", "--factory", "producers.api.app:create_app"),
        *("--host", LOOPBACK, "--port", str(port), "--no-access-log"),
    ]
    with process(command, upstream, stack.place / "api.log"):
        wait_for(lambda: is_open(port), "the API to start")
        yield port


def _save(stack: Stack, upstream: Mapping[str, str]) -> None:
    """Put the series into the database by the line itself."""
    message = compose(CONTRACTS, SaveSeries(tvdb_id=SERIES), app_id="bench")
    query = "SELECT 1 FROM sync_log WHERE message_id = %s AND status = 'succeeded'"
    with (
        Queues(stack.broker) as queues,
        Publisher(stack.broker) as publisher,
        psycopg.connect(stack.database, autocommit=True) as database,
        millrace_worker("content", stack.place, queues, prefetch=1, environment=upstream),
    ):
        publisher.publish(message)
        wait_for(lambda: database.execute(query, (message.message_id,)).fetchone() is not None, "the series")


async def _read(port: int, path: str, seconds: float) -> float:
    began = time.perf_counter()
    counts = await asyncio.gather(*(_client(port, path, began + seconds) for _ in repeat(None, CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - began)


async def _client(port: int, path: str, deadline: float) -> int:
    reader, writer = await asyncio.open_connection(LOOPBACK, port, limit=2**22)
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode()
    answers = 0
    try:
        while time.perf_counter() < deadline:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                status = head.splitlines()[0].decode()
                raise RuntimeError(f"{path} was answered with {status}")
            length = _LENGTH.search(head)
            if length is None:
                raise RuntimeError(f"{path} was answered without a length")
            await reader.readexactly(int(length[1]))
            answers += 1
    finally:
        writer.close()
        await writer.wait_closed()
    return answers
