"""Handing a pool process many short messages at once, when many wait.

A Celery worker's parent process spends most of a short message's time on it: a request object, a pipe to the child
and back. A kind whose handler only stores may say so (`@handles(KIND, bundle=32)`); its messages then travel in
bundles. Nobody waits for a bundle to fill: while a process is free a message goes to it alone, and while all are
busy whatever arrives is gathered for the first one that is done.

A bundle is one Celery request. Its process settles each message by itself, with a transaction and a fate of its own,
and then the bundle is acknowledged. One that cannot be settled sends the whole bundle back to the queue, from where
each comes again alone; those already done are recognised.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

from shared.broker.wire import Delivery, new_id

SHOWN = 200
"""Bytes of a body that Celery's own views (Flower, `inspect active`) show."""


class Bundler:
    """Gathers messages for the processes of one pool, over one connection to the broker."""

    def __init__(self, dispatch: Callable[[Any], None], processes: int) -> None:
        self._dispatch = dispatch
        self._free = processes
        self._waiting: OrderedDict[str, deque[tuple[Any, Delivery]]] = OrderedDict()
        self._sizes: dict[str, int] = {}

    def add(self, task: str, size: int, message: Any, delivery: Delivery) -> None:
        """Take a message for a task; it leaves at once if a process is free."""
        self._sizes[task] = size
        self._waiting.setdefault(task, deque()).append((message, delivery))
        self._send()

    def settled(self) -> None:
        """Note that a bundle was acknowledged or rejected, so that its process is free."""
        self._free += 1
        self._send()

    def resize(self, processes: int) -> None:
        """Note that there are so many processes more, or fewer."""
        self._free += processes
        self._send()

    def _send(self) -> None:
        while self._free > 0 and self._waiting:
            task, waiting = next(iter(self._waiting.items()))
            taken = [waiting.popleft() for _ in range(min(self._sizes[task], len(waiting)))]
            # The next bundle is of another kind, if one waits.
            self._waiting.move_to_end(task)
            if not waiting:
                del self._waiting[task]
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
    def payload(self) -> Any:
        """The request, as `disguise` made it."""
        return self._decoded_cache

    def decode(self) -> Any:
        """Return the request, as `disguise` made it."""
        return self._decoded_cache

    def ack_log_error(self, logger: Any, errors: Any) -> None:
        """Acknowledge each message; a broken connection is logged, as kombu's own messages do."""
        self._settle(lambda message: message.ack_log_error(logger, errors))

    def reject_log_error(self, logger: Any, errors: Any, requeue: bool = False) -> None:
        """Reject each message."""
        self._settle(lambda message: message.reject_log_error(logger, errors, requeue=requeue))

    def _settle(self, settle: Callable[[Any], None]) -> None:
        if self.acknowledged:
            return
        self.acknowledged = True
        try:
            for message in self._messages:
                settle(message)
        finally:
            self._settled()


def disguise(message: Any, task: str, deliveries: list[Delivery]) -> None:
    """Make a foreign message, or a bundle of them, look to Celery like a decoded request for a task."""
    first = deliveries[0]
    alone = len(deliveries) == 1
    identity = first.message_id if alone else new_id()
    shown = first.body[:SHOWN].decode("utf-8", "replace") if alone else f"{len(deliveries)} messages"
    message.headers = {}
    message.properties = {"priority": first.properties.get("priority"), "correlation_id": identity}
    message._decoded_cache = {  # noqa: SLF001 - kombu's own cache: nothing is decoded again
        "task": task,
        "id": identity,
        "root_id": first.properties.get("correlation_id") or identity,
        "args": deliveries,
        "kwargs": {},
        "argsrepr": "",
        "kwargsrepr": shown,
        "origin": str(first.properties.get("app_id") or ""),
        "retries": 0,
    }
