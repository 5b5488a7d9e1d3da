"""What all commands about sources have in common: the database, the words that a person types, and asking for work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import psycopg
from sqlalchemy import Connection, Engine

from producers.cli.failures import USAGE, Failure
from producers.cli.terms import APP_ID
from shared import outbox
from shared.broker.wire import compose
from shared.catalog.venues.sources import NoSuchSource, SourceKind
from shared.contracts import venues
from shared.contracts.kind import Payload
from shared.contracts.kinds import CONTRACTS
from shared.database.engine import driver, open_engine
from shared.errors import MillraceError
from shared.settings import Settings
from shared.upstreams.site import web_address


@contextmanager
def transaction() -> Iterator[Connection]:
    """Open a transaction on the database of the settings; a source that is not there ends the command kindly."""
    engine = engine_of_settings()
    try:
        with engine.begin() as connection:
            yield connection
    except NoSuchSource as error:
        raise Failure(f"there is no source {error.source_id}", "millrace sources list") from error
    finally:
        engine.dispose()


def engine_of_settings() -> Engine:
    """Return an engine for one command, which disposes of it."""
    return open_engine(Settings().database_url.get_secret_value(), pool=1, name="millrace-cli")


def rows(connection: Connection, statement: str, *values: object) -> list[Any]:
    """Return the rows of a statement of `views`."""
    with psycopg.RawCursor(driver(connection)) as cursor:
        return cursor.execute(statement, values).fetchall()


def reading(source_id: int, kind: SourceKind, limit: int) -> Payload:
    """Return the request that has a source of a kind read."""
    if kind == "vanwezel":
        return venues.ScrapeVanWezel(source_id=source_id)
    if kind == "mote":
        return venues.ScrapeMote(source_id=source_id)
    return venues.IngestSource(source_id=source_id, limit=limit)


def ask(connection: Connection, payload: Payload) -> str:
    """Ask for work in the same transaction, by the outbox: a source is never registered without being read."""
    message = compose(CONTRACTS, payload, app_id=APP_ID)
    outbox.put(connection, [message])
    return message.message_id


def address_of(url: str) -> str:
    """Return the address that is read; raises Failure for what is none."""
    try:
        return web_address(url)
    except MillraceError as error:
        raise Failure(str(error), "give the address of a calendar or page, such as https://…", USAGE) from error


def zone_named(name: str | None) -> str | None:
    """Return the name of a time zone; raises Failure for what is none."""
    if name is None:
        return None
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Failure(f"{name!r} is no time zone", "give an IANA name, such as America/New_York", USAGE) from error
