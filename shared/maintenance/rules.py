"""What is well and what is not: pure functions from what was seen to an item of the report.

Each threshold is a named value with its reason; ages are in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from shared.maintenance.report import Item, State, graded, span, worst

SLOW: Final = (0.1, 1.0)
"""A statement that does nothing takes a millisecond; a tenth of a second says that the database has too much to do."""

CONNECTIONS: Final = (0.8, 0.95)
"""Share of the connections in use; what comes after the last one fails."""

OUTBOX_LATE: Final = (60.0, 600.0)
"""A relay sends within a second and holds a row for a minute at most, when its predecessor died."""

LETTERS: Final = (1, 1000)
"""Open dead letters: one is worth a look, a thousand are an incident."""

LETTERS_LATELY: Final = 100
"""Deaths within an hour that are an incident, however few letters are open."""

LOST: Final = (1, 100)
"""Messages that wait although their process died: few are a crash, many are a pool that does not run."""

RETRYING: Final = 86_400.0
"""No wait between attempts is longer: the limits of upstreams begin anew each day."""

PAUSES: Final = 5
"""How often in a row a breaker has opened when an upstream counts as away for good: some ten minutes and more."""

MISSED: Final = 300.0
"""A scheduler that leads looks every few seconds; another takes over within a minute."""

OVERDUE: Final = 0.25
"""Share of entities older than twice their age: sweeps do not keep up."""


@dataclass(frozen=True, slots=True)
class RunLog:
    """The messages that have not ended: said to run for longer than anything may, marked as lost, retried for long."""

    stuck: int
    lost: int
    retrying: int


@dataclass(frozen=True, slots=True)
class Breaker:
    """How an upstream may be asked: seconds until its breaker lets somebody try, and until its silence ends."""

    name: str
    open_for: float
    silent_for: float
    pauses: int


@dataclass(frozen=True, slots=True)
class Clockwork:
    """An enabled schedule that is late (by so many seconds beyond its grace) or has a problem."""

    name: str
    late: float
    problem: str | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """How many of a sort of entity there are, past their age, and past twice their age."""

    sort: str
    total: int
    stale: int
    overdue: int


def database(seconds: float, used: int, most: int) -> Item:
    """Judge how long a statement that does nothing took, and how many connections are in use."""
    state = worst((graded(seconds, *SLOW), graded(used / most, *CONNECTIONS)))
    return Item(
        "database",
        state,
        f"answers in {seconds * 1000:.1f} ms; {used} of {most} connections in use",
        None if state == "ok" else "look at pg_stat_activity: who is connected, and what takes long",
        {"seconds": round(seconds, 4), "connections": used, "connections_most": most},
    )


def broker(seconds: float | None, problem: str = "") -> Item:
    """Judge how long it took to connect to the broker; None when that failed."""
    if seconds is None:
        told = f"cannot be reached: {problem}"
        return Item("broker", "bad", told, "check RABBITMQ_URL, and that RabbitMQ runs; asks wait in the outbox")
    state = graded(seconds, *SLOW)
    step = None if state == "ok" else "look at memory and disk alarms: rabbitmq-diagnostics alarms"
    return Item("broker", state, f"connected in {seconds * 1000:.0f} ms", step, {"seconds": round(seconds, 4)})


def outbox(rows: int, late: float, failing: int) -> Item:
    """Judge how many messages wait to be sent, how late the longest due is, and how many were refused."""
    state = worst((graded(late, *OUTBOX_LATE), "warn" if failing else "ok"))
    told = f"{rows} messages wait" + (f"; the longest due is {span(late)} late" if late > 1 else "")
    step = None
    if failing:
        told += f"; {failing} could not be sent"
        step = "SELECT message_id, routing_key, error FROM outbox WHERE error IS NOT NULL says why"
    elif state != "ok":
        step = "see that a relay runs (millrace relay) and reaches the broker"
    return Item("outbox", state, told, step, {"rows": rows, "late": round(max(late, 0)), "failing": failing})


def ledger(count: int, oldest: float, lately: int) -> Item:
    """Judge how many dead letters are open, how old the oldest is, and how many died within an hour."""
    state = worst((graded(count, *LETTERS), "bad" if lately >= LETTERS_LATELY else "ok"))
    figures = {"open": count, "oldest": round(oldest), "last_hour": lately}
    if not count:
        return Item("ledger", state, "no dead letter is open", None, figures)
    told = f"{count} dead letters are open, the oldest for {span(oldest)}; {lately} died in the last hour"
    return Item("ledger", state, told, "millrace dead-letters list", figures)


def run_log(seen: RunLog) -> Item:
    """Judge the messages that have not ended."""
    figures = {"stuck": seen.stuck, "lost": seen.lost, "retrying": seen.retrying}
    problems = []
    if seen.stuck:
        problems.append(f"{seen.stuck} are said to run for longer than anything may")
    if seen.lost:
        problems.append(f"{seen.lost} wait to be taken up since their process died")
    if seen.retrying:
        problems.append(f"{seen.retrying} wait for another attempt since more than {span(RETRYING)}")
    if not problems:
        return Item("run_log", "ok", "every message that was begun ended, or is under way", None, figures)
    state = worst((graded(seen.stuck + seen.lost, *LOST), "warn"))
    step = "millrace pool status shows whether their pool runs; millrace publish maintenance.watchdog marks the first"
    return Item("run_log", state, "; ".join(problems), step, figures)


def upstreams(seen: Sequence[Breaker]) -> Item:
    """Judge which upstreams are not asked at the moment."""
    left_alone = [one for one in seen if one.open_for > 0]
    silent = [one for one in seen if one.silent_for > 0 and one.open_for <= 0]
    figures = {
        "known": len(seen),
        "left_alone": [one.name for one in left_alone],
        "silent": [one.name for one in silent],
    }
    if not left_alone and not silent:
        return Item("upstreams", "ok", "all that were asked may be asked", None, figures)
    told = [f"{one.name} is away, tried again in {span(one.open_for)}" for one in left_alone]
    told += [f"{one.name} has asked for silence for {span(one.silent_for)}" for one in silent]
    state: State = "bad" if any(one.pauses >= PAUSES for one in left_alone) else "warn"
    step = "nothing to do while an upstream is away; of one that stays away check address and key in the settings"
    return Item("upstreams", state, "; ".join(told), step, figures)


def schedules(count: int, enabled: int, troubled: Sequence[Clockwork]) -> Item:
    """Judge whether the clock fires what is due."""
    late = [one for one in troubled if one.late > MISSED]
    broken = [one for one in troubled if one.problem is not None]
    figures = {
        "known": count,
        "enabled": enabled,
        "late": [one.name for one in late],
        "broken": [one.name for one in broken],
    }
    if not count:
        return Item("schedules", "warn", "there are none", "millrace schedules sync", figures)
    if late:
        told = f"{len(late)} are late, {late[0].name} by {span(late[0].late)}"
        return Item("schedules", "bad", told, "see that a scheduler runs (millrace scheduler)", figures)
    if broken:
        told = f"{broken[0].name}: {broken[0].problem}"
        return Item("schedules", "warn", told, "millrace schedules list; mend or disable it", figures)
    return Item("schedules", "ok", f"{enabled} of {count} enabled, none late", None, figures)


def freshness(seen: Sequence[Freshness]) -> Item:
    """Judge how much of the screen catalogue is past its age."""
    total = sum(one.total for one in seen)
    share = sum(one.overdue for one in seen) / total if total else 0.0
    state: State = "warn" if share >= OVERDUE else "ok"
    told = ", ".join(f"{one.stale} of {one.total} {one.sort} stale" for one in seen)
    step = "give the schedules maintenance.refresh.* a larger limit, or run them more often" if state != "ok" else None
    figures = {one.sort: {"total": one.total, "stale": one.stale, "overdue": one.overdue} for one in seen}
    return Item("freshness", state, told, step, figures)
