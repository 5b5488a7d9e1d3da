"""What one pool process works with, wired by hand after fork and closed when it ends."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

import httpx
from sqlalchemy import Engine

from shared.broker.publisher import Publisher
from shared.contracts.registry import Contracts
from shared.database.engine import open_engine
from shared.settings import Settings
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import open_client

T = TypeVar("T")


class Wiring:
    """Connections of one process, each opened when it is first used.

    Never made before fork: a connection that two processes share garbles both. `name` is what broker and
    database show for this process.
    """

    def __init__(self, settings: Settings, contracts: Contracts, name: str) -> None:
        self.settings = settings
        self.contracts = contracts
        self.name = name
        self._upstreams: dict[Callable[[Gateway], Any], Any] = {}

    @cached_property
    def engine(self) -> Engine:
        """The way to PostgreSQL; a pool process does one thing at a time."""
        return open_engine(self.settings.database_url.get_secret_value(), pool=2, name=self.name)

    @cached_property
    def publisher(self) -> Publisher:
        """The way to the broker for retries and dead letters."""
        return Publisher(self.settings.rabbitmq_url.get_secret_value(), name=self.name)

    @cached_property
    def http(self) -> httpx.Client:
        """The one HTTP client of this process."""
        return open_client(self.settings)

    def upstream(self, opening: Callable[[Gateway], T]) -> T:
        """Return this process's client of an upstream, e.g. of `open_tvdb`; raises MissingSetting without its key."""
        if opening not in self._upstreams:
            self._upstreams[opening] = opening(Gateway(self.http, self.settings, self.engine))
        client: T = self._upstreams[opening]
        return client

    def close(self) -> None:
        """Close what was opened."""
        opened = vars(self)
        if "publisher" in opened:
            self.publisher.close()
        if "http" in opened:
            self.http.close()
        if "engine" in opened:
            self.engine.dispose()
