"""A virtual host for each test of commands."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from shared.broker import declare
from tests.integration.cli.places import Place


@pytest.fixture
def empty(broker: Any) -> Iterator[Place]:
    """Make a fresh virtual host with nothing in it."""
    name = f"cli-{uuid.uuid4().hex[:8]}"
    user = urlsplit(broker.url).username
    with httpx.Client(base_url=broker.management_url, timeout=10) as client:
        client.put(f"/api/vhosts/{name}").raise_for_status()
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        client.put(f"/api/permissions/{name}/{user}", json=everything).raise_for_status()
        yield Place(name, f"{broker.url.rpartition('/')[0]}/{name}", broker.management_url)
        client.delete(f"/api/vhosts/{name}").raise_for_status()


@pytest.fixture
def place(empty: Place) -> Place:
    """Make a virtual host with the line's topology."""
    declare.apply(empty.url)
    return empty
