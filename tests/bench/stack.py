"""The throw-away broker and database of a benchmark run, and how this process and its workers find them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from deploy.local import postgres
from deploy.local.program import Service
from shared.broker import declare
from shared.database import migrate
from shared.settings import Settings
from tests import services
from tests.bench.kinds import TABLES
from tests.probe.kinds import TABLE


@dataclass(frozen=True, slots=True)
class Stack:
    """Where things are: settings with both addresses, and a folder for logs and counters."""

    settings: Settings
    place: Path

    @property
    def broker(self) -> str:
        """Address of the broker."""
        return self.settings.rabbitmq_url.get_secret_value()

    @property
    def database(self) -> str:
        """Address of the database."""
        return self.settings.database_url.get_secret_value()


@contextmanager
def throw_away() -> Iterator[Stack]:
    """Start RabbitMQ and PostgreSQL for one run, topology and schema in them, and remove both afterwards.

    PostgreSQL waits for the disk at each commit, as in earnest: without that, every figure here would flatter.
    """
    with services.a_broker() as broker, services.a_folder() as place:
        home, password = place / "postgres", secrets.token_urlsafe(24)
        home.mkdir()
        database = Service(postgres.program(home, password), place / "postgresql.log")
        database.start()
        try:
            yield _prepared(broker.url, postgres.url(home, password), place)
        finally:
            database.kill()


def _prepared(broker: str, database: str, place: Path) -> Stack:
    os.environ.update(RABBITMQ_URL=broker, DATABASE_URL=database)  # for the processes we start
    declare.apply(broker)
    migrate.upgrade(database)
    with psycopg.connect(database) as connection:
        connection.execute(TABLE)
        connection.execute(TABLES)
    return Stack(Settings(), place)
