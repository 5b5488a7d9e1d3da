"""The fate of a message, decided here and nowhere else: Later with a delay, or Dead with a reason.

Pure: an error and what is known about the message go in, a value comes out. (Done needs no decision: a handler
that returns has done it.)
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

import psycopg
import sqlalchemy.exc
from billiard.exceptions import SoftTimeLimitExceeded

from shared.errors import (
    BreakerOpen,
    Expired,
    InvalidMessage,
    LimitReached,
    MissingSetting,
    NotYet,
    Permanent,
    PublishError,
    Transient,
)

RETRIES = 3
"""Further attempts a message gets after its first one failed for a transient reason."""

BACKOFF = (5.0, 15.0, 45.0)
"""Seconds before the first, second and third retry, when nobody said how long to wait."""

JITTER = 0.2
"""Part of a delay that chance adds at most, so that what failed together does not come back together."""

DATABASE_AWAY = 5.0
"""Seconds until a message is tried again that only failed because our database was away."""


@dataclass(frozen=True, slots=True)
class Later:
    """Try again in `delay` seconds; `spends` says whether this attempt counts against the message."""

    delay: float
    spends: bool


@dataclass(frozen=True, slots=True)
class Dead:
    """Never again by itself. `reason`: invalid, expired, rejected (for good), exhausted, or unexpected (a bug)."""

    reason: str


Verdict = Later | Dead


def decide(error: BaseException, attempt: int, chance: float, *, backoff: tuple[float, ...] = BACKOFF) -> Verdict:
    """Return the fate of a message whose attempt number `attempt` (0 first) ended in `error`.

    `chance` is a random number between 0 and 1 for the jitter.
    """
    match error:
        case Expired():
            return Dead("expired")
        case InvalidMessage():
            return Dead("invalid")
        case Permanent() | MissingSetting():
            return Dead("rejected")
        case NotYet(retry_after=wait):
            return Later(wait or 0.0, spends=False)
        case LimitReached(retry_after=wait) | BreakerOpen(retry_after=wait):
            return Later((wait or 1.0) * (1 + JITTER * chance), spends=False)
    if database_is_away(error):
        return Later(DATABASE_AWAY * (1 + JITTER * chance), spends=False)
    if not is_transient(error):
        return Dead("unexpected")
    if attempt >= RETRIES:
        return Dead("exhausted")
    asked = getattr(error, "retry_after", None)
    wait = backoff[min(attempt, len(backoff) - 1)] if asked is None else float(asked)
    return Later(wait * (1 + JITTER * chance), spends=True)


def is_transient(error: BaseException) -> bool:
    """Whether the same message may succeed later, as far as the error tells."""
    if isinstance(error, (Transient, PublishError, SoftTimeLimitExceeded, TimeoutError, ConnectionError, MemoryError)):
        return True
    if isinstance(error, OSError):
        return error.errno in {
            errno.ENOSPC,
            errno.EMFILE,
            errno.ENFILE,
            errno.EIO,
            errno.ENETUNREACH,
            errno.EHOSTUNREACH,
        }
    # Deadlock, serialisation failure, lock not available, query cancelled: the database asks for another try.
    return (_sqlstate(error) or "")[:2] in {"40", "55", "57"}


def database_is_away(error: BaseException) -> bool:
    """Whether our own database could not be reached, or is shutting down or full: no message is to blame for that."""
    if isinstance(error, sqlalchemy.exc.TimeoutError):
        return True
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    if not isinstance(cause, psycopg.Error):
        return False
    state = cause.sqlstate
    if state is None:  # it said nothing itself: the connection is what is wrong
        return isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError))
    # Read-only (25006) is what a server is that a failover has not promoted yet.
    return state[:2] in {"08", "53"} or state in {"57P01", "57P02", "57P03", "25006"}


def _sqlstate(error: BaseException) -> str | None:
    cause = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None
