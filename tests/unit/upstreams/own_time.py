"""A way out whose waiting takes no time, and a site that notes when it was asked what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx

from shared.settings import Settings
from shared.upstreams.gateway import Gateway
from shared.upstreams.http import Upstream
from shared.upstreams.limit import Turns
from shared.upstreams.pace import Limit

Answers = Callable[[httpx.Request], httpx.Response]


@dataclass
class Time:
    """Seconds that pass only while somebody waits."""

    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class OwnTime(Gateway):
    """A way out with a time of its own."""

    time: Time = field(default_factory=Time)

    def upstream(self, name: str, limit: Limit, *, secrets: Iterable[str] = (), site: str = "") -> Upstream:
        turns = Turns(f"{name}:{site}", limit, clock=self.time, wall=self.time, sleep=self.time.sleep)
        return Upstream(name, self.client, turns=turns, secrets=secrets)


@dataclass
class AskedSite:
    """Answers by path (with its query, or without), robots.txt with 404, anything else with 404 too."""

    answers: dict[str, httpx.Response | Answers]
    time: Time = field(default_factory=Time)
    asked: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    headers: list[httpx.Headers] = field(default_factory=list)

    def gateway(self) -> OwnTime:
        """Return a way to this site and to nowhere else."""
        return OwnTime(httpx.Client(transport=httpx.MockTransport(self)), Settings(), None, self.time)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        if path != "/robots.txt":
            self.asked.append(path)
            self.at.append(self.time.now)
            self.headers.append(request.headers)
        found = self.answers.get(path) or self.answers.get(request.url.path)
        if found is None:
            return httpx.Response(404, text="<html>Not found</html>")
        return found(request) if callable(found) else found
