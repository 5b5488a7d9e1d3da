"""Opens Brickset's answers: the API says everything with HTTP 200, and only its message tells what is wrong.

The API is described at brickset.com/article/52664/api-version-3-documentation; the messages are those that client
libraries have met, so they are told apart by what they contain, whatever the case of their letters.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from shared.errors import LimitReached, MillraceError, UnreadableAnswer, UpstreamRefused
from shared.upstreams.answer import Answer

UPSTREAM: Final = "brickset"
OK: Final = 200

Raw = dict[str, Any]


def opened(answer: Answer, now: datetime) -> Raw:
    """Return a good answer's object. Raises LimitReached, UpstreamRefused or UnreadableAnswer for any other."""
    envelope = answer.json()
    if isinstance(envelope, dict) and set(envelope) == {"d"}:
        envelope = _unwrapped(envelope["d"], answer)
    if not isinstance(envelope, dict):
        raise UnreadableAnswer(UPSTREAM, f"{answer.what} is no object", answer.body)
    if envelope.get("status") != "success":
        raise failure(envelope, answer, now)
    return envelope


def failure(envelope: Raw, answer: Answer, now: datetime) -> MillraceError:
    """Return the error for an object that is no success."""
    message = envelope.get("message") or envelope.get("error")
    if not isinstance(message, str):
        return UnreadableAnswer(UPSTREAM, f"{answer.what} is neither a success nor says why", answer.body)
    if "limit exceeded" in message.casefold():
        return LimitReached(UPSTREAM, until_midnight(now))
    return UpstreamRefused(UPSTREAM, OK, f"{answer.what}: {message[:200]}")


def until_midnight(now: datetime) -> float:
    """Return the seconds until calls are counted afresh: at midnight UTC, since usage is dated in days that end in Z.

    Brickset does not say. If it counts otherwise, the first call of the new day is refused and another day waited.
    """
    today = now.astimezone(UTC)
    return (datetime.combine(today.date() + timedelta(days=1), time(), UTC) - today).total_seconds()


def _unwrapped(text: object, answer: Answer) -> object:
    """Return the object inside `{"d": "<json>"}`, as some answers come."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswer(UPSTREAM, f"{answer.what} is not JSON within d ({error})", answer.body) from error
