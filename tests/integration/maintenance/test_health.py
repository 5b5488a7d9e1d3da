"""The health check on a real database and a real broker: what it finds, tells and announces."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from deploy.local.ports import free_port
from producers.cli.root import app
from shared.contracts.maintenance import CheckHealth, Watch
from shared.maintenance import health
from tests.integration.maintenance.conftest import NOBODY, Pool

NAMES = ["broker", "database", "outbox", "ledger", "run_log", "upstreams", "schedules", "freshness"]


@pytest.fixture
def mute() -> Iterator[int]:
    """Give the port of somebody who lets people in and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def check(pool: Pool) -> dict[str, Any]:
    """Return the items of a check by their names."""
    return {item["name"]: item for item in pool.handle(CheckHealth())["items"]}


def test_a_check_looks_at_everything_and_keeps_its_report_as_the_result(pool: Pool) -> None:
    items = check(pool)
    assert list(items) == NAMES
    assert {name for name, item in items.items() if item["state"] != "ok"} == {"broker", "schedules"}
    assert items["schedules"]["next_step"] == "millrace schedules sync"
    assert items["database"]["figures"]["connections"] >= 1


def test_what_is_bad_is_announced_and_what_is_only_worth_a_look_is_not(pool: Pool) -> None:
    check(pool)
    (fact,) = pool.outbox("facts.health.bad", take=True)
    assert fact["items"] == ["broker"]
    assert fact["told"][0].startswith("cannot be reached")


def test_a_line_that_is_well_announces_nothing(pool: Pool, rabbitmq_url: str) -> None:
    pool.wiring.settings = pool.wiring.settings.model_copy(update={"rabbitmq_url": SecretStr(rabbitmq_url)})
    assert check(pool)["broker"]["state"] == "ok"
    assert pool.outbox("facts.health.bad") == []


def test_a_broker_that_lets_nobody_in_is_told_apart_from_one_that_is_away(rabbitmq_url: str) -> None:
    user, _, place = rabbitmq_url.removeprefix("amqp://").rpartition("@")
    refused = health.look_at_broker(f"amqp://{user.partition(':')[0]}:wrong@{place}")
    assert refused.state == "bad"
    assert "ACCESS_REFUSED" in refused.told
    assert "refused" in health.look_at_broker(f"amqp://127.0.0.1:{free_port()}/").told.lower()


def test_a_broker_that_says_nothing_is_given_up_in_time(mute: int) -> None:
    began = time.monotonic()
    assert health.look_at_broker(f"amqp://127.0.0.1:{mute}/", patience=0.3).state == "bad"
    assert time.monotonic() - began < 3


def test_messages_that_wait_for_a_relay_that_does_not_run_are_found(pool: Pool) -> None:
    put = (
        "INSERT INTO outbox (message_id, exchange, routing_key, body, properties, not_before)"
        " VALUES ('m', 'scrape', 'k', '', '{}', now() + %s * interval '1 minute')"
    )
    pool.sql(put, 60)
    assert check(pool)["outbox"]["state"] == "ok"
    pool.sql(put, -15)
    outbox = check(pool)["outbox"]
    assert (outbox["state"], outbox["told"]) == ("bad", "3 messages wait; the longest due is 15 min late")


def test_open_dead_letters_are_counted_and_settled_ones_are_not(pool: Pool) -> None:
    pool.letter("a", days_ago=5)
    pool.letter("b")
    pool.letter("c", "resolved")
    assert check(pool)["ledger"]["figures"] == {"open": 2, "oldest": 432000, "last_hour": 1}


def test_lost_messages_are_counted_before_and_after_the_watchdog_marked_them(pool: Pool) -> None:
    pool.run_row("lost", "running", 1)
    pool.run_row("waits", "retrying", 2, attempts='[{"outcome": "retried"}]')
    pool.run_row("under way", "running", 0)
    assert check(pool)["run_log"]["figures"] == {"stuck": 1, "lost": 0, "retrying": 1}
    pool.handle(Watch())
    assert check(pool)["run_log"]["figures"] == {"stuck": 0, "lost": 1, "retrying": 1}


def test_an_upstream_that_is_left_alone_is_named(pool: Pool) -> None:
    pool.sql("INSERT INTO upstreams (name, open_until, pauses) VALUES ('tvdb', now() + interval '10 minutes', 6)")
    pool.sql("INSERT INTO upstreams (name, silent_until) VALUES ('ebay', now() + interval '1 minute')")
    upstreams = check(pool)["upstreams"]
    assert upstreams["state"] == "bad"
    assert upstreams["figures"] == {"known": 2, "left_alone": ["tvdb"], "silent": ["ebay"]}


def test_schedules_that_nobody_fires_are_found_unless_disabled(pool: Pool) -> None:
    add = (
        "INSERT INTO schedules (name, kind, crontab, changed_at, enabled, next_due_at)"
        " VALUES (%s, 'maintenance.health', '0 * * * *', now(), %s = 'on', now() - interval '1 hour')"
    )
    pool.sql(add, "off", "off")
    assert check(pool)["schedules"]["state"] == "ok"
    pool.sql(add, "on", "on")
    schedules = check(pool)["schedules"]
    assert (schedules["state"], schedules["figures"]["late"]) == ("bad", ["on"])


def test_a_catalogue_that_sweeps_do_not_keep_up_with_is_found(pool: Pool) -> None:
    pool.sql(
        "INSERT INTO people (tvdb_id, name, synced_at, gone_at)"
        " SELECT n, 'x', now() - n * interval '10 days', CASE WHEN n = 4 THEN now() END FROM generate_series(1, 4) AS n"
    )
    freshness = check(pool)["freshness"]
    assert freshness["figures"]["people"] == {"total": 4, "stale": 2, "overdue": 1}
    assert freshness["state"] == "warn"


# The command


def millrace(url: str, *options: str) -> Result:
    environment = {"DATABASE_URL": url, "RABBITMQ_URL": NOBODY}
    return CliRunner().invoke(app, ["health", *options], env=environment, prog_name="millrace")


def test_the_command_tells_a_person_what_is_not_well_and_what_to_do(database_url: str) -> None:
    result = millrace(database_url)
    assert result.exit_code == 1
    assert all(name in result.stdout for name in NAMES)
    assert "broker: check RABBITMQ_URL" in result.stderr


def test_the_command_works_without_a_database_too() -> None:
    result = millrace(f"postgresql://127.0.0.1:{free_port()}/x", "--json")
    items = json.loads(result.stdout)["items"]
    assert [(item["name"], item["state"]) for item in items] == [("broker", "bad"), ("database", "bad")]
    assert result.exit_code == 1


def test_a_schema_that_is_older_than_the_code_is_no_riddle(pool: Pool) -> None:
    pool.sql("DROP TABLE upstreams")
    report = json.loads(millrace(pool.url, "--json").stdout)
    (database,) = (item for item in report["items"] if item["name"] == "database")
    assert 'relation "upstreams" does not exist' in database["told"]
    assert "schema" in database["next_step"]
