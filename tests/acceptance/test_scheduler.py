"""Schedulers as processes: however many run and however they end, what is due is asked for, once."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pytest

from deploy.local.ports import free_port, is_open
from producers.scheduler.leader import SILENCE
from shared.contracts.kinds import CONTRACTS
from shared.database.engine import open_engine
from shared.schedules import firing, store
from shared.schedules.definition import Definition
from shared.schedules.rules import message_id
from shared.schedules.trigger import Crontab, Interval, Trigger
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually, throughout

KIND = "scrape.source.ingest_all"
"""Without any source it does nothing but leave a row in the run log."""

TOKEN = "let-me-in"
TAKEOVER = 15.0
"""Seconds within which another scheduler fires."""

LAST_FIRED = "millrace_schedule_last_fired_timestamp_seconds"


@pytest.fixture(scope="module")
def scraping(stack: Stack) -> Iterator[Running]:
    worker = stack.worker("scraping", concurrency=2)
    yield worker
    worker.stop()


@contextmanager
def a_scheduler(stack: Stack, *argv: str) -> Iterator[Running]:
    command = argv or ("-m", "producers.scheduler")
    running = stack.start(
        "scheduler", sys.executable, *command, ready=lambda it: it.said("leading") or it.said("standing by")
    )
    try:
        yield running
    finally:
        if running.alive():
            running.process.signal(signal.SIGCONT)
        running.stop()


def leads(running: Running) -> bool:
    return running.alive() and running.metrics()["millrace_schedule_leader"] == 1


@contextmanager
def a_schedule(stack: Stack, name: str, trigger: Trigger) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Add a schedule, and give a look at its effects: rows of the run log with the due time of each."""
    engine = open_engine(stack.database_url, pool=1)
    seen: dict[str, datetime] = {}

    def effects() -> list[dict[str, Any]]:
        # The latest are remembered by the database; all of them are by this test.
        rows = stack.rows("SELECT message_id, due_at FROM schedule_firings WHERE schedule = %s", name)
        seen.update({row["message_id"]: row["due_at"] for row in rows})
        found = stack.rows(
            "SELECT message_id, status, attempts, started_at FROM sync_log WHERE message_id = ANY(%s)", list(seen)
        )
        return sorted(({**row, "due_at": seen[row["message_id"]]} for row in found), key=lambda row: row["due_at"])

    try:
        with engine.begin() as connection:
            definition = Definition(name=name, kind=KIND, trigger=trigger)
            store.add(connection, CONTRACTS, definition, "test", firing.moment(connection))
        yield effects
    finally:
        with stack.sql() as sql:
            sql.execute("UPDATE schedules SET enabled = false, next_due_at = NULL WHERE name = %s", (name,))
            effects()
            sql.execute("DELETE FROM schedules WHERE name = %s", (name,))
        engine.dispose()


def published(stack: Stack) -> float:
    """Return how many messages of the kind the relay has published."""
    relay = next(one for one in stack.running if one.log.name.startswith("relay"))
    series = f'millrace_published_total{{exchange="scrape",kind="{KIND}",outcome="confirmed"}}'
    return relay.metrics().get(series, 0.0)


def assert_once_each(effects: list[dict[str, Any]], name: str) -> None:
    due = [row["due_at"] for row in effects]
    assert len(due) == len(set(due))
    assert [row["message_id"] for row in effects] == [message_id(name, each) for each in due]
    assert {(row["status"], len(row["attempts"])) for row in effects} == {("succeeded", 1)}


