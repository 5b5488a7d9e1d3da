"""Handing a pool process many short messages at once, when many wait.

A Celery worker's parent process spends most of a short message's time on it: a request object, a pipe to the child
and back. A kind whose handler only stores may say so (`@handles(KIND, bundle=32)`, `@stores(KIND, bundle=500)`); its
messages then travel in bundles. Unless the kind says `wait=`, nobody waits for a bundle to fill: while a process is
free a message goes to it alone, and while all are busy whatever arrives is gathered for the first one that is done.

A bundle is one Celery request. Its process does all of it in one transaction, but for those messages that need one
(and a fate) of their own, and then the bundle is acknowledged. One that cannot be settled sends the whole bundle back
to the queue, from where each comes again alone; those already done are recognised.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from consumers import shown
from shared.broker.ids import new_id
from shared.broker.topology import DEAD_LETTERS
from shared.broker.wire import Delivery


@dataclass(slots=True)
class Waiting:
    """The messages of one task that wait for a process; `due` when they need not wait for company any more."""

    size: int
    wait: float
    messages: deque[tuple[Any, Delivery]] = field(default_factory=deque)
    due: bool = False

    @property
    def ready(self) -> bool:
        """Whether a bundle may leave."""
        return bool(self.messages) and (self.due or not self.wait or len(self.messages) >= self.size)


class Bundler:
    """Gathers messages for the processes of one pool, over one connection to the broker.

    `later(seconds, function)` calls a function in the worker's main loop.
    """

    def __init__(
        self, dispatch: Callable[[Any], None], processes: int, later: Callable[[float, Callable[[], None]], object]
    ) -> None:
        self._dispatch = dispatch
        self._free = processes
        self._later = later
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()

    def add(self, task: str, size: int, wait: float, message: Any, delivery: Delivery) -> None:
        """Take a message for a task; it leaves when a process is free and its kind has no more patience."""
        waiting = self._waiting.get(task)
        if waiting is None:
            waiting = self._waiting[task] = Waiting(size, wait)
            if wait:
                self._later(wait, partial(self._overdue, waiting))
        waiting.messages.append((message, delivery))
        if self._free > 0:
            self._send()

    def settled(self) -> None:
        """Note that a bundle was acknowledged or rejected, so that its process is free."""
        self._free += 1
        self._send()

    def resize(self, processes: int) -> None:
        """Note that there are so many processes more, or fewer."""
        self._free += processes
        self._send()

    def forget(self) -> None:
        """Let go of what waits: its connection is lost, and the broker sends it again."""
        self._waiting.clear()

    def _overdue(self, waiting: Waiting) -> None:
        waiting.due = True
        self._send()

    def _send(self) -> None:
        while self._free > 0:
            task = next((task for task, waiting in self._waiting.items() if waiting.ready), None)
            if task is None:
                return
            waiting = self._waiting.pop(task)
            taken = [waiting.messages.popleft() for _ in range(min(waiting.size, len(waiting.messages)))]
            if waiting.messages:
                # The next bundle is of another kind, if one is ready. What is left over has waited already.
                self._waiting[task] = waiting
                waiting.due = True
            self._free -= 1
            bundle = Bundle([message for message, _ in taken], self.settled)
            disguise(bundle, task, [delivery for _, delivery in taken])
            self._dispatch(bundle)


class Bundle:
    """Several messages that Celery takes for one: acknowledged and rejected together."""

    content_type = content_encoding = None
    body = b""

    def __init__(self, messages: Sequence[Any], settled: Callable[[], None]) -> None:
        self._messages = messages
        self._settled = settled
        self._decoded_cache: Any = None
        self.delivery_info = messages[0].delivery_info
        self.headers = self.properties = messages[0].properties
        self.acknowledged = False

    @property
    def tags(self) -> list[int]:
        """The delivery tags of its messages."""
        return [message.delivery_tag for message in self._messages]

    @property
    def payload(self) -> Any:
        """The request, as `disguise` made it."""
        return self._decoded_cache

    def decode(self) -> Any:
        """Return the request, as `disguise` made it."""
        return self._decoded_cache

    def ack_log_error(self, logger: Any, errors: Any) -> None:
        """Acknowledge all messages; a broken connection is logged, as kombu's own messages do."""
        if self.acknowledged:
            return
        self.acknowledged = True
        try:
            self._messages[0].channel.acks.done(self.tags)
        except errors as error:
            logger.critical("Couldn't acknowledge a bundle: %r", error, exc_info=True)
        finally:
            self._settled()

    def reject_log_error(self, logger: Any, errors: Any, requeue: bool = False) -> None:
        """Reject each message."""
        if self.acknowledged:
            return
        self.acknowledged = True
        try:
            for message in self._messages:
                message.reject_log_error(logger, errors, requeue=requeue)
        finally:
            self._settled()


def disguise(message: Any, task: str, deliveries: list[Delivery]) -> None:
    """Make a foreign message, or a bundle of them, look to Celery like a decoded request for a task."""
    first = deliveries[0]
    alone = len(deliveries) == 1
    # Keeping a dead message is another task than the one that failed: views that know tasks by their ids show both.
    identity = first.message_id if alone and first.queue != DEAD_LETTERS else new_id()
    message.headers = {}
    message.properties = {"priority": first.properties.get("priority"), "correlation_id": identity}
    message._decoded_cache = {  # noqa: SLF001 - kombu's own cache: nothing is decoded again
        "task": task,
        "id": identity,
        "root_id": first.properties.get("correlation_id") or identity,
        "args": deliveries,
        "kwargs": {},
        "argsrepr": shown.place(deliveries),
        "kwargsrepr": shown.payload(deliveries),
        "origin": str(first.properties.get("app_id") or ""),
        "retries": 0,
    }
