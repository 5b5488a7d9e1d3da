"""A burst on one pool raises what is recommended for it, and for no other; and it falls back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from producers.scaling.views import PoolView
from producers.scaling.watch import Watch
from shared.settings import Settings
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Sleep


@pytest.fixture
def content(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - keeps what dies
    worker = stack.worker("content", concurrency=3)
    yield worker
    worker.stop()


@pytest.fixture
def watch(stack: Stack) -> Watch:
    settings = Settings(
        rabbitmq_url=SecretStr(stack.rabbitmq_url),
        rabbitmq_management_url=SecretStr(stack.broker.management_url),
        database_url=SecretStr(stack.database_url),
    )
    return Watch(settings, within=0.5, window=5.0, calm=3.0)


def test_a_burst_on_content_raises_its_recommendation_alone_and_that_falls_back(
    stack: Stack, content: Running, watch: Watch
) -> None:
    looks: list[dict[str, PoolView]] = []

    def look() -> PoolView:
        looks.append({view.name: view for view in watch.look()})
        return looks[-1]["content"]

    def burst(number: int) -> list[int]:
        keys = stack.keys(number)
        stack.ask(*(Sleep(key=key, seconds=0.25) for key in keys))
        return keys

    burst(3)
    eventually(lambda: (seen := look()).mean_seconds and seen.ready == seen.busy == 0, what="a mean, at rest")
    eventually(lambda: look().recommended == 1, what="one process for nothing")

    before = len(looks)
    keys = burst(140)
    # What came in may be told by the broker before what waits is.
    seen = eventually(
        lambda: (seen := look()).recommended >= 4 and seen.oldest_age and seen, what="a higher recommendation"
    )
    assert seen
    assert (len(seen.instances), seen.processes) == (1, 3)
    assert 0 < (seen.oldest_age or 0.0) < 20
    assert not seen.guessed
    assert 0.25 < (seen.mean_seconds or 0.0) < 1.0
    assert "coming in" in seen.reason or "busy" in seen.reason

    seen = eventually(
        lambda: (seen := look()).recommended == 1 and seen.ready == 0 and seen, within=60, what="falling back"
    )
    assert seen
    assert seen.oldest_age == 0.0
    assert stack.times(*keys) == [1] * 140
    others = {view.recommended for views in looks[before:] for name, view in views.items() if name != "content"}
    assert others == {1}
    assert content.alive()
