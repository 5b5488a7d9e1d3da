"""Clean-ups in slices: what goes, what never does, and what a crash in the middle costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from shared import clock, ledger
from shared.broker.wire import compose
from shared.contracts.kinds import CONTRACTS
from shared.contracts.maintenance import CleanupListings, CleanupSessions, CleanupSyncLogs, CleanupTokens
from shared.maintenance import retention
from shared.runlog import AlreadyDone
from tests.integration.maintenance.conftest import Pool

OURS = "kind NOT LIKE 'maintenance.%'"
"""Rows that tests have put there; each clean-up adds rows of its own."""

WITHOUT_CLEANUPS = f"SELECT ctid, * FROM sync_log WHERE {OURS} ORDER BY message_id"  # noqa: S608


def old_runs(pool: Pool, number: int, days: float = 100) -> None:
    pool.sql(
        "INSERT INTO sync_log (message_id, kind, queue, status, started_at, finished_at)"
        " SELECT 'old-' || n, 'scrape.series.save', 'content', 'succeeded', at, at"
        " FROM generate_series(1, %s) AS n, (SELECT now() - %s * interval '1 day' AS at) AS moment",
        number,
        days,
    )


def test_twenty_thousand_rows_go_in_slices_of_a_thousand_and_a_crash_in_the_middle_repeats_nothing(
    pool: Pool, engine: Engine
) -> None:
    old_runs(pool, 20_000)
    pool.run_row("young", "succeeded", 89)
    before = datetime.now(UTC) - timedelta(days=90)

    def clear(block: int, crash: bool = False) -> retention.Forgotten:
        with engine.begin() as connection:
            done = retention.forget_runs(connection, before, block, limit=1000)
            if crash:
                connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
            return done

    block: int | None = 0
    slices: list[int] = []
    while block is not None:
        if len(slices) == 10:
            with pytest.raises(OperationalError):
                clear(block, crash=True)
            assert pool.count("sync_log") == 10_001
        done = clear(block)
        slices.append(done.deleted)
        block = done.block
    assert (max(slices), sum(slices)) == (1000, 20_000)
    assert pool.count("sync_log") == 1


def test_a_message_clears_a_slice_and_asks_for_the_next_with_the_same_end_until_nothing_is_left(pool: Pool) -> None:
    old_runs(pool, 12_000)
    results = pool.handle_all(CleanupSyncLogs(days=90))
    assert sum(result["deleted"] for result in results) == 12_000
    assert max(result["deleted"] for result in results) == retention.SLICE
    assert len({result["before"] for result in results}) == 1
    assert [result["more"] for result in results] == [True] * (len(results) - 1) + [False]
    assert pool.count("sync_log", OURS) == 0


def test_a_long_run_log_is_walked_to_its_end_in_bounded_stretches(pool: Pool, engine: Engine) -> None:
    old_runs(pool, 5000, days=1)
    pool.run_row("last", "succeeded", 100)
    block: int | None = 0
    deleted = []
    while block is not None:
        with engine.begin() as connection:
            done = retention.forget_runs(connection, datetime.now(UTC) - timedelta(days=90), block, blocks=10)
        deleted.append(done.deleted)
        block = done.block
    assert len(deleted) > 5
    assert deleted == [0] * (len(deleted) - 1) + [1]


def test_the_second_time_changes_nothing(pool: Pool) -> None:
    old_runs(pool, 10)
    pool.run_row("young", "failed", 10)
    pool.handle_all(CleanupSyncLogs())
    kept = pool.sql(WITHOUT_CLEANUPS)
    pool.handle_all(CleanupSyncLogs())
    assert pool.sql(WITHOUT_CLEANUPS) == kept
    assert [row["message_id"] for row in kept] == ["young"]


def test_the_same_message_twice_deletes_one_slice_and_asks_for_one(pool: Pool) -> None:
    old_runs(pool, 2 * retention.SLICE)
    message = compose(CONTRACTS, CleanupSyncLogs())
    pool.handle(CleanupSyncLogs(), message)
    with pytest.raises(AlreadyDone):
        pool.handle(CleanupSyncLogs(), message)
    assert pool.count("sync_log", OURS) == retention.SLICE
    assert pool.count("outbox") == 1


def test_what_has_not_ended_stays_however_old(pool: Pool) -> None:
    for status in ("running", "retrying", "succeeded", "failed"):
        pool.run_row(status, status, 1000)
    pool.handle_all(CleanupSyncLogs(days=1))
    assert [row["message_id"] for row in pool.sql(WITHOUT_CLEANUPS)] == ["retrying", "running"]


def test_the_record_of_a_message_outlives_its_dead_letter(pool: Pool, engine: Engine) -> None:
    for state in ("open", "replaying", "discarded", "resolved"):
        pool.run_row(state, "failed", 1000)
        pool.letter(state, state, days_ago=1000)
    pool.run_row("succeeded-in-truth", "succeeded", 1000)
    pool.letter("succeeded-in-truth", days_ago=1000)
    pool.handle_all(CleanupSyncLogs(days=1))
    left = [row["message_id"] for row in pool.sql(WITHOUT_CLEANUPS)]
    assert left == ["discarded", "open", "replaying", "succeeded-in-truth"]

    with engine.begin() as connection:
        for row in ledger.listing(connection, state="open"):
            ledger.replay(connection, row["id"], "test")
    pool.handle_all(CleanupSyncLogs(days=1))
    assert [row["message_id"] for row in pool.sql(WITHOUT_CLEANUPS)] == left


def test_the_record_of_a_message_that_waits_in_the_outbox_stays(pool: Pool) -> None:
    for message_id in ("waiting", "sent"):
        pool.run_row(message_id, "succeeded", 1000)
    pool.sql(
        "INSERT INTO outbox (message_id, exchange, routing_key, body, properties)"
        " VALUES ('waiting', 'work', 'content', '{}', '{}')"
    )
    pool.handle(CleanupSyncLogs(days=1))
    assert [row["message_id"] for row in pool.sql(WITHOUT_CLEANUPS)] == ["waiting"]


def test_a_message_that_the_api_still_knows_keeps_its_status(pool: Pool) -> None:
    for message_id, days in (("known", 29), ("forgotten", 31)):
        pool.run_row(message_id, "succeeded", 29)
        pool.sql(
            "INSERT INTO accepted_messages (message_id, kind, digest, accepted_at)"
            " VALUES (%s, 'scrape.series.save', '', now() - %s * interval '1 day')",
            message_id,
            days,
        )
    pool.handle(CleanupSyncLogs(days=1))
    assert [row["message_id"] for row in pool.sql(WITHOUT_CLEANUPS)] == ["known"]
    assert pool.count("accepted_messages") == 1


def test_the_last_run_of_a_schedule_stays(pool: Pool) -> None:
    pool.run_row("yearly", "succeeded", 300)
    pool.sql(
        "INSERT INTO schedules (name, kind, crontab, changed_at, last_message_id)"
        " VALUES ('yearly', 'maintenance.health', '0 0 1 1 *', now(), 'yearly')"
    )
    pool.handle(CleanupSyncLogs())
    assert pool.count("sync_log", "message_id = 'yearly'") == 1


def test_no_message_can_have_younger_rows_deleted_than_its_days_allow(pool: Pool) -> None:
    pool.run_row("young", "succeeded", 30)
    pool.handle(CleanupSyncLogs(days=90, before=datetime.now(UTC) + timedelta(days=1)))
    assert pool.count("sync_log", OURS) == 1


def test_a_publisher_from_the_future_makes_nothing_older_than_it_is(pool: Pool) -> None:
    pool.run_row("young", "succeeded", 30)
    offers(pool, {30: 1})
    later = clock.milliseconds(clock.now() + timedelta(days=365))
    for ask in (CleanupSyncLogs(days=90), CleanupListings(days_to_keep=90)):
        pool.handle(ask, replace(compose(CONTRACTS, ask), published_at=later))
    assert (pool.count("sync_log", OURS), pool.count("price_listings")) == (1, 1)


def test_a_row_that_somebody_is_just_writing_holds_nobody_up(pool: Pool, engine: Engine) -> None:
    old_runs(pool, 3)
    with psycopg.connect(pool.url) as other, engine.begin() as connection:
        other.execute("SELECT FROM sync_log WHERE message_id = 'old-2' FOR UPDATE")
        connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        assert retention.forget_runs(connection, clock.now()).deleted == 2


# Offers


def offers(pool: Pool, ages: dict[int, int]) -> None:
    """Store so many offers of each day, so many days ago."""
    pool.sql(
        "INSERT INTO minifigures (set_number, item_type, name, synced_at) VALUES ('sw0001', 'minifigure', 'x', now())"
        " ON CONFLICT DO NOTHING"
    )
    for days, number in ages.items():
        pool.sql(
            "INSERT INTO price_listings (minifigure_id, observed_on, source, item_id, title, condition, price,"
            " currency, price_kind, first_seen_at, observed_at)"
            " SELECT (SELECT id FROM minifigures), %s, 'ebay', n, 'x', 'NEW', 1, 'USD', 'fixed', now(), now()"
            " FROM generate_series(1, %s) AS n",
            ago(days),
            number,
        )


def ago(days: int) -> date:
    return clock.now().date() - timedelta(days=days)


def snapshots(pool: Pool) -> list[dict[str, Any]]:
    return pool.sql("SELECT ctid, * FROM price_snapshots ORDER BY snapshot_date")


def test_old_offers_go_the_oldest_first_and_their_snapshots_stay(pool: Pool) -> None:
    offers(pool, {90: 10, 91: 4000, 200: 3000})
    pool.sql(
        "INSERT INTO price_snapshots"
        " SELECT observed_on, minifigure_id, condition, currency, 1, 1, 1, 1, count(*), now()"
        " FROM price_listings GROUP BY 1, 2, 3, 4"
    )
    held = snapshots(pool)
    first = pool.handle(CleanupListings())
    assert first == {"deleted": 5000, "before": ago(90).isoformat(), "more": True}
    assert pool.sql("SELECT observed_on, count(*) AS left FROM price_listings GROUP BY 1 ORDER BY 1") == [
        {"observed_on": ago(91), "left": 2000},
        {"observed_on": ago(90), "left": 10},
    ]
    assert pool.sql("SELECT kept_since FROM listing_retention") == [{"kept_since": ago(90)}]
    (following,) = pool.outbox("maintenance.cleanup.listings", take=True)
    assert following == {"days_to_keep": 90, "before": ago(90).isoformat()}
    assert pool.handle(CleanupListings(before=ago(90))) == {
        "deleted": 2000,
        "before": ago(90).isoformat(),
        "more": False,
    }
    assert pool.count("price_listings") == 10
    assert snapshots(pool) == held


def test_offers_of_the_days_to_keep_stay_even_if_a_message_says_otherwise(pool: Pool) -> None:
    offers(pool, {1: 1, 2: 1})
    pool.handle(CleanupListings(days_to_keep=2, before=ago(-5)))
    assert pool.count("price_listings") == 2


# Accounts


def test_sessions_that_are_over_and_tokens_that_expired_long_ago_go_in_slices(pool: Pool) -> None:
    pool.sql("INSERT INTO users (name, password_hash, role) VALUES ('ann', 'x', 'viewer')")
    pool.sql(
        "INSERT INTO sessions (id, user_id, expires_at)"
        " SELECT sha256(n::text::bytea), 1, now() + CASE WHEN n > 6000 THEN 1 ELSE -1 END * interval '1 hour'"
        " FROM generate_series(1, 6001) AS n"
    )
    pool.sql(
        "INSERT INTO revoked_tokens (jti, user_id, expires_at)"
        " SELECT n, 1, now() - CASE WHEN n > 6000 THEN 29 ELSE 31 END * interval '1 day'"
        " FROM generate_series(1, 6001) AS n"
    )
    for ask, table in ((CleanupSessions(), "sessions"), (CleanupTokens(), "revoked_tokens")):
        assert pool.handle_all(ask) == [{"deleted": 5000, "more": True}, {"deleted": 1000, "more": False}]
        assert pool.count(table) == 1
        assert pool.handle_all(ask) == [{"deleted": 0, "more": False}]
