"""The health check: looks at everything the line depends on, and reports; it changes nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pika
import psycopg
import sqlalchemy.exc
from pika.adapters.utils.connection_workflow import AMQPConnectorException
from pika.exceptions import AMQPError
from sqlalchemy import Connection, Engine

from shared import outbox
from shared.broker import addresses
from shared.database.engine import driver
from shared.maintenance import rules
from shared.maintenance.report import Item, Report
from shared.settings import Settings

BROKER_PATIENCE: Final = 5.0
"""Seconds to connect to the broker, and for each step of getting in."""

LONGEST: Final = timedelta(minutes=35)
"""No attempt lasts longer: the hard time limit, and five minutes for clocks that differ."""

_CONNECTIONS: Final = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
"""

_FAILING: Final = "SELECT count(*) FROM outbox WHERE error IS NOT NULL"

_LEDGER: Final = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(first_died_at)), 0)::float8,
       count(*) FILTER (WHERE last_died_at > clock_timestamp() - interval '1 hour')
FROM dead_letters WHERE state = 'open'
"""

_RUN_LOG: Final = """
SELECT count(*) FILTER (WHERE status = 'running' AND started_at < %(longest)s),
       count(*) FILTER (WHERE status = 'retrying' AND attempts -> -1 ->> 'outcome' = 'lost'),
       count(*) FILTER (WHERE status = 'retrying' AND attempts -> -1 ->> 'outcome' <> 'lost'
                        AND started_at < %(retrying)s)
FROM sync_log WHERE status IN ('running', 'retrying')
"""

_UPSTREAMS: Final = """
SELECT name, extract(epoch FROM open_until - clock_timestamp())::float8,
       extract(epoch FROM silent_until - clock_timestamp())::float8, pauses
FROM upstreams ORDER BY name
"""

_SCHEDULES: Final = "SELECT count(*), count(*) FILTER (WHERE enabled) FROM schedules"

_TROUBLED: Final = """
SELECT name, coalesce(extract(epoch FROM clock_timestamp() - next_due_at)::float8, 0) AS late, problem
FROM schedules WHERE enabled AND (next_due_at < clock_timestamp() OR problem IS NOT NULL)
ORDER BY late DESC
"""

_FRESHNESS: Final = """
SELECT (SELECT count(*) FROM {table}),
       count(*), count(*) FILTER (WHERE synced_at < %(overdue)s)
FROM {table} WHERE synced_at < %(stale)s AND gone_at IS NULL
"""


def fresh_days(settings: Settings) -> dict[str, float]:
    """Return at which age, in days, the rows of each table turn stale."""
    titles = settings.series_fresh_days
    return {"series": titles, "movies": titles, "people": settings.people_fresh_days}


def look_at_broker(urls: str, patience: float = BROKER_PATIENCE) -> Item:
    """Connect to the broker, at the first of its addresses that lets us in, and leave it again."""
    nodes = addresses.parameters(urls)
    for node in nodes:
        node.socket_timeout = node.stack_timeout = node.blocked_connection_timeout = patience
        node.connection_attempts = 1
    began = time.perf_counter()
    try:
        pika.BlockingConnection(nodes).close()
    except (AMQPError, AMQPConnectorException, OSError) as error:
        cause: BaseException = error
        # Pika wraps what went wrong, and says less on each layer.
        while cause.args and isinstance(cause.args[0], BaseException):
            cause = cause.args[0]
        return rules.broker(None, str(cause) or repr(cause))
    return rules.broker(time.perf_counter() - began)


def look_at_database(connection: Connection, now: datetime, ages_in_days: Mapping[str, float]) -> list[Item]:
    """Look at everything that the database knows; the ages are those of `fresh_days`."""
    began = time.perf_counter()
    _row(connection, "SELECT 1")
    seconds = time.perf_counter() - began
    raw = driver(connection)
    run_log = {"longest": now - LONGEST, "retrying": now - timedelta(seconds=rules.RETRYING)}
    known, enabled = _row(connection, _SCHEDULES)
    ages = []
    for table, days in ages_in_days.items():
        moments = {"stale": now - timedelta(days=days), "overdue": now - timedelta(days=2 * days)}
        ages.append(rules.Freshness(table, *_row(connection, _FRESHNESS.format(table=table), moments)))
    return [
        rules.database(seconds, *_row(connection, _CONNECTIONS)),
        rules.outbox(*outbox.backlog(connection), *_row(connection, _FAILING)),
        rules.ledger(*_row(connection, _LEDGER)),
        rules.run_log(rules.RunLog(*_row(connection, _RUN_LOG, run_log))),
        rules.upstreams([rules.Breaker(*row) for row in raw.execute(_UPSTREAMS)]),
        rules.schedules(known, enabled, [rules.Clockwork(*row) for row in raw.execute(_TROUBLED)]),
        rules.freshness(ages),
    ]


def examine(engine: Engine, settings: Settings, now: datetime) -> Report:
    """Look at everything from outside the line; a database that fails is an item, not an error."""
    items = [look_at_broker(settings.rabbitmq_url.get_secret_value())]
    try:
        with engine.connect() as connection:
            items += look_at_database(connection, now, fresh_days(settings))
    except (psycopg.Error, sqlalchemy.exc.SQLAlchemyError) as error:
        cause = getattr(error, "orig", None) or error
        told = (str(cause).strip() or type(cause).__name__).splitlines()[0]
        step = "check DATABASE_URL, that PostgreSQL runs, and that its schema is as new as the code"
        items.append(Item("database", "bad", told, step))
    return Report(items)


def _row(connection: Connection, statement: str, values: Mapping[str, Any] | None = None) -> tuple[Any, ...]:
    row: tuple[Any, ...] | None = driver(connection).execute(statement, values).fetchone()
    assert row is not None  # noqa: S101 - aggregates
    return row
