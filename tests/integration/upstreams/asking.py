"""A process that asks an upstream as often as it is allowed to: `python -m tests.integration.upstreams.asking`.

Arguments: address, seconds, requests a second, and the database that hands out turns (none: this process alone).
"""

from __future__ import annotations

import sys
import time

import httpx

from shared.database.engine import open_engine
from shared.errors import LimitReached, UpstreamRefused
from shared.settings import Settings
from shared.upstreams.gateway import Gateway
from shared.upstreams.pace import Limit


def main(address: str, seconds: float, most: int, database_url: str = "") -> None:
    """Ask until the time is over."""
    engine = open_engine(database_url, pool=1) if database_url else None
    with httpx.Client() as client:
        upstream = Gateway(client, Settings(), engine).upstream("tvdb", Limit(most))
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                upstream.get(address, "anything")
            except UpstreamRefused:
                pass  # it answered, and wants a login
            except LimitReached as reached:
                time.sleep(max(min(reached.retry_after or 0.0, end - time.monotonic(), 0.5), 0.0))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
