"""What every upstream's client is opened with: `open_tvdb(gateway)`, `open_ebay(gateway)`, and so on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import httpx
from sqlalchemy import Engine

from shared.settings import Settings
from shared.upstreams.http import Upstream
from shared.upstreams.limit import Turns
from shared.upstreams.pace import Limit


@dataclass(frozen=True, slots=True)
class Gateway:
    """A process's way out: its HTTP client, the settings (addresses and keys), and the database that hands out turns.

    Without `engine` a limit holds for this process alone.
    """

    client: httpx.Client
    settings: Settings
    engine: Engine | None = None

    def upstream(self, name: str, limit: Limit, *, secrets: Iterable[str] = (), site: str = "") -> Upstream:
        """Return the way to one upstream; `name` is its word in metrics, errors and logs.

        Of many sites that share that word, each `site` (a host) has turns of its own. `secrets` are shown nowhere.
        """
        turns = Turns(f"{name}:{site}" if site else name, limit, self.engine)
        return Upstream(name, self.client, turns=turns, secrets=secrets)
