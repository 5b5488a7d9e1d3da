"""Maintenance from end to end: real pools, a real relay, and a worker that is killed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.contracts.maintenance import CheckHealth, CleanupSyncLogs, RefreshContent, Watch
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Sleep


@pytest.fixture(autouse=True)
def keeper(maintenance: Running) -> Running:
    """Start the maintenance pool."""
    return maintenance


@pytest.fixture
def victim(stack: Stack) -> Iterator[Running]:
    """Start a content worker that may be killed; nobody else consumes its queue."""
    worker = stack.worker("content", concurrency=1)
    yield worker
    worker.stop()


def test_a_message_whose_worker_was_killed_is_marked_shown_and_done_once_by_the_next(
    stack: Stack, victim: Running
) -> None:
    (key,) = stack.keys(1)
    (message,) = stack.ask(Sleep(key=key, seconds=2.0))
    eventually(lambda: (stack.run(message) or {}).get("status") == "running", what="the work being under way")
    victim.kill()
    eventually(
        lambda: stack.rows(
            "SELECT FROM sync_log WHERE started_at < now() - interval '1 second' AND message_id = %s", message
        ),
        what="the limit of this test being over",
    )

    (watch,) = stack.ask(Watch(older_than=1))
    assert message in stack.ended(watch)["result"]["messages"]
    lost = stack.run(message) or {}
    assert (lost["status"], [one["outcome"] for one in lost["attempts"]]) == ("retrying", ["lost"])
    (check,) = stack.ask(CheckHealth())
    items = {item["name"]: item for item in stack.ended(check)["result"]["items"]}
    assert items["run_log"]["figures"]["lost"] == 1
    assert items["broker"]["state"] == "ok"

    successor = stack.worker("content", concurrency=1)
    done = stack.ended(message)
    assert (done["status"], [one["outcome"] for one in done["attempts"]]) == ("succeeded", ["lost", "done"])
    assert stack.times(key) == [1]
    successor.stop()


def test_a_stale_series_is_refreshed_and_the_next_sweep_has_nothing_to_do(stack: Stack, content: Running) -> None:  # noqa: ARG001
    stack.rows(
        "INSERT INTO series (tvdb_id, name, original_name, synced_at) VALUES (81189, 'old', 'old', '2020-01-01')"
        " ON CONFLICT (tvdb_id) DO UPDATE SET synced_at = excluded.synced_at RETURNING tvdb_id"
    )
    (first,) = stack.ask(RefreshContent())
    assert stack.ended(first)["result"]["asked"] >= 1
    eventually(
        lambda: stack.rows("SELECT FROM series WHERE tvdb_id = 81189 AND synced_at > now() - interval '1 hour'"),
        what="a fresh series",
    )
    eventually(
        lambda: (
            not stack.rows(
                "SELECT FROM refresh_asks LEFT JOIN sync_log AS run USING (message_id)"
                " WHERE coalesce(run.status, 'running') IN ('running', 'retrying')"
            )
        ),
        what="all saves of the sweep having ended",
    )
    (second,) = stack.ask(RefreshContent())
    assert stack.ended(second)["result"]["asked"] == 0


def test_a_clean_up_of_many_slices_runs_by_itself_to_its_end(stack: Stack) -> None:
    stack.rows(
        "INSERT INTO sync_log (message_id, kind, queue, status, started_at, finished_at)"
        " SELECT 'old-' || n, 'k', 'content', 'succeeded', at, at"
        " FROM generate_series(1, 12000) AS n, (SELECT now() - interval '100 days' AS at) AS moment RETURNING 1"
    )
    stack.ask(CleanupSyncLogs())
    eventually(
        lambda: not stack.rows("SELECT FROM sync_log WHERE message_id LIKE 'old-%%' LIMIT 1"),
        what="an empty past",
    )
    slices = stack.rows("SELECT result FROM sync_log WHERE kind = 'maintenance.cleanup.sync_logs'")
    assert len(slices) >= 3
