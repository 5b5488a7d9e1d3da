"""The broker and the database that tests run on: private, thrown away afterwards, never somebody's own."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg

from deploy.local import postgres, rabbitmq, source
from deploy.local.home import Home
from deploy.local.postgres import Database
from deploy.local.progress import Progress
from deploy.local.rabbitmq import Broker
from shared.database import migrate

TEMPLATE = "template_of_tests"


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    """Give a folder that every account may pass: PostgreSQL has one of its own where we are root."""
    folder = Path(tempfile.mkdtemp(prefix="millrace-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def a_broker() -> Iterator[Broker]:
    """Start a node for as long as tests need it; installs RabbitMQ where the runner itself would."""
    origin = source.find_or_install(Progress(Home()))
    with a_folder() as folder:
        home, identity = folder / "rabbitmq", rabbitmq.new_identity()
        broker = Broker(home, identity, origin.program(home, identity, os.environ))
        broker.start()
        try:
            yield broker
        finally:
            broker.kill()


@contextlib.contextmanager
def a_database() -> Iterator[Database]:
    """Start a PostgreSQL for as long as tests need it."""
    with a_folder() as folder:
        database = postgres.start(folder / "postgres")
        try:
            yield database
        finally:
            database.kill()


def in_database(url: str, name: str) -> str:
    """Return the address of another database on the same server."""
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def make_template(database: Database) -> str:
    """Make the database with every migration from which the others are cloned, and return its name."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate.upgrade(in_database(database.url, TEMPLATE))
    return TEMPLATE


@contextlib.contextmanager
def a_clone(database: Database, template: str) -> Iterator[str]:
    """Give the address of a fresh copy of the template; it is dropped even if a test left connections open."""
    name = f"t_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield in_database(database.url, name)
    finally:
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def a_virtual_host(broker: Broker) -> Iterator[str]:
    """Give the address of an empty virtual host; it goes with everything that was put into it."""
    name = f"t-{uuid.uuid4().hex[:12]}"
    user = urlsplit(broker.url).username
    with httpx.Client(base_url=f"{broker.management_url}/api", timeout=30) as client:
        client.put(f"/vhosts/{name}").raise_for_status()
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        client.put(f"/permissions/{name}/{user}", json=everything).raise_for_status()
        try:
            yield urlsplit(broker.url)._replace(path=f"/{name}").geturl()
        finally:
            client.delete(f"/vhosts/{name}").raise_for_status()
