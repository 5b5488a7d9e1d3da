"""Listings and sources for tests of the venues domain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from shared.catalog.venues import sources
from shared.catalog.venues.records import Listing
from shared.database.engine import open_engine

MONDAY = datetime(2026, 11, 16, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def evening(number: int, **changes: Any) -> Listing:
    """Return a listing that starts so many days after MONDAY."""
    start = changes.pop("starts_at", MONDAY + number * DAY)
    told: dict[str, Any] = {
        "key": f"evening-{number}",
        "title": f"Evening {number}",
        "starts_at": start,
        "ends_at": start + timedelta(hours=2),
        "all_day": False,
        "time_zone": "America/New_York",
        "venue": "Old Hall",
        "categories": ("Concerts", "Jazz, and more"),
    }
    return Listing(**(told | changes))


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url, pool=4, name="venues-tests")
    yield opened
    opened.dispose()


@pytest.fixture
def add_source(engine: Engine) -> Callable[..., int]:
    """Register sources."""

    def add(name: str = "Old Hall", **told: Any) -> int:
        url = told.pop("url", f"https://{name.lower().replace(' ', '-')}.example/calendar.ics")
        values: dict[str, Any] = {"kind": "ical", "time_zone": "America/New_York", "at": MONDAY} | told
        with engine.begin() as connection:
            return sources.register(connection, name=name, url=url, **values)[0]

    return add
