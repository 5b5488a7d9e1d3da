"""A way out to upstreams on which nobody waits for a turn."""

from __future__ import annotations

from typing import Any

from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Upstream


class AtOnce(Gateway):
    """A gateway without limits, for tests of what is asked and not of when."""

    def upstream(self, name: str, *_: Any, **__: Any) -> Upstream:
        """Return the way to an upstream."""
        return Upstream(name, self.client)
