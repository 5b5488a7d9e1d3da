"""One limit for every process that asks an upstream, kept in PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import psycopg
import pytest

from deploy.local.ports import LOOPBACK, free_port, is_open
from shared.database.engine import open_engine
from shared.errors import BreakerOpen, LimitReached, MillraceError, RateLimited, UpstreamAway
from shared.settings import Settings
from shared.upstreams.gateway import Gateway
from shared.upstreams.limit import Turns, breakers
from shared.upstreams.pace import THRESHOLD, Limit
from tests.eventually import eventually

PROCESSES = 20
MOST = 5
SECONDS = 6.0


@pytest.fixture
def sandbox() -> Iterator[str]:
    """Give the address of stand-in upstreams in a process of their own."""
    port = free_port()
    with subprocess.Popen([sys.executable, "-m", "deploy.sandbox", "--port", str(port)]) as process:
        try:
            eventually(lambda: is_open(port), within=30, what="the sandbox listening")
            yield f"http://{LOOPBACK}:{port}"
        finally:
            process.terminate()


def crowd(sandbox: str, seconds: float, *database: str) -> dict[str, Any]:
    """Let twenty processes ask at once, and return what the upstream received."""
    address = f"{sandbox}/tvdb/v4/series/1"
    command = [sys.executable, "-m", "tests.integration.upstreams.asking", address, str(seconds), str(MOST), *database]
    processes = [subprocess.Popen(command) for _ in range(PROCESSES)]
    assert [process.wait(120) for process in processes] == [0] * PROCESSES
    received: dict[str, Any] = httpx.get(f"{sandbox}/control/requests").raise_for_status().json()
    return received


def test_twenty_processes_never_exceed_five_requests_in_any_window_of_one_second(
    sandbox: str, database_url: str
) -> None:
    received = crowd(sandbox, SECONDS, database_url)
    assert received["busiest_second"]["tvdb"] <= MOST
    assert received["received"] >= SECONDS * MOST / 2, "a limit that lets nothing through would keep it, too"


def test_processes_that_share_nothing_do_exceed_it(sandbox: str) -> None:
    assert crowd(sandbox, 1.0)["busiest_second"]["tvdb"] > MOST


Process = Callable[[Callable[[httpx.Request], httpx.Response]], Gateway]


@pytest.fixture
def process(database_url: str) -> Iterator[Process]:
    """Give what makes the ways out of further processes, each with connections of its own."""
    engines = []

    def begin(answer: Callable[[httpx.Request], httpx.Response]) -> Gateway:
        engines.append(open_engine(database_url, pool=1))
        return Gateway(httpx.Client(transport=httpx.MockTransport(answer)), Settings(), engines[-1])

    yield begin
    for engine in engines:
        engine.dispose()


LIMIT = Limit(1000, burst=1000)


def never_asked(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"asked for {request.url}")


def test_a_429_with_retry_after_is_heard_by_everyone_at_once(process: Process) -> None:
    told = process(lambda _: httpx.Response(429, headers={"Retry-After": "7"})).upstream("one", LIMIT)
    with pytest.raises(RateLimited):
        told.get("http://one/", "thing")
    other = process(never_asked).upstream("one", LIMIT)
    with pytest.raises(LimitReached) as held:
        other.get("http://one/", "thing")
    assert held.value.retry_after == pytest.approx(7, abs=1)


def test_a_429_that_says_nothing_is_some_seconds_of_silence_for_everyone(process: Process) -> None:
    with pytest.raises(RateLimited):
        process(lambda _: httpx.Response(429)).upstream("one", LIMIT).get("http://one/", "thing")
    with pytest.raises(LimitReached):
        process(lambda _: httpx.Response(200)).upstream("one", LIMIT).get("http://one/", "thing")


def seen(database_url: str) -> dict[str, int]:
    engine = open_engine(database_url, pool=1)
    with engine.connect() as connection:
        found = breakers(connection)
    engine.dispose()
    return found


def test_failures_of_several_processes_open_the_breaker_for_all_to_see(process: Process, database_url: str) -> None:
    failing = [process(lambda _: httpx.Response(502)).upstream("two", LIMIT) for _ in range(2)]
    for count in range(THRESHOLD):
        assert seen(database_url).get("two", 0) == 0
        with pytest.raises(UpstreamAway):
            failing[count % 2].get("http://two/", "thing")
    assert seen(database_url) == {"two": 2}
    with pytest.raises(BreakerOpen):
        process(never_asked).upstream("two", LIMIT).get("http://two/", "thing")


@pytest.mark.parametrize("status", [404, 400, 429])
def test_an_upstream_that_refuses_is_not_away(process: Process, database_url: str, status: int) -> None:
    answers = iter([502] * (THRESHOLD - 1) + [status])
    asked = process(lambda _: httpx.Response(next(answers))).upstream("two", LIMIT)
    for _ in range(THRESHOLD):
        with pytest.raises(MillraceError):
            asked.get("http://two/", "thing")
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT failures FROM upstreams WHERE name = 'two'").fetchone() == (0,)


def test_when_its_time_has_come_one_success_closes_the_breaker_for_all(process: Process, database_url: str) -> None:
    away = process(lambda _: httpx.Response(502)).upstream("two", LIMIT)
    for _ in range(THRESHOLD):
        with pytest.raises(UpstreamAway):
            away.get("http://two/", "thing")
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE upstreams SET open_until = clock_timestamp() - interval '1 second'")
    assert seen(database_url) == {"two": 1}, "whoever asks next finds out"
    back = [process(lambda _: httpx.Response(200)).upstream("two", LIMIT) for _ in range(2)]
    assert [each.get("http://two/", "thing").status for each in back] == [200, 200]
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT failures, pauses, probing FROM upstreams WHERE name = 'two'").fetchone()
    assert row == (0, 0, False)
    assert seen(database_url) == {"two": 0}


def test_each_site_has_turns_of_its_own_under_one_name(process: Process, database_url: str) -> None:
    gateway = process(lambda _: httpx.Response(200))
    for site in ("a.example", "b.example"):
        gateway.upstream("site", Limit(1), site=site).get(f"http://{site}/", "page")
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT name FROM upstreams WHERE used > 0 ORDER BY name").fetchall()
    assert rows == [("site:a.example",), ("site:b.example",)]
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE upstreams SET open_until = clock_timestamp() + interval '1 minute' WHERE name = 'site:b.example'"
        )
    assert seen(database_url) == {"site": 2}, "one word for all of them, which tells of the worst"


def test_without_the_database_a_process_keeps_to_the_limit_by_itself() -> None:
    engine = open_engine(f"postgresql://{LOOPBACK}:{free_port()}/nowhere", pool=1)
    turns = Turns("three", Limit(1, patience=0.5), engine)
    assert turns.take() < 0.5
    with pytest.raises(LimitReached):
        turns.take()
