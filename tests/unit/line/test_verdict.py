"""The table of fates, error by error."""

from __future__ import annotations

import errno
import inspect
from typing import Any

import psycopg
import pytest
import sqlalchemy.exc
from billiard.exceptions import SoftTimeLimitExceeded
from psycopg import errors as pg

from consumers.verdict import BACKOFF, DATABASE_AWAY, JITTER, RETRIES, Dead, Later, decide
from shared import errors
from shared.errors import (
    BreakerOpen,
    BrokerAway,
    ContractViolation,
    Expired,
    IdTaken,
    LimitReached,
    MissingSetting,
    NotYet,
    RateLimited,
    Refused,
    Undecodable,
    UnknownKind,
    UnknownSchema,
    UnreadableAnswer,
    Unroutable,
    UpstreamAway,
    UpstreamGone,
    UpstreamRefused,
)


def wrapped(error: psycopg.Error) -> sqlalchemy.exc.DBAPIError:
    """Return an error of psycopg as SQLAlchemy raises it."""
    return sqlalchemy.exc.DBAPIError("SELECT", {}, error)


DEAD: list[tuple[BaseException, str]] = [
    (Undecodable("x"), "invalid"),
    (UnknownKind("x"), "invalid"),
    (UnknownSchema("x", 9, 1), "invalid"),
    (ContractViolation("x", ["y"]), "invalid"),
    (IdTaken("m", "x"), "invalid"),
    (Expired("x"), "expired"),
    (UpstreamGone("tvdb", "x"), "rejected"),
    (UpstreamRefused("tvdb", 400, "x"), "rejected"),
    (UnreadableAnswer("tvdb", "x"), "rejected"),
    (MissingSetting("TMDB_TOKEN", "x"), "rejected"),
    (ZeroDivisionError(), "unexpected"),
    (KeyError("x"), "unexpected"),
    (RecursionError(), "unexpected"),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"), "unexpected"),
    (FileNotFoundError(errno.ENOENT, "x"), "unexpected"),
    (pg.UniqueViolation(), "unexpected"),
    (wrapped(pg.NotNullViolation()), "unexpected"),
    (pg.UndefinedTable(), "unexpected"),
    (wrapped(pg.NumericValueOutOfRange()), "unexpected"),
]

TRANSIENT: list[BaseException] = [
    UpstreamAway("tvdb", "503"),
    RateLimited("tvdb", None),
    SoftTimeLimitExceeded(),
    TimeoutError(),
    ConnectionResetError(),
    MemoryError(),
    OSError(errno.ENOSPC, "no space"),
    OSError(errno.EMFILE, "too many files"),
    Unroutable("m", "x"),
    Refused("m", "x"),
    BrokerAway("m", "x"),
    pg.DeadlockDetected(),
    wrapped(pg.SerializationFailure()),
    pg.LockNotAvailable(),
    pg.QueryCanceled(),
]

AWAY: list[BaseException] = [
    psycopg.OperationalError("connection refused"),
    wrapped(psycopg.OperationalError("the connection is lost")),
    psycopg.InterfaceError("the connection is closed"),
    pg.AdminShutdown(),
    wrapped(pg.CannotConnectNow()),
    pg.CrashShutdown(),
    pg.TooManyConnections(),
    pg.DiskFull(),
    pg.ConnectionFailure(),
    pg.ReadOnlySqlTransaction(),
    sqlalchemy.exc.TimeoutError(),
]


@pytest.mark.parametrize(("error", "reason"), DEAD, ids=repr)
def test_what_can_never_succeed_is_dead_at_once_with_its_reason(error: BaseException, reason: str) -> None:
    assert decide(error, 0, 0.5) == Dead(reason)


@pytest.mark.parametrize("error", TRANSIENT, ids=repr)
def test_what_may_succeed_later_gets_three_retries_and_is_then_exhausted(error: BaseException) -> None:
    fates = [decide(error, attempt, 0.0) for attempt in range(RETRIES + 1)]
    assert fates == [*(Later(wait, spends=True) for wait in BACKOFF), Dead("exhausted")]


@pytest.mark.parametrize("error", AWAY, ids=repr)
def test_a_database_that_is_away_is_nobody_s_fault_however_long_it_lasts(error: BaseException) -> None:
    for attempt in (0, RETRIES, RETRIES + 100):
        assert decide(error, attempt, 0.0) == Later(DATABASE_AWAY, spends=False)


@pytest.mark.parametrize("attempt", [0, RETRIES, RETRIES + 100])
def test_waiting_for_our_own_limit_a_breaker_or_for_the_time_to_start_spends_no_attempt(attempt: int) -> None:
    assert decide(LimitReached("tvdb", 3.0), attempt, 0.0) == Later(3.0, spends=False)
    assert decide(BreakerOpen("tvdb", 3.0), attempt, 0.0) == Later(3.0, spends=False)
    assert decide(NotYet(90.0), attempt, 1.0) == Later(90.0, spends=False), "to the moment, without jitter"


def test_a_limit_that_names_no_time_is_not_asked_again_at_once() -> None:
    fate = decide(LimitReached("tvdb", 0.0), 0, 0.0)
    assert isinstance(fate, Later)
    assert fate.delay >= 0.5


@pytest.mark.parametrize("error", [RateLimited("tvdb", 7.0), UpstreamAway("tvdb", "503", 7.0)], ids=repr)
def test_who_says_for_how_long_to_wait_is_obeyed_but_not_for_ever(error: errors.Transient) -> None:
    assert decide(error, 0, 0.0) == Later(7.0, spends=True)
    assert decide(error, RETRIES, 0.0) == Dead("exhausted")


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("error", [UpstreamAway("tvdb", "x"), RateLimited("tvdb", 7.0), LimitReached("tvdb", 7.0)])
def test_jitter_only_ever_adds_and_never_more_than_its_part(error: Any, chance: float) -> None:
    wait = error.retry_after or BACKOFF[0]
    fate = decide(error, 0, chance)
    assert isinstance(fate, Later)
    assert wait <= fate.delay <= wait * (1 + JITTER)
    assert fate.delay == pytest.approx(wait * (1 + JITTER * chance))


def test_another_backoff_is_used_as_given_and_its_last_value_repeats() -> None:
    error = UpstreamAway("tvdb", "x")
    assert [decide(error, attempt, 0.0, backoff=(1.0, 2.0)) for attempt in range(3)] == [
        Later(1.0, spends=True),
        Later(2.0, spends=True),
        Later(2.0, spends=True),
    ]


def test_every_error_of_ours_that_a_handler_can_meet_is_in_a_table_of_this_page() -> None:
    ours = {
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, errors.MillraceError) and not kind.__subclasses__()
    }
    met = {type(error) for error in [*TRANSIENT, *(error for error, _ in DEAD)]} | {LimitReached, BreakerOpen, NotYet}
    assert ours <= met
