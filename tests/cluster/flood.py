"""Publishing without an end to it: chunk after chunk, each published again until the broker has confirmed all of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.broker.publisher import Publisher
from shared.broker.wire import Message
from shared.errors import PublishError

CHUNK = 50
"""Messages published at once; the next follow when all of these are confirmed."""

AHEAD = 1000
"""Messages that may wait in the queue: more would measure how long a backlog is, and not when work goes on."""

TICK = 0.05
"""Seconds between two looks at how much has been done."""

PATIENCE = 120.0
"""Seconds after which a chunk is given up: a test must end."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Messages up to number `last`, without it, confirmed in full at `ended`; both times are of `time.monotonic`."""

    last: int
    began: float
    ended: float


class Flood(threading.Thread):
    """Publishes messages at a pace, `least` of them and then on until it may end; notes when which were confirmed.

    `make` returns the message of a number, `done` how many have had their effect: it keeps `AHEAD` of these at most.
    """

    def __init__(
        self,
        publisher: Publisher,
        make: Callable[[int], Message],
        done: Callable[[], int],
        *,
        least: int,
        per_second: float,
    ) -> None:
        super().__init__(name="flood", daemon=True)
        self._publisher = publisher
        self._make = make
        self._done = done
        self._least = least
        self._pause = CHUNK / per_second
        self._may_end = threading.Event()
        self.chunks: list[Chunk] = []
        self.errors: list[PublishError] = []
        """What the publisher told of messages that were then published again, under the same id."""

    @property
    def confirmed(self) -> int:
        """How many messages the broker has confirmed; numbers below are all confirmed."""
        return self.chunks[-1].last if self.chunks else 0

    def run(self) -> None:
        """Publish until it may end, or one chunk has been tried for too long."""
        while self.confirmed < self._least or not self._may_end.is_set():
            began, first = time.monotonic(), self.confirmed
            chunk: Sequence[Message] = [self._make(number) for number in range(first, first + CHUNK)]
            while chunk:
                errors = self._publisher.publish_many(chunk)
                self.errors += errors
                failed = {error.message_id for error in errors}
                chunk = [message for message in chunk if message.message_id in failed]
                if chunk and time.monotonic() - began > PATIENCE:
                    return
            ended = time.monotonic()
            self.chunks.append(Chunk(first + CHUNK, began, ended))
            time.sleep(max(0.0, self._pause - (ended - began)))
            while self.confirmed - self._done() > AHEAD and not self._may_end.is_set():
                time.sleep(TICK)

    def longest_wait(self, moment: float) -> float:
        """Return how many seconds the confirms of a chunk took at most, of those that came after a moment."""
        return max((chunk.ended - chunk.began for chunk in self.chunks if chunk.ended >= moment), default=0.0)

    def finish(self) -> None:
        """Let it end when it has published enough, and wait until it has."""
        self._may_end.set()
        self.join(timeout=PATIENCE)

    def confirmed_after(self, moment: float) -> Chunk | None:
        """Return the first chunk that was begun after a moment and is confirmed, None when there is none yet."""
        return next((chunk for chunk in self.chunks if chunk.began >= moment), None)
