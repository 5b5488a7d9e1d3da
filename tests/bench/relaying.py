"""Outbox rows per second, from the commit that wrote them to the broker's confirm of the last one."""

from __future__ import annotations

import time
from collections.abc import Callable

from shared import outbox
from shared.broker.wire import compose
from shared.database.engine import open_engine
from tests.bench import kinds
from tests.bench.figures import Contender, Figures
from tests.bench.queues import LOOK, Queues, wait_for
from tests.bench.stack import Stack
from tests.bench.workers import relay

OURS = Contender("outbox rows, committed to confirmed", "Millrace relay", "msgs/s", ours=True)

QUEUE = "maintenance"
WARM_UP = 100


def measure(stack: Stack, figures: Figures, *, rounds: int, messages: int, tell: Callable[[str], None]) -> None:
    """Commit `messages` rows at once and wait until the relay has sent and deleted them, `rounds` times."""
    engine = open_engine(stack.database, pool=1, name="bench")

    def send(number: int) -> float:
        rows = [
            compose(kinds.BENCH_CONTRACTS, kinds.Note.model_validate(kinds.note_fields(key)), app_id="bench")
            for key in range(number)
        ]
        with engine.begin() as connection:
            outbox.put(connection, rows)
        began = time.perf_counter()
        wait_for(_is_empty, "the relay to send everything", every=LOOK)
        return number / (time.perf_counter() - began)

    def _is_empty() -> bool:
        with engine.connect() as connection:
            return outbox.backlog(connection)[0] == 0

    with Queues(stack.broker) as queues, relay(stack.place):
        send(WARM_UP)
        for each in range(rounds):
            tell(f"round {each + 1}: {OURS.what}")
            figures.add(OURS, send(messages))
            queues.purge(QUEUE)
    engine.dispose()
