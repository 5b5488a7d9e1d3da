"""One row for each message: whoever finishes first has done it, and nobody does it after."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from shared import runlog
from shared.runlog import AlreadyDone, Attempt, Entry

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENTRY = Entry("message-1", "maintenance.probe.store", "maintenance", "probe:1", "root", "cause", NOW, NOW)
DONE = Attempt(0, NOW.isoformat(), NOW.isoformat(), "done")
RETRIED = Attempt(0, NOW.isoformat(), NOW.isoformat(), "retried", "UpstreamAway", "503", "Traceback", "<html>", 5.0)


def finish(engine: Engine, entry: Entry = ENTRY, result: object = None) -> None:
    with engine.begin() as connection:
        runlog.finish(connection, entry, DONE, result, NOW)


def begin(engine: Engine, entry: Entry = ENTRY) -> bool:
    with engine.connect() as connection:
        return runlog.begin(connection, entry)


def fail(engine: Engine, attempt: Attempt, *, final: bool) -> None:
    with engine.begin() as connection:
        runlog.fail(connection, ENTRY, attempt, final=final, at=NOW)


def row(engine: Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        return runlog.status(connection, ENTRY.message_id) or {}


def test_a_message_nobody_has_begun_has_no_row(engine: Engine) -> None:
    assert row(engine) == {}


def test_a_message_runs_and_then_has_succeeded(engine: Engine) -> None:
    assert begin(engine)
    assert (row(engine)["status"], row(engine)["started_at"], row(engine)["attempts"]) == ("running", NOW, [])
    finish(engine, result={"name": "Breaking Bad"})
    after = row(engine)
    assert (after["status"], after["result"], after["synced_at"]) == ("succeeded", {"name": "Breaking Bad"}, NOW)
    assert [attempt["outcome"] for attempt in after["attempts"]] == ["done"]


def test_what_never_began_can_be_finished(engine: Engine) -> None:
    finish(engine)
    assert row(engine)["status"] == "succeeded"


def test_a_second_finish_is_already_done_and_takes_its_transaction_along(engine: Engine) -> None:
    finish(engine, result=1)
    with pytest.raises(AlreadyDone), engine.begin() as connection:  # noqa: PT012
        connection.exec_driver_sql("CREATE TABLE effect ()")
        runlog.finish(connection, ENTRY, DONE, 2, NOW)
    assert row(engine)["result"] == 1
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT to_regclass('effect')").scalar() is None


def test_of_two_that_finish_at_once_the_second_waits_and_is_already_done(engine: Engine) -> None:
    outcome: list[str] = []

    def second() -> None:
        try:
            finish(engine, result=2)
            outcome.append("done")
        except AlreadyDone:
            outcome.append("already done")

    thread = threading.Thread(target=second)
    with engine.begin() as connection:
        runlog.finish(connection, ENTRY, DONE, 1, NOW)
        thread.start()
        thread.join(0.3)
        assert outcome == [], "it must not know before the first has committed"
    thread.join(10)
    assert outcome == ["already done"]
    assert row(engine)["result"] == 1


def test_of_two_that_finish_at_once_the_second_has_done_it_when_the_first_fails(engine: Engine) -> None:
    thread = threading.Thread(target=finish, args=(engine,), kwargs={"result": 2})
    with pytest.raises(ZeroDivisionError), engine.begin() as connection:  # noqa: PT012
        runlog.finish(connection, ENTRY, DONE, 1, NOW)
        thread.start()
        raise ZeroDivisionError
    thread.join(10)
    assert row(engine)["result"] == 2


def test_every_attempt_is_kept_with_its_error(engine: Engine) -> None:
    fail(engine, RETRIED, final=False)
    assert (row(engine)["status"], row(engine)["finished_at"]) == ("retrying", None)
    fail(engine, replace(RETRIED, attempt=1, outcome="dead", delay=None), final=True)
    after = row(engine)
    assert (after["status"], after["finished_at"], after["synced_at"]) == ("failed", NOW, None)
    first, second = after["attempts"]
    assert first == {
        "attempt": 0,
        "started_at": NOW.isoformat(),
        "ended_at": NOW.isoformat(),
        "outcome": "retried",
        "error": "UpstreamAway",
        "message": "503",
        "traceback": "Traceback",
        "answer": "<html>",
        "delay": 5.0,
    }
    assert (second["attempt"], second["outcome"]) == (1, "dead")
    finish(engine)
    assert [attempt["outcome"] for attempt in row(engine)["attempts"]] == ["retried", "dead", "done"]


def test_a_replayed_message_that_dies_of_the_same_again_has_two_deaths(engine: Engine) -> None:
    dead = replace(RETRIED, outcome="dead", delay=None)
    fail(engine, dead, final=True)
    begin(engine)
    fail(engine, dead, final=True)
    assert [attempt["outcome"] for attempt in row(engine)["attempts"]] == ["dead", "dead"]


def test_nothing_that_comes_late_changes_what_has_succeeded(engine: Engine) -> None:
    finish(engine, result=1)
    before = row(engine)
    assert not begin(engine)
    fail(engine, RETRIED, final=True)
    assert row(engine) == before


def test_an_upstream_s_nonsense_can_be_written_down(engine: Engine) -> None:
    nonsense = "nul \0, a lone surrogate \ud83d, a backslash \\u0000, and a whole \U0001f600"
    fail(engine, replace(RETRIED, message=nonsense, answer=nonsense, traceback=nonsense), final=False)
    finish(engine, result={"name": nonsense})
    (failed, _) = row(engine)["attempts"]
    assert "\U0001f600" in failed["answer"]


def test_several_messages_finish_together_or_not_at_all(engine: Engine) -> None:
    entries = [replace(ENTRY, message_id=f"message-{number}") for number in (1, 2, 3)]
    finish(engine, entries[1])
    with pytest.raises(AlreadyDone), engine.begin() as connection:
        runlog.finish_many(connection, entries, [DONE] * 3, [None] * 3, NOW)
    with engine.begin() as connection:
        assert runlog.done(connection, [entry.message_id for entry in entries]) == {
            "message-2": (ENTRY.kind, ENTRY.entity)
        }
        runlog.finish_many(connection, [entries[0], entries[2]], [DONE] * 2, [None] * 2, NOW)
        assert len(runlog.done(connection, [entry.message_id for entry in entries])) == 3


GIVEN_UP = Attempt(0, NOW.isoformat(), NOW.isoformat(), "dead", "delivery_limit", "given up by the broker")


def bury(engine: Engine) -> None:
    with engine.begin() as connection:
        runlog.bury(connection, ENTRY, GIVEN_UP, NOW)


def test_a_message_whose_workers_were_all_killed_has_failed(engine: Engine) -> None:
    begin(engine)
    bury(engine)
    after = row(engine)
    assert (after["status"], after["finished_at"]) == ("failed", NOW)
    assert [attempt["error"] for attempt in after["attempts"]] == ["delivery_limit"]


def test_a_message_given_up_that_nobody_began_has_failed_too(engine: Engine) -> None:
    bury(engine)
    assert row(engine)["status"] == "failed"


def test_giving_up_changes_nothing_that_has_ended(engine: Engine) -> None:
    fail(engine, RETRIED, final=True)
    failed = row(engine)
    bury(engine)
    assert row(engine) == failed
    finish(engine)
    succeeded = row(engine)
    bury(engine)
    assert row(engine) == succeeded


def test_a_long_wait_that_spends_no_attempt_is_one_entry_however_often_it_was_looked_at(engine: Engine) -> None:
    wait = replace(RETRIED, error="LimitReached", message="our own limit is used up")
    for seconds in range(50):
        at = (NOW + timedelta(seconds=seconds)).isoformat()
        fail(engine, replace(wait, started_at=at, ended_at=at), final=False)
    fail(engine, replace(RETRIED, error="UpstreamAway"), final=False)
    fail(engine, replace(RETRIED, attempt=1), final=False)
    waited, away, again = row(engine)["attempts"]
    assert (waited["error"], waited["times"]) == ("LimitReached", 50)
    assert (waited["started_at"], waited["ended_at"]) == (NOW.isoformat(), at)
    assert (away["error"], again["attempt"], "times" in away) == ("UpstreamAway", 1, False)
