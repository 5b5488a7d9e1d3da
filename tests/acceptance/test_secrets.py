"""Every secret is planted with a mark, everything is made to fail, and nothing that anybody can read shows the mark."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from typer.testing import CliRunner

from deploy.local.ports import free_port
from producers.cli.root import app
from shared.contracts.screen import SaveSeries
from shared.secret_files import secret_variables
from shared.settings import Settings
from tests import services
from tests.acceptance.stack import Running, Stack

MARK = "hunter2"
"""Part of every secret here; nothing else has a reason to contain it."""

GENERAL = f"{MARK}-in-a-secret-of-more-than-thirty-two-characters"

OF_UPSTREAMS = ("TVDB_API_KEY", "TVDB_PIN", "TMDB_TOKEN", "TMDB_API_KEY", "BRICKSET_API_KEY")


def address(url: str) -> str:
    """Return the same address for a name and a password that nobody knows."""
    parts = urlsplit(url)
    return parts._replace(netloc=f"nobody:{MARK}@{parts.netloc.rpartition('@')[2]}").geturl()


@pytest.fixture(scope="module")
def refused(stack: Stack) -> dict[str, str]:
    """Return an environment in which every secret is marked, and refused by whoever hears it."""
    general = dict.fromkeys(secret_variables(Settings.model_fields), GENERAL)
    return (
        stack.environment()
        | general
        | {
            "RABBITMQ_URL": address(stack.rabbitmq_url),
            "RABBITMQ_MANAGEMENT_URL": address(stack.broker.management_url),
            "DATABASE_URL": address(stack.database_url),
            "SENTRY_DSN": f"http://{MARK}@127.0.0.1:9/1",
            "FLOWER_BASIC_AUTH": f"nobody:{MARK}",
        }
    )


@pytest.fixture(scope="module")
def marked(stack: Stack, refused: dict[str, str]) -> Iterator[list[Running]]:
    """Start every process of the line with these secrets, and wait until each has been refused."""
    port = free_port()

    def api(_: Running) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/ready", timeout=5).status_code == 503
        except httpx.TransportError:
            return False

    millrace = (sys.executable, "-m", "producers.cli")
    started = [
        stack.start("api", *millrace, "api", "--port", str(port), ready=api, environment=refused),
        stack.start("relay", *millrace, "relay", ready=lambda it: it.said("database away"), environment=refused),
        stack.start(
            *("pool", *millrace, "pool", "start", "content", "--concurrency", "1"),
            ready=lambda it: it.said("Cannot connect") or it.said("ACCESS_REFUSED"),
            environment=refused,
        ),
        stack.start(
            *("flower", *millrace, "flower", "--port", str(free_port())),
            ready=lambda it: it.said("Broker: ") and it.said("efused"),
            environment=refused,
        ),
    ]
    token = {"Authorization": f"Bearer {GENERAL}"}
    for path in ("/health", "/ready", "/series/1", "/search?q=x", "/v1/dead-letters", "/v1/pools", "/metrics"):
        answer = httpx.get(f"http://127.0.0.1:{port}{path}", headers=token, timeout=30)
        with started[0].log.open("a") as log:
            log.write(f"{answer.status_code} {answer.headers} {answer.text}\n")
    yield started
    for running in reversed(started):
        running.stop()


def test_a_process_that_is_refused_shows_no_secret(marked: list[Running]) -> None:
    for running in marked:
        text = running.log.read_text(errors="replace")
        assert text
        assert MARK not in text, running.log


def test_the_list_of_processes_shows_no_secret(marked: list[Running]) -> None:
    processes = [psutil.Process(running.pid) for running in marked]
    family = [*processes, *(child for process in processes for child in process.children(recursive=True))]

    assert not [line for line in (process.cmdline() for process in family) if MARK in " ".join(line)]


@pytest.mark.parametrize(
    "words",
    [
        ("health", "--json"),
        ("topology", "check", "--json"),
        ("topology", "apply"),
        ("topology", "accounts", "check", "--json"),
        ("pool", "status", "--json"),
        ("users", "list", "--json"),
        ("publish", "scrape.series.save", "tvdb_id=1", "--timeout", "2"),
        ("sources", "list", "--json"),
    ],
    ids=" ".join,
)
def test_a_command_that_is_refused_or_finds_nobody_shows_no_secret(
    refused: dict[str, str], words: tuple[str, ...]
) -> None:
    nobody = {
        "RABBITMQ_URL": f"amqp://nobody:{MARK}@127.0.0.1:1/",
        "RABBITMQ_MANAGEMENT_URL": f"http://nobody:{MARK}@127.0.0.1:1",
        "DATABASE_URL": f"postgresql://nobody:{MARK}@127.0.0.1:1/none",
    }
    for environment in (refused, refused | nobody):
        result = CliRunner().invoke(app, ("--verbose", *words), env=environment, prog_name="millrace")

        assert result.exit_code == 1, result.output
        assert result.output
        assert MARK not in result.output


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RABBITMQ_URL", f"amqp://nobody:{MARK}@host:port/"),
        ("RABBITMQ_URL", f"amqp:/nobody:{MARK}"),
        ("RABBITMQ_MANAGEMENT_URL", f"nobody:{MARK}@host"),
        ("DATABASE_URL", f"nobody:{MARK}@host"),
        ("DATABASE_URL", f"postgresql://nobody:{MARK}%zz@host/none"),
        ("DATABASE_URL", f"postgresql://nobody:{MARK}@host:port/none"),
        ("DATABASE_URL", f"postgresql://nobody:{MARK}@host/none?nothing=known"),
        ("MILLRACE_TOKEN_SECRET", MARK),
        ("SENTRY_DSN", MARK),
    ],
)
def test_a_secret_that_is_malformed_is_not_quoted(stack: Stack, variable: str, value: str) -> None:
    environment = stack.environment() | {variable: value}

    result = CliRunner().invoke(app, ("users", "list"), env=environment, prog_name="millrace")

    assert result.exit_code in {1, 2}, result.output
    assert MARK not in result.output + repr(result.exception)


def test_an_upstream_that_refuses_our_key_is_told_of_without_it(stack: Stack, template: str) -> None:
    keys = dict.fromkeys(OF_UPSTREAMS, GENERAL)
    with services.a_virtual_host(stack.broker) as url, services.a_clone(stack.database, template) as database:
        own = Stack(stack.broker, stack.database, url, database, stack.folder, sandbox_port=stack.sandbox_port)
        own.prepare()
        try:
            words = (sys.executable, "-m", "producers.cli", "pool", "start")
            workers = [
                own.start(
                    *(f"marked-{pool}", *words, pool, "--concurrency", "1"),
                    ready=lambda it: it.said(" ready."),
                    environment={**keys, "MILLRACE_LOG_LEVEL": "DEBUG"},
                )
                for pool in ("content", "maintenance")
            ]
            (message,) = own.ask(SaveSeries(tvdb_id=81189))
            kept = str(own.letter(message, within=60)) + str(own.run(message))
            said = [worker.log.read_text(errors="replace") for worker in workers]
        finally:
            own.stop()

    assert "401" in kept
    assert MARK not in kept
    assert not [text for text in said if MARK in text]
