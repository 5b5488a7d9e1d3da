"""`millrace probe` against something that answers, answers wrongly, and does not answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from typer.testing import CliRunner, Result

from deploy.local.ports import free_port
from producers.cli.root import app

IDLE = """\
millrace_pool_processes{queue="content",state="busy"} 0.0
millrace_pool_processes{queue="content",state="idle"} 2.0
"""
EMPTY = IDLE.replace("2.0", "0.0")


@contextmanager
def answering(status: int, body: str = "") -> Iterator[tuple[int, list[str]]]:
    """Answer every request alike; give the port and the paths that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port, asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def probe(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["probe", *words], env=environment)


@pytest.mark.parametrize("words", [("pool",), ("pool", "--ready"), ("relay",), ("scheduler",), ("exporter",)])
def test_what_answers_lives_and_an_idle_pool_is_ready(words: tuple[str, ...]) -> None:
    with answering(200, IDLE) as (port, asked):
        result = probe(*words, MILLRACE_METRICS_PORT=str(port), MILLRACE_LISTEN="0.0.0.0")  # noqa: S104

    assert (result.exit_code, asked) == (0, ["/metrics"])


def test_a_pool_without_a_process_lives_and_is_not_ready() -> None:
    with answering(200, EMPTY) as (port, _):
        lives, ready = (probe("pool", *more, MILLRACE_METRICS_PORT=str(port)) for more in ((), ("--ready",)))

    assert (lives.exit_code, ready.exit_code) == (0, 1)


@pytest.mark.parametrize(("words", "path"), [((), "/health"), (("--ready",), "/ready")])
def test_the_api_is_asked_at_its_own_port(words: tuple[str, ...], path: str) -> None:
    with answering(200) as (port, asked):
        result = probe("api", *words, MILLRACE_API_PORT=str(port))

    assert (result.exit_code, asked) == (0, [path])


def test_an_error_is_no_life() -> None:
    with answering(503, "the database is away") as (port, _):
        result = probe("api", "--ready", MILLRACE_API_PORT=str(port))

    assert result.exit_code == 1
    assert "/ready answers 503: the database is away" in result.output


def test_who_does_not_answer_is_dead_and_who_has_no_port_cannot_be_asked() -> None:
    assert probe("pool", MILLRACE_METRICS_PORT=str(free_port())).exit_code == 1
    assert probe("pool", MILLRACE_METRICS_PORT="").exit_code == 2


def test_flower_is_asked_at_its_own_port() -> None:
    with answering(200) as (port, asked):
        result = probe("flower", FLOWER_PORT=str(port))

    assert (result.exit_code, asked) == (0, ["/healthcheck"])
