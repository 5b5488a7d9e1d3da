"""A database with the probe kinds' contracts, and what a schedule is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from deploy.local.postgres import Database
from shared.database.engine import open_engine
from shared.schedules.definition import Definition
from shared.schedules.trigger import Interval
from tests import services
from tests.probe.kinds import STORE

NOW = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def empty_url(database: Database, template: str) -> Iterator[str]:
    """Give a database in which nothing changes: for requests that are all refused."""
    with services.a_clone(database, template) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url, pool=4)
    yield opened
    opened.dispose()


def minutely(name: str = "probe", **more: Any) -> Definition:
    """Return a schedule that stores a row each minute, unless told otherwise."""
    usual = {"name": name, "kind": STORE.name, "trigger": Interval(60), "payload": {"key": 1}}
    return Definition(**{**usual, **more})
