"""What Celery's own views (Flower, `inspect active`, `events`) show of messages: where they are, what they ask for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from shared.broker.wire import Delivery

LONGEST: Final = 300
"""Bytes of a body that are shown. Every event of a task carries them, so they are few."""

IDS: Final = 3
"""Ids shown of a bundle's messages."""

MASK: Final = "***"

# No contract has a field for a secret; a stranger's message may have anything, and these views have many eyes.
_SECRET: Final = re.compile(
    r"""(?ix)
    (?P<name> "[^"]{0,40}(?:pass(?:word|wd|phrase)|secret|token|api_?key|authorization|credential|cookie)[^"]{0,40}"
        \s*:\s* )
    (?: "(?:[^"\\]|\\.)*"? | \[.* | \{.* | [^,}\s]+ )
    | (?P<scheme> :// ) [^/@\s"]* (?: @ | $ )
    """
)

_HINTS: Final = ("pass", "secret", "token", "key", "auth", "credential", "cookie", "://")
"""Without one of these there is nothing to mask; looking closely would cost the worker's main loop ten times this."""


def place(deliveries: Sequence[Delivery]) -> str:
    """Return what is shown as positional arguments: the queue and the message's id, of a bundle how many they are."""
    first = deliveries[0]
    if len(deliveries) == 1:
        again = " redelivered" if first.redelivered else ""
        return f"{first.queue} {first.message_id}{again}"
    ids = ", ".join(each.message_id for each in deliveries[:IDS])
    more = ", …" if len(deliveries) > IDS else ""
    return f"{first.queue} {len(deliveries)} messages: {ids}{more}"


def payload(deliveries: Sequence[Delivery]) -> str:
    """Return what is shown as keyword arguments: the beginning of a body, of a bundle that of its first one.

    Values that look like secrets by their names, and users and passwords in addresses, are masked.
    """
    text = deliveries[0].body[:LONGEST].decode("utf-8", "replace")
    if len(deliveries[0].body) > LONGEST:
        text += "…"
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS):
        return text
    return _SECRET.sub(lambda found: (found["name"] and f'{found["name"]}"{MASK}"') or f"://{MASK}@", text)
