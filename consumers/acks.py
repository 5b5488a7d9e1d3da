"""Acknowledging many messages by one frame.

AMQP's multiple acknowledgement covers everything up to a delivery tag, so it may be used only where nothing below that
tag is still in work. A bundle that is done while an earlier one is in work waits a moment for it; an acknowledgement
that comes late or never (the worker dies) is harmless, since the messages are recognised as done when they come again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from shared.broker.wire import Delivery

HOLD: Final = 0.25
"""Seconds an acknowledgement waits for earlier messages at most."""


class Acks:
    """What is in work and what is done but not acknowledged, on one channel."""

    def __init__(self, channel: Any, later: Callable[[float, Callable[[], None]], object]) -> None:
        self.channel = channel
        self._later = later
        self._in_work: dict[int, Delivery | None] = {}  # in the order of arrival, which is that of the tags
        self._done: set[int] = set()
        self._waits = False
        self._hurries = False

    def arrived(self, tag: int) -> None:
        """Note that a message is ours to settle."""
        self._in_work[tag] = None

    def read(self, tag: int, delivery: Delivery) -> None:
        """Note what arrived under a tag."""
        self._in_work[tag] = delivery

    @property
    def held(self) -> dict[int, Delivery]:
        """Every message that is neither acknowledged nor rejected, by its tag."""
        return {tag: delivery for tag, delivery in self._in_work.items() if delivery is not None}

    def settled(self, tag: int) -> None:
        """Note that somebody has acknowledged or rejected a message by itself."""
        self._in_work.pop(tag, None)
        if self._done:
            self._acknowledge()

    def done(self, tags: Iterable[int]) -> None:
        """Acknowledge messages, soon."""
        for tag in tags:
            if tag in self._in_work:
                del self._in_work[tag]
                self._done.add(tag)
        self._acknowledge()
        if self._hurries:
            self.flush()
        elif self._done and not self._waits:
            self._waits = True
            self._later(HOLD, self.flush)

    def flush(self) -> None:
        """Acknowledge one by one whatever has waited."""
        self._waits = False
        done, self._done = sorted(self._done), set()
        for tag in done:
            self.channel.basic_ack(tag)

    def hurry(self) -> None:
        """Let no acknowledgement wait from now on: the worker ends, and its timers have stopped."""
        self._hurries = True
        self.flush()

    def forget(self) -> None:
        """Let go of everything: the connection is lost, and the broker sends it again."""
        self._in_work.clear()
        self._done.clear()

    def _acknowledge(self) -> None:
        first = next(iter(self._in_work), None)
        ready = self._done if first is None else {tag for tag in self._done if tag < first}
        if ready:
            self._done = self._done - ready
            self.channel.basic_ack(max(ready), multiple=True)
