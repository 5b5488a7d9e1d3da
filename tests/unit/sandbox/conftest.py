"""A sandbox of one's own, without a socket and with a clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deploy.sandbox.app import create_app
from deploy.sandbox.in_process import InProcess
from deploy.sandbox.options import API_KEY, Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TVDB = "/tvdb/v4"


@dataclass
class Time:
    """Both clocks and the waiting: nothing passes unless `advance` is called or somebody pauses."""

    passed: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 11, 1, 12, tzinfo=UTC) + timedelta(seconds=self.passed)

    def ticks(self) -> float:
        return self.passed

    def advance(self, seconds: float) -> None:
        self.passed += seconds

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.advance(seconds)


class Sandbox:
    """A sandbox and somebody who is logged in to it."""

    def __init__(self, options: Options, time: Time) -> None:
        self.time = time
        app = create_app(options, clock=time.now, ticks=time.ticks, pause=time.pause)
        self.client = httpx.Client(transport=InProcess(app), base_url="http://sandbox")
        answer = self.login(options.api_key)
        self.headers = {"Authorization": f"Bearer {answer.json()['data']['token']}"}
        self.client.delete("/control/requests")

    def login(self, apikey: str = API_KEY, **more: str) -> httpx.Response:
        return self.client.post(f"{TVDB}/login", json={"apikey": apikey, **more})

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.client.get(TVDB + path, params=params, headers=self.headers)

    def data(self, path: str, **params: Any) -> Any:
        answer = self.get(path, **params)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        assert answer.json()["status"] == "success"
        return answer.json()["data"]

    def arm(self, path: str, **fault: Any) -> httpx.Response:
        return self.client.post("/control/faults", json={"path": TVDB + path, **fault})

    def requests(self, **params: Any) -> Any:
        return self.client.get("/control/requests", params=params).json()


@pytest.fixture(name="time")
def still_time() -> Time:
    return Time()


@pytest.fixture
def start(time: Time) -> Iterator[Callable[..., Sandbox]]:
    """Start sandboxes with options of one's own."""
    started: list[Sandbox] = []

    def begin(**options: Any) -> Sandbox:
        started.append(Sandbox(Options(**options), time))
        return started[-1]

    yield begin
    for one in started:
        one.client.close()


@pytest.fixture
def sandbox(start: Callable[..., Sandbox]) -> Sandbox:
    return start()
