"""What the exporter reads in the database: ledger, outbox, schedules, breakers, freshness."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from pydantic import SecretStr

from producers.exporter.database import Database
from shared.broker import topology
from shared.settings import Settings

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

Look = Callable[[], dict[str, float]]


@pytest.fixture
def look(database_url: str) -> Iterator[Look]:
    """Give a way to look: facts by metric and label values, in the order of the labels."""
    database = Database(Settings(database_url=SecretStr(database_url)), now=lambda: NOW)

    def told() -> dict[str, float]:
        named = {}
        for fact in database.look():
            (family,) = fact.gauge.describe()
            values = [fact.labels[name] for name in fact.gauge._labelnames]
            assert fact.labels.keys() == set(fact.gauge._labelnames)
            named[" ".join([family.name.removeprefix("millrace_"), *values])] = fact.value
        return named

    yield told
    database.close()


@pytest.fixture
def sql(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def letter(sql: psycopg.Connection, queue: str, reason: str, state: str = "open", age: str = "1 hour") -> None:
    sql.execute(
        "INSERT INTO dead_letters (message_id, queue, kind, exchange, routing_key, body, properties, reason,"
        " fingerprint, state, first_died_at, last_died_at)"
        " VALUES (gen_random_uuid(), %s, 'k', 'e', 'r', '', '{}', %s, 'f', %s, now() - interval '1 year',"
        " now() - %s::interval)",
        (queue, reason, state, age),
    )


def test_an_empty_database_tells_of_what_there_is_none_of(look: Look) -> None:
    ages = {f"dead_letter_oldest_age_seconds {queue}": 0.0 for queue in topology.work_queues()}
    stale = {f"stale_entities {entity}": 0.0 for entity in ("series", "movies", "people")}
    assert look() == {"outbox_pending": 0.0, "outbox_oldest_age_seconds": 0.0, **ages, **stale}


def test_the_ledger_is_counted_and_the_oldest_open_letter_of_each_queue_has_an_age(
    look: Look, sql: psycopg.Connection
) -> None:
    letter(sql, "content", "rejected")
    letter(sql, "content", "rejected", age="2 hours")
    letter(sql, "content", "invalid", age="3 hours")
    letter(sql, "content", "rejected", state="resolved", age="4 days")
    letter(sql, "person", "exhausted", state="replaying", age="5 hours")

    told = look()

    assert {name: value for name, value in told.items() if name.startswith("dead_letters ")} == {
        "dead_letters content rejected open": 2,
        "dead_letters content invalid open": 1,
        "dead_letters content rejected resolved": 1,
        "dead_letters person exhausted replaying": 1,
    }
    assert told["dead_letter_oldest_age_seconds content"] == pytest.approx(3 * 3600, abs=60)
    assert told["dead_letter_oldest_age_seconds person"] == 0


def test_letters_of_strangers_are_two_words_however_many_names_they_made_up(
    look: Look, sql: psycopg.Connection
) -> None:
    for number in range(30):
        letter(sql, f"made.up.{number}", f"because {number}")
    told = look()
    assert {name: value for name, value in told.items() if "unknown" in name} == {
        "dead_letters unknown unknown open": 30,
        "dead_letter_oldest_age_seconds unknown": pytest.approx(3600, abs=60),
    }
    assert not any("made" in name for name in told)


def test_schedules_tell_of_their_last_success_and_by_how_much_they_are_late(
    look: Look, sql: psycopg.Connection
) -> None:
    for name, due, enabled in (("late", "11:58", True), ("soon", "12:02", True), ("off", None, False)):
        due_at = None if due is None else f"2026-03-01T{due}Z"
        sql.execute(
            "INSERT INTO schedules (name, kind, interval_seconds, changed_at, next_due_at, enabled, last_success_at)"
            " VALUES (%s, 'k', 60, now(), %s, %s, '2026-03-01T11:00Z')",
            (name, due_at, enabled),
        )
    told = look()
    assert {name: value for name, value in told.items() if "overdue" in name} == {
        "schedule_overdue_seconds late": 120.0,
        "schedule_overdue_seconds soon": 0.0,
    }
    success = datetime(2026, 3, 1, 11, tzinfo=UTC).timestamp()
    assert told["schedule_last_success_timestamp_seconds late"] == success


def test_what_is_past_its_age_is_counted_without_what_is_gone(look: Look, sql: psycopg.Connection) -> None:
    for key, synced, gone in ((1, "2026-02-01", None), (2, "2026-02-28", None), (3, "2026-02-01", "2026-02-02")):
        sql.execute(
            "INSERT INTO series (tvdb_id, name, original_name, synced_at, gone_at) VALUES (%s, 'n', 'n', %s, %s)",
            (key, f"{synced}Z", gone and f"{gone}Z"),
        )
    assert look()["stale_entities series"] == 1


def test_an_upstream_s_breaker_is_told_though_nobody_asks_it(look: Look, sql: psycopg.Connection) -> None:
    sql.execute(
        "INSERT INTO upstreams (name, due, open_until)"
        " VALUES ('tvdb', now(), now() + interval '1 minute'), ('site:a.example', now(), to_timestamp(0)),"
        " ('site:b.example', now(), now() - interval '1 minute')"
    )
    told = look()
    assert {name: value for name, value in told.items() if "breaker" in name} == {
        "upstream_breaker tvdb": 2,
        "upstream_breaker site": 1,
    }
