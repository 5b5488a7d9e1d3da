"""The watchdog on rows that a process left behind, and what becomes of their messages afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from shared import clock, runlog
from shared.contracts.maintenance import Watch
from shared.maintenance import watchdog
from tests.integration.maintenance.conftest import Pool

HOUR = 1 / 24


def row(pool: Pool, message_id: str) -> dict[str, Any]:
    (found,) = pool.sql("SELECT * FROM sync_log WHERE message_id = %s", message_id)
    return found


def entry(message_id: str, at: datetime) -> runlog.Entry:
    return runlog.Entry(message_id, "scrape.series.save", "content", None, message_id, None, at, at)


def ended(at: datetime, outcome: str, **more: Any) -> runlog.Attempt:
    return runlog.Attempt(0, at.isoformat(), at.isoformat(), outcome, **more)


def test_what_runs_for_longer_than_anything_may_is_marked_and_says_why(pool: Pool) -> None:
    pool.run_row("lost", "running", HOUR)
    pool.run_row("under way", "running", 0.5 * HOUR)
    assert pool.handle(Watch()) == {"lost": 1, "messages": ["lost"]}
    lost = row(pool, "lost")
    assert (lost["status"], lost["finished_at"]) == ("retrying", None)
    (attempt,) = lost["attempts"]
    assert (attempt["attempt"], attempt["outcome"], attempt["error"]) == (0, "lost", "ProcessLost")
    assert attempt["started_at"] < attempt["ended_at"]
    assert row(pool, "under way")["attempts"] == []


def test_the_second_look_changes_nothing(pool: Pool) -> None:
    pool.run_row("lost", "running", HOUR)
    pool.handle(Watch())
    before = row(pool, "lost")
    assert pool.handle(Watch()) == {"lost": 0, "messages": []}
    assert row(pool, "lost") == before


def test_what_has_ended_or_is_to_be_tried_again_is_left_alone(pool: Pool) -> None:
    for status in ("retrying", "succeeded", "failed"):
        pool.run_row(status, status, 10)
    assert pool.handle(Watch())["lost"] == 0


def test_a_message_that_was_lost_is_begun_and_finished_like_any_other(pool: Pool, engine: Engine) -> None:
    pool.run_row("lost", "running", HOUR)
    pool.handle(Watch())
    now = clock.now()
    with engine.connect() as connection:
        assert runlog.begin(connection, entry("lost", now))
    assert row(pool, "lost")["status"] == "running"
    with engine.begin() as connection:
        runlog.finish(connection, entry("lost", now), ended(now, "done"), {"ok": True}, now)
    done = row(pool, "lost")
    assert (done["status"], done["result"]) == ("succeeded", {"ok": True})
    assert [attempt["outcome"] for attempt in done["attempts"]] == ["lost", "done"]
    assert pool.handle(Watch(older_than=1))["lost"] == 0


def test_a_process_that_was_given_up_too_early_may_still_finish(pool: Pool, engine: Engine) -> None:
    pool.run_row("slow", "running", HOUR)
    pool.handle(Watch())
    now = clock.now()
    with engine.begin() as connection:
        runlog.finish(connection, entry("slow", now), ended(now, "done"), None, now)
    assert row(pool, "slow")["status"] == "succeeded"


def test_a_message_that_was_lost_may_fail_and_the_loss_is_not_forgotten(pool: Pool, engine: Engine) -> None:
    pool.run_row("lost", "running", HOUR)
    pool.handle(Watch())
    now = clock.now()
    failure = ended(now, "retried", error="UpstreamAway")
    with engine.begin() as connection:
        runlog.fail(connection, entry("lost", now), failure, final=False, at=now)
    assert [one["outcome"] for one in row(pool, "lost")["attempts"]] == ["lost", "retried"]
    pool.sql(
        "UPDATE sync_log SET status = 'running', started_at = now() - interval '1 hour' WHERE kind LIKE 'scrape.%%'"
    )
    pool.handle(Watch())
    assert [one["attempt"] for one in row(pool, "lost")["attempts"]] == [0, 0, 1]


def test_a_message_that_is_in_the_ledger_has_failed(pool: Pool) -> None:
    pool.run_row("dead", "running", HOUR)
    pool.letter("dead")
    pool.handle(Watch())
    found = row(pool, "dead")
    assert found["status"] == "failed"
    assert found["finished_at"] is not None
    assert found["attempts"][0]["outcome"] == "dead"
    assert found["attempts"][0]["error"] == "exhausted"


@pytest.mark.parametrize(
    ("state", "days_ago", "queue"), [("replaying", 0, "content"), ("open", 1, "content"), ("open", 0, "person")]
)
def test_a_letter_of_another_time_or_queue_or_on_its_way_back_says_nothing_of_this_run(
    pool: Pool, state: str, days_ago: float, queue: str
) -> None:
    pool.run_row("lost", "running", HOUR)
    pool.letter("lost", state, days_ago, queue)
    pool.handle(Watch())
    assert row(pool, "lost")["status"] == "retrying"


def test_a_row_that_is_just_being_finished_is_not_waited_for(pool: Pool, engine: Engine) -> None:
    pool.run_row("finishing", "running", HOUR)
    now = clock.now()
    with psycopg.connect(pool.url) as other, engine.begin() as connection:
        other.execute("UPDATE sync_log SET status = 'succeeded'")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        assert watchdog.mark_lost(connection, now, now) == []
    assert row(pool, "finishing")["status"] == "succeeded"


def test_many_are_marked_a_slice_at_a_time_the_oldest_first(pool: Pool, engine: Engine) -> None:
    for number in range(5):
        pool.run_row(str(number), "running", number + 1)
    now = clock.now()
    with engine.begin() as connection:
        first = watchdog.mark_lost(connection, now - timedelta(hours=1), now, limit=3)
    assert sorted(one.message_id for one in first) == ["2", "3", "4"]
    assert [one.status for one in first] == ["retrying"] * 3


def test_what_has_not_ended_is_found_by_an_index_of_its_own(pool: Pool) -> None:
    pool.sql(
        "INSERT INTO sync_log (message_id, kind, queue, status, started_at, finished_at)"
        " SELECT n, 'k', 'content', 'succeeded', now(), now() FROM generate_series(1, 20000) AS n"
    )
    pool.run_row("lost", "running", HOUR)
    pool.sql("ANALYZE sync_log")
    values = {"before": clock.now(), "now": clock.now(), "limit": 10}
    with psycopg.connect(pool.url) as connection:
        plan = connection.execute("EXPLAIN " + watchdog._MARK, values).fetchall()
    assert any("sync_log_unfinished_idx" in line for (line,) in plan)
    assert not any("Seq Scan on sync_log" in line for (line,) in plan)
