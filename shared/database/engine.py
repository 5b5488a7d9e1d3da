"""Ways to PostgreSQL: one engine for a process, made after fork and disposed of at its end."""

from __future__ import annotations

from typing import Any

from psycopg import Connection as DriverConnection
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url

CONNECT_TIMEOUT = 5
"""Seconds; a database that takes longer to let us in counts as away."""

POOL_TIMEOUT = 10
"""Seconds to wait for a free connection of this process's own pool."""


def sqlalchemy_url(url: str) -> URL:
    """Return SQLAlchemy's form of an address that libpq and psql understand too."""
    return make_url(url).set(drivername="postgresql+psycopg")


def open_engine(
    url: str, *, pool: int = 4, name: str = "millrace", patience: float = POOL_TIMEOUT, ping: bool = False
) -> Engine:
    """Return an engine that connects on first use and holds `pool` connections at most.

    `name` is what `pg_stat_activity` shows for them; `patience` is in seconds. With `ping` a connection is tried
    before it is lent, so that a database that was restarted costs nobody an error.
    """
    return create_engine(
        sqlalchemy_url(url),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=patience,
        pool_pre_ping=ping,
        connect_args={"connect_timeout": CONNECT_TIMEOUT, "application_name": name},
    )


def driver(connection: Connection) -> DriverConnection[Any]:
    """Return psycopg's connection below SQLAlchemy's, for statements that run for every message.

    Psycopg prepares them once per connection, and nothing is compiled again. Their errors are psycopg's own.
    """
    raw: DriverConnection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return raw
