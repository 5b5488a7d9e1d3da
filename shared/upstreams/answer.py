"""What an upstream answered, and which of our errors a status stands for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NoReturn

import httpx

from shared.errors import MillraceError, RateLimited, UnreadableAnswer, UpstreamAway, UpstreamGone, UpstreamRefused
from shared.upstreams.secrets import masked

LONGEST_RETRY_AFTER: Final = 24 * 3600.0  # seconds; an upstream that says a year means "broken", not "next year"
_EXCERPT: Final = 200  # characters of a refusal's text that are enough to know why
_AWAY: Final = frozenset({408, 425})  # request timeout, too early: the same request may do better later
_GONE: Final = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer: `body` is decompressed, `what` says in words what was asked for."""

    upstream: str
    what: str
    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)

    def json(self) -> object:
        """Return the body as JSON whatever the content type claims; raises UnreadableAnswer, which keeps the body."""
        try:
            parsed: object = json.loads(self.body, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise UnreadableAnswer(self.upstream, f"{self.what} is not JSON ({error})", self.body) from error
        return parsed


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def refusal(answer: Answer, what: str, request: str, secrets: Iterable[str], now: datetime) -> MillraceError | None:
    """Return the error an answer's status stands for, or None for a success."""
    upstream, status = answer.upstream, answer.status
    pause = retry_after(answer.headers.get("Retry-After"), now)
    why = f"{what} ({request})"
    if 200 <= status < 300:  # noqa: PLR2004 - the statuses' own classes
        return None
    if status == httpx.codes.TOO_MANY_REQUESTS:
        return RateLimited(upstream, pause)
    if status >= 500 or status in _AWAY:  # noqa: PLR2004
        body = answer.body[: UnreadableAnswer.KEPT]
        return UpstreamAway(upstream, f"answered {status} to {why}", pause, status, body)
    if status in _GONE:
        return UpstreamGone(upstream, what, answer.body[: UnreadableAnswer.KEPT])
    text = " ".join(answer.body[: 8 * _EXCERPT].decode("utf-8", "replace").split())
    return UpstreamRefused(upstream, status, f"{why}: {masked(text, secrets)[:_EXCERPT]}".rstrip(": "))


def retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for, given as seconds or as a date; None if it says nothing."""
    if value is None:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value.strip(), re.ASCII):
        seconds = float(value)
    else:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (aware - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)
