"""What more processes would be useless or harmful for: connections to PostgreSQL, and what upstreams let through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import psycopg

from shared.upstreams.pace import Limit
from shared.upstreams.tvdb.client import LIMIT as TVDB

EACH: Final = 2
"""Connections that a pool process may hold (`consumers/wiring.py`)."""

KEPT: Final = 5
"""Connections that are left to whoever comes: an operator, a migration, one more relay."""

UPSTREAMS: Final[Mapping[str, tuple[str, Limit]]] = {
    "content": ("TheTVDB", TVDB),
    "person": ("TheTVDB", TVDB),
}
"""Pools whose every message asks one and the same upstream, at least once. A message of `scraping` asks one of many,
so no single limit bounds that pool."""

_ASK: Final = """
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
       coalesce(jsonb_object_agg(application_name, number), '{}')
FROM (SELECT coalesce(application_name, '') AS application_name, count(*) AS number
      FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1) AS held
"""


@dataclass(frozen=True, slots=True)
class Connections:
    """Connections of a PostgreSQL: how many there may be, and who holds how many of them, by application name."""

    most: int
    held: Mapping[str, int]

    def processes(self, pool: str, others: Mapping[str, int]) -> int:
        """Return how many processes of a pool there are connections for.

        `others` is how many processes each pool has: one that has not needed its connections yet may any time.
        """
        names = {f"millrace-{name}" for name in (*others, pool)}
        strangers = sum(number for name, number in self.held.items() if name not in names)
        pools = sum(
            max(processes * EACH, self.held.get(f"millrace-{name}", 0))
            for name, processes in others.items()
            if name != pool
        )
        return (self.most - KEPT - strangers - pools) // EACH


def connections(url: str) -> Connections | None:
    """Ask the database at `url` about its connections; None when it does not answer."""
    try:
        with psycopg.connect(url, connect_timeout=3, application_name="millrace-scaling") as connection:
            row = connection.execute(_ASK).fetchone()
    except psycopg.Error:
        return None
    return None if row is None else Connections(int(row[0]), dict(row[1]))
