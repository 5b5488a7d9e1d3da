"""`millrace schedules` on a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from producers.cli.root import app

Run = Callable[..., Result]
HOURLY = "scrape.source.ingest_all"


def millrace(url: str) -> Run:
    def run(*words: str) -> Result:
        environment = {"DATABASE_URL": url, "COLUMNS": "250", "MILLRACE_ADMIN_TOKEN": ""}
        return CliRunner().invoke(app, ["schedules", *words], env=environment, prog_name="millrace")

    return run


@pytest.fixture
def run(database_url: str) -> Run:
    return millrace(database_url)


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_sync_then_list_shows_next_times_in_each_zone_and_in_utc(run: Run) -> None:
    outcomes = {one["name"]: one["outcome"] for one in told(run("sync", "--json"))}
    assert outcomes[HOURLY] == "added"
    assert outcomes["scrape.venue.mote"] == "waiting"
    assert "no enabled source of the kind mote" in run("sync").stdout

    run("add", "breakfast", HOURLY, "--crontab", "0 6 * * *", "--time-zone", "America/New_York")
    listed = {one["name"]: one for one in told(run("list", "--json"))}
    assert listed["breakfast"]["next_due_local"][11:].removesuffix(":00") in {"06:00:00-05", "06:00:00-04"}
    assert listed["breakfast"]["next_due_at"].endswith(("10:00:00+00:00", "11:00:00+00:00"))
    table = run("list").stdout
    assert "0 6 * * * America/New_York" in table
    assert listed["breakfast"]["next_due_local"].replace("T", " ") in table


def test_nothing_seeded_says_what_to_do(run: Run) -> None:
    assert "millrace schedules sync" in run("list").stderr


@pytest.mark.parametrize(
    ("words", "when"),
    [
        (("--every", "2h"), "every 2h"),
        (("--every", "90s"), "every 90s"),
        (("--every", "3600"), "every 1h"),
        (("--crontab", "*/5 * * * *"), "*/5 * * * * UTC"),
        (
            ("--at", "2199-07-01T06:00", "--time-zone", "Europe/Vienna"),
            "once, 2199-07-01T06:00:00+02:00",
        ),
        (("--at", "2199-07-01T06:00Z"), "once, 2199-07-01T06:00:00+00:00"),
    ],
)
def test_a_schedule_of_ones_own_is_added_shown_and_removed(run: Run, words: tuple[str, ...], when: str) -> None:
    added = told(run("add", "own", HOURLY, "limit_per_source=7", *words, "--priority", "1", "--json"))
    assert (added["when"], added["payload"], added["priority"]) == (when, {"limit_per_source": 7}, 1)
    shown = told(run("show", "own", "--json"))
    assert shown["next_due_at"] == added["next_due_at"]
    assert shown["changed_by"].startswith("cli")
    assert when in run("show", "own").stdout
    assert run("remove", "own").exit_code == 0
    assert run("show", "own").exit_code == 1


def test_set_changes_what_is_given_and_nothing_else(run: Run) -> None:
    added = told(run("add", "own", "scrape.venue.mote", "source_id=4", "--every", "1h", "--description", "x", "--json"))
    changed = told(run("set", "own", "months_ahead=3", "--actor", "ann", "--json"))
    assert changed["payload"] == {"source_id": 4, "months_ahead": 3}
    same = set(added) - {"payload", "changed_by", "changed_at"}
    assert {name: changed[name] for name in same} == {name: added[name] for name in same}
    assert changed["changed_by"] == "ann"

    replaced = told(run("set", "own", '{"source_id": 5}', "--crontab", "0 6 * * *", "--json"))
    assert (replaced["payload"], replaced["interval_seconds"]) == ({"source_id": 5}, None)


def test_several_are_enabled_and_disabled_at_once_or_not_at_all(run: Run) -> None:
    for name in ("one", "two"):
        run("add", name, HOURLY, "--every", "1h", "--disabled")
    assert {one["state"] for one in told(run("list", "--json"))} == {"disabled"}
    assert run("enable", "one", "three").exit_code == 1
    assert {one["state"] for one in told(run("list", "--json"))} == {"disabled"}
    assert [one["state"] for one in told(run("enable", "one", "two", "--json"))] == ["waiting", "waiting"]
    assert run("disable", "one").stdout.startswith("one: every 1h, disabled")


def test_run_now_is_told_of_by_show(run: Run) -> None:
    run("add", "own", HOURLY, "--every", "1h")
    asked = told(run("run-now", "own", "--json"))["message_id"]
    (firing,) = told(run("show", "own", "--json"))["firings"]
    assert (firing["message_id"], firing["status"]) == (asked, "pending")
    assert asked in run("show", "own").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("add", "own", HOURLY), 2, "exactly one of"),
        (("add", "own", HOURLY, "--every", "1h", "--crontab", "* * * * *"), 2, "exactly one of"),
        (("add", "own", HOURLY, "--crontab", "0 0 30 2 *"), 2, "never due"),
        (("add", "own", HOURLY, "--crontab", "61 * * * *"), 2, "minute"),
        (("add", "own", HOURLY, "--every", "2 weeks"), 2, "no interval"),
        (("add", "own", HOURLY, "--at", "tomorrow"), 2, "no moment"),
        (("add", "own", HOURLY, "--at", "2001-01-01T00:00Z"), 2, "has passed"),
        (("add", "own", HOURLY, "--every", "1h", "--time-zone", "Mars/Olympus"), 2, "Mars/Olympus"),
        (("add", "own", HOURLY, "limit_per_source=0", "--every", "1h"), 2, "limit_per_source"),
        (("add", "own", "scrape.nothing", "--every", "1h"), 2, "scrape.nothing"),
        (("add", "facts", "facts.listings.ingested", "--every", "1h"), 2, "facts.listings.ingested"),
        (("add", "No Name", HOURLY, "--every", "1h"), 2, "No Name"),
        (("set", "own"), 2, "nothing is given"),
        (("set", "nope", "--priority", "1"), 1, "no schedule nope"),
        (("run-now", "nope"), 1, "no schedule nope"),
        (("sync", "--reset", "nope"), 1, "no schedule nope"),
    ],
)
def test_what_cannot_be_is_refused_with_cause_and_next_step(
    empty_url: str, words: tuple[str, ...], code: int, said: str
) -> None:
    run = millrace(empty_url)
    result = run(*words)
    assert (result.exit_code, "next: " in result.stderr) == (code, True), result.output
    assert said in result.stderr
    assert told(run("list", "--json")) == []


def test_one_of_the_code_is_not_removed(run: Run) -> None:
    run("sync")
    refused = run("remove", HOURLY)
    assert refused.exit_code == 1
    assert f"millrace schedules disable {HOURLY}" in refused.stderr
    assert run("add", HOURLY, HOURLY, "--every", "1h").exit_code == 1
