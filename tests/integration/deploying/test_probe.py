"""`millrace probe` against something that answers, answers wrongly, and does not answer."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme
from typer.testing import CliRunner, Result

from deploy.local.ports import free_port
from producers.cli.root import app

IDLE = """\
millrace_pool_processes{queue="content",state="busy"} 0.0
millrace_pool_processes{queue="content",state="idle"} 2.0
"""
EMPTY = IDLE.replace("2.0", "0.0")


@contextmanager
def answering(status: int, body: str = "", tls: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[str]]]:
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
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
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


def test_an_api_with_a_certificate_is_asked_over_https_and_must_show_that_one(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate, another = (authority.issue_cert("api.example.org") for _ in range(2))
    for name, one in (("own.pem", certificate), ("another.pem", another)):
        one.cert_chain_pems[0].write_to_path(tmp_path / name)
    key = tmp_path / "key.pem"
    certificate.private_key_pem.write_to_path(key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)

    with answering(200, tls=tls) as (port, asked):
        own, other = (
            probe(
                "api",
                MILLRACE_API_PORT=str(port),
                MILLRACE_CERTIFICATE_FILE=str(tmp_path / name),
                MILLRACE_KEY_FILE=str(key),
            )
            for name in ("own.pem", "another.pem")
        )

    assert (own.exit_code, asked) == (0, ["/health"])
    assert other.exit_code == 1
