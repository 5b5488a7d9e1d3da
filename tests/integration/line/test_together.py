"""A bundle that is undone and tried again in halves: each of its messages is recorded, and only the bad one is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from consumers.run import Run
from consumers.together import handle_together
from consumers.wiring import Wiring
from shared import runlog
from shared.broker.wire import Delivery, compose
from shared.settings import Settings
from tests.probe.kinds import PROBE_CONTRACTS, Store


@dataclass
class Task:
    """A task whose handler leaves finishing to the line, and fails for one message."""

    bad: int
    store: Any = None

    def run(self, ask: Store, _run: Run) -> None:
        if ask.key == self.bad:
            raise ZeroDivisionError


def delivery(key: int) -> Delivery:
    message = compose(PROBE_CONTRACTS, Store(key=key), message_id=f"m-{key}")
    properties = message.properties()
    headers = properties.pop("headers")
    return Delivery(
        "maintenance", message.exchange, message.routing_key, message.message_id, message.body, properties, headers
    )


def test_what_shared_a_bundle_with_a_bad_message_is_recorded_as_done(database_url: str) -> None:
    wiring = Wiring(Settings(database_url=SecretStr(database_url)), PROBE_CONTRACTS, "test")
    try:
        left = handle_together(Task(bad=7), [delivery(key) for key in range(8)], wiring)
        with wiring.engine.connect() as connection:
            done = runlog.done(connection, [f"m-{key}" for key in range(8)])
        # Whoever is left over is settled alone; nobody is acknowledged without a record.
        assert {one.message_id for one in left} | set(done) == {f"m-{key}" for key in range(8)}
        assert "m-7" in {one.message_id for one in left}
        assert len(done) >= 6
    finally:
        wiring.close()
