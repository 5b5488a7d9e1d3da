"""A database of our own: on a socket, with a password, the same again after it was killed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest

from deploy.local import postgres
from deploy.local.postgres import Database
from tests import services
from tests.eventually import eventually


@pytest.fixture(scope="module")
def server() -> Iterator[Database]:
    """Start a server of this module's own: its tests kill it."""
    with services.a_database() as started:
        yield started


def asked(server: Database, question: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(question).fetchone()
    return None if row is None else row[0]


def test_committed_rows_survive_a_kill(server: Database) -> None:
    with psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'still here' AS text")
    workers = psutil.Process(server.pid).children(recursive=True)

    server.kill()
    assert not any(worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE for worker in workers)
    server.start()

    assert asked(server, "SELECT text FROM kept") == "still here"


def test_a_stopped_server_refuses_and_a_started_one_answers_at_the_same_address(server: Database) -> None:
    ended_by = server.stop()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.url, connect_timeout=1)
    server.start()

    assert ended_by == "SIGINT"
    assert asked(server, "SELECT 1") == 1


def test_it_ends_though_somebody_is_connected(server: Database) -> None:
    with psycopg.connect(server.url) as connection:
        assert server.stop() == "SIGINT"
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    server.start()


def test_a_wrong_password_is_refused(server: Database) -> None:
    address = urlsplit(server.url)
    wrong = address._replace(netloc="millrace:guess@").geturl()

    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(wrong, connect_timeout=1)


def test_it_listens_on_no_network(server: Database) -> None:
    listening = [connection for connection in psutil.Process(server.pid).net_connections("tcp") if connection.laddr]

    assert listening == []


def test_it_sorts_and_folds_unicode_alike_on_every_machine(server: Database) -> None:
    assert asked(server, "SELECT lower('ÄÖÅ')") == "äöå"


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs the server as himself")
def test_root_runs_it_as_somebody_else(server: Database) -> None:
    assert psutil.Process(server.pid).username() == "nobody"


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user owns the folders above his checkout")
def test_a_folder_closed_to_others_above_it_is_no_obstacle_and_stays_closed() -> None:
    with services.a_folder() as folder:
        closed = folder / "closed"
        closed.mkdir(mode=0o700)
        database = postgres.start(closed / "postgres")
        try:
            answer = asked(database, "SELECT 1")
        finally:
            database.kill()
        assert answer == 1
        assert closed.stat().st_mode & 0o777 == 0o700


def test_a_checkout_too_deep_for_a_socket_has_one_elsewhere_and_it_goes_with_the_server() -> None:
    with services.a_folder() as folder:
        deep = folder / ("deep" * 25)
        deep.mkdir()
        database = postgres.start(deep)
        try:
            host = Path(parse_qs(urlsplit(database.url).query)["host"][0])
            answer = asked(database, "SELECT 1")
        finally:
            database.stop()
        assert answer == 1
        assert not host.is_relative_to(folder)
        eventually(lambda: not host.exists(), within=5, what="the socket's folder to go")


def test_what_is_not_thrown_away_waits_for_the_disk() -> None:
    with services.a_folder() as folder:
        argv = postgres.program(folder / "postgres", "secret").command().argv

    assert not any(word.startswith(("--fsync", "--synchronous_commit", "--full_page_writes")) for word in argv)