@pytest.mark.usefixtures("scraping")
def test_when_the_leader_is_killed_another_fires_and_nothing_fires_twice(stack: Stack) -> None:
    name = "killed"
    before = published(stack)
    with a_scheduler(stack) as first, a_scheduler(stack) as second, a_schedule(stack, name, Interval(1)) as effects:
        eventually(lambda: len(effects()) >= 3, what="effects of the first leader")
        assert (leads(first), leads(second)) == (True, False)
        first.kill()
        fired = max(row["due_at"] for row in effects())
        eventually(lambda: leads(second), within=TAKEOVER, what="the other leading")
        eventually(lambda: max(row["due_at"] for row in effects()) > fired, within=5, what="its first effect")

        # Celery's own command is a scheduler like the others, and takes over from one that is asked to end.
        with a_scheduler(stack, "-m", "celery", "-A", "consumers.app", "beat") as beat:
            assert not leads(beat)
            count = len(effects())
            eventually(lambda: len(effects()) >= count + 3, what="effects of the second leader")
            second.stop()
            fired = max(row["due_at"] for row in effects())
            eventually(lambda: leads(beat), within=5, what="beat leading")
            count = len(effects())
            eventually(lambda: len(effects()) >= count + 3, what="effects of beat")
            series = f'{LAST_FIRED}{{schedule="{name}"}}'
            eventually(lambda: beat.metrics().get(series, 0) >= fired.timestamp(), within=5, what="its metric")

    def settled() -> bool:
        return not stack.rows("SELECT FROM outbox") and published(stack) - before == len(effects())

    eventually(settled, what="as many effects as messages, and no message more")
    found = effects()
    assert_once_each(found, name)
    gaps = [later["due_at"] - earlier["due_at"] for earlier, later in pairwise(found)]
    assert max(gaps).total_seconds() < TAKEOVER


@pytest.mark.usefixtures("scraping")
def test_a_leader_that_hangs_is_succeeded_and_fires_nothing_when_it_wakes(stack: Stack) -> None:
    name = "hanging"
    with a_scheduler(stack) as first, a_scheduler(stack) as second, a_schedule(stack, name, Interval(1)) as effects:
        eventually(lambda: len(effects()) >= 2, what="effects of the first leader")
        first.process.signal(signal.SIGSTOP)
        eventually(lambda: leads(second), within=SILENCE + 4, what="the other leading")
        first.process.signal(signal.SIGCONT)
        count = len(effects())
        eventually(lambda: len(effects()) >= count + 3, what="effects of the other leader")
        assert (leads(first), leads(second)) == (False, True)
        own = first.said('"event": "fired"') + second.said('"event": "fired"')
        eventually(lambda: len(effects()) >= own, what="an effect for each firing")
        assert_once_each(effects(), name)


@pytest.mark.usefixtures("scraping")
def test_a_schedule_changed_over_http_is_followed_within_a_minute(stack: Stack) -> None:
    port = free_port()
    command = ("-m", "uvicorn", "--factory", "producers.api.app:create_app", "--host", "127.0.0.1", "--port", str(port))
    environment = {"MILLRACE_ADMIN_TOKEN": TOKEN}
    api = stack.start("api", sys.executable, *command, ready=lambda _: is_open(port), environment=environment)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with (
        a_scheduler(stack),
        a_schedule(stack, "edited", Crontab("0 0 1 1 *", "UTC")) as effects,
        httpx.Client(base_url=f"http://127.0.0.1:{port}/v1/schedules", headers=headers, timeout=10) as client,
    ):
        changed = client.patch("/edited", json={"interval_seconds": 1}).raise_for_status().json()
        eventually(lambda: len(effects()) >= 2, within=20, what="effects of the change")
        assert effects()[0]["due_at"] == datetime.fromisoformat(changed["next_due_at"])

        client.patch("/edited", json={"enabled": False}).raise_for_status()
        count = stack.rows("SELECT count(*) FROM schedule_firings WHERE schedule = 'edited'")
        eventually(lambda: len(effects()) == count[0]["count"], what="an effect for each firing")
        throughout(lambda: len(effects()) == count[0]["count"], seconds=2.5, what="no firing while disabled")

        soon = datetime.now(UTC) + timedelta(seconds=2)
        client.patch("/edited", json={"enabled": True, "once_at": soon.isoformat()}).raise_for_status()
        eventually(lambda: effects()[-1]["due_at"] == soon, what="the effect of the one moment")
        shown = client.get("/edited").json()
        assert (shown["state"], shown["next_due_at"]) == ("finished", None)
        assert effects()[-1]["started_at"] >= soon
        assert_once_each(effects(), "edited")
    api.stop()
