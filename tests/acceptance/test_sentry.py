"""What a Sentry hears of the line: one trace for all of a request, what nobody expected, and no secret."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from deploy.local.ports import free_port, is_open
from deploy.local.postgres import Database
from deploy.local.rabbitmq import Broker
from deploy.sandbox import options
from shared import ledger
from shared.contracts.screen import SaveMovie, SaveSeries
from shared.database.engine import open_engine
from shared.version import VERSION
from tests import services
from tests.acceptance.foreign import publish_with_pika
from tests.acceptance.stack import Running, Stack
from tests.envelopes import Sentry, a_sentry
from tests.eventually import eventually
from tests.probe.kinds import Fail, Observe, Store

SERIES, MOVIE, NOBODY = 81189, 12586, 424_242_424
REQUEST = "b7ad6b7169203331"
"""Span id of whoever asked."""

TOKEN = "planted-in-the-environment"
PLANTED = ("planted", options.API_KEY)
"""What stands in payloads, headers, keys and rows, and must not reach a Sentry."""


@dataclass
class Line:
    """A line whose every process knows of a Sentry."""

    stack: Stack
    sentry: Sentry
    api: httpx.Client
    workers: dict[str, Running]
    engine: Engine

    def trace(self, trace_id: str, *names: str) -> list[dict[str, Any]]:
        """Return the transactions of a trace once there is one of each of these names."""

        def look() -> list[dict[str, Any]]:
            found = self.sentry.transactions(trace_id)
            return found if set(names) <= set(map(called, found)) else []

        return eventually(look, within=30, what=f"the transactions {names}")


@pytest.fixture(scope="module")
def line(
    stack: Stack, broker: Broker, database: Database, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Line]:
    with (
        a_sentry() as sentry,
        services.a_virtual_host(broker) as rabbitmq_url,
        services.a_clone(database, template) as database_url,
    ):
        environment = {
            "SENTRY_DSN": sentry.dsn,
            "SENTRY_ENVIRONMENT": "tests",
            "SENTRY_TRACES_SAMPLE_RATE": "1",
            "MILLRACE_ADMIN_TOKEN": TOKEN,
        }
        folder = tmp_path_factory.mktemp("traced")
        made = Stack(broker, database, rabbitmq_url, database_url, folder, extra=environment)
        made.sandbox_port = stack.sandbox_port
        made.prepare()
        port = free_port()
        uvicorn = ("uvicorn", "--factory", "producers.api.app:create_app", "--host", "127.0.0.1", "--port", str(port))
        try:
            made.relay()
            made.start("api", sys.executable, "-m", *uvicorn, ready=lambda _: is_open(port))
            workers = {pool: made.worker(pool, concurrency=1) for pool in ("content", "person", "maintenance")}
            engine = open_engine(database_url)
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as api:
                api.headers["Authorization"] = f"Bearer {TOKEN}"
                yield Line(made, sentry, api, workers, engine)
            engine.dispose()
        finally:
            made.stop()


def called(one: dict[str, Any]) -> str:
    return f"{one['contexts']['trace']['op']} {one['transaction']}"


def traceparent(number: int) -> str:
    return f"00-{number:032x}-{REQUEST}-01"


def parents(found: list[dict[str, Any]]) -> dict[str, str]:
    """Return the parent of each span by its id."""
    traced = [one["contexts"]["trace"] for one in found]
    return {trace["span_id"]: trace.get("parent_span_id", "") for trace in traced}


def test_one_trace_shows_a_request_and_everything_that_followed_from_it(line: Line) -> None:
    answer = line.api.post(
        "/v1/messages/scrape.series.save", json={"tvdb_id": SERIES}, headers={"traceparent": traceparent(0xA1)}
    )
    assert answer.status_code == 202
    assert answer.headers["x-trace-id"] == f"{0xA1:032x}"
    line.stack.ended(answer.json()["message_id"])

    found = line.trace(f"{0xA1:032x}", "http.server POST /v1/messages/{kind}", "queue.process scrape.person.save")

    by_id = {one["contexts"]["trace"]["span_id"]: one for one in found}
    assert len(by_id) == len(found), "each hop has an id of its own"

    def line_of(span: str) -> list[str]:
        parent = by_id[span]["contexts"]["trace"]["parent_span_id"]
        return [*(line_of(parent) if parent in by_id else [parent]), called(by_id[span])]

    handled = next(one for one in found if called(one) == "queue.process scrape.person.save")
    assert line_of(handled["contexts"]["trace"]["span_id"]) == [
        REQUEST,
        "http.server POST /v1/messages/{kind}",
        "queue.publish scrape.series.save",
        "queue.process scrape.series.save",
        "queue.publish scrape.person.save",
        "queue.process scrape.person.save",
    ]
    assert {span["op"] for span in handled["spans"]} >= {"http.client", "db"}
    assert (handled["tags"]["queue"], handled["tags"]["attempt"]) == ("person", "0")
    row = line.stack.run(handled["tags"]["message_id"]) or {}
    assert row["attempts"][0]["trace_id"] == f"{0xA1:032x}", "the run log knows the trace"
    assert line.workers["content"].said(f"{0xA1:032x}"), "so do the logs"


def test_a_retry_a_death_and_a_replay_stay_in_the_trace(line: Line) -> None:
    trace_id = f"{0xA2:032x}"
    line.stack.fault(path=f"/tvdb/v4/movies/{MOVIE}/extended", status=503, times=1)
    line.stack.fault(path=f"/tvdb/v4/movies/{MOVIE}/extended", body="nonsense", times=1)
    (message,) = line.stack.ask(SaveMovie(tvdb_id=MOVIE), traceparent=traceparent(0xA2))
    letter = line.stack.letter(message)
    with line.engine.begin() as connection:
        ledger.replay(connection, letter["id"], actor="a test")
    eventually(lambda: (line.stack.run(message) or {})["status"] == "succeeded", what="the replay")

    def handled() -> list[dict[str, Any]]:
        ours = [one for one in line.sentry.transactions(trace_id) if one["tags"].get("message_id") == message]
        ours = [one for one in ours if one["contexts"]["trace"]["op"] == "queue.process"]
        return ours if len(ours) == 3 else []

    attempts = sorted(eventually(handled, what="three attempts"), key=lambda one: one["timestamp"])
    assert [one["tags"]["outcome"] for one in attempts] == ["retried", "dead", "done"]
    known = parents(line.sentry.transactions(trace_id))
    spans = [one["contexts"]["trace"]["span_id"] for one in attempts]
    assert known[spans[0]] == REQUEST
    assert known[spans[1]] == spans[0]
    assert known[known[spans[2]]] == spans[1], "by way of its publishing"
    assert not line.sentry.errors(message_id=message), "all of that was to be expected"


def test_who_is_not_sampled_is_traced_in_the_logs_alone(line: Line) -> None:
    trace_id = f"{0xA3:032x}"
    (message,) = line.stack.ask(Store(key=line.stack.keys(1)[0]), traceparent=f"00-{trace_id}-{REQUEST}-00")
    assert line.stack.ended(message)["attempts"][0]["trace_id"] == trace_id
    (after,) = line.stack.ask(Store(key=line.stack.keys(1)[0]), traceparent=traceparent(0xA4))
    line.trace(f"{0xA4:032x}", "queue.process maintenance.probe.store")
    assert line.stack.ended(after)["status"] == "succeeded"
    assert line.sentry.transactions(trace_id) == []


def test_a_message_of_a_bundle_is_in_its_own_trace_and_the_bundle_links_to_all(line: Line) -> None:
    numbers = range(0xB0, 0xC0)
    messages = [
        line.stack.compose(Observe(key=key), traceparent=traceparent(number))
        for key, number in zip(line.stack.keys(len(numbers)), numbers, strict=True)
    ]
    line.stack.publish(messages)
    for message in messages:
        line.stack.ended(message.message_id)
    for number in numbers:
        line.trace(f"{number:032x}", "queue.process maintenance.probe.observe")
    bundles = [item for sort, item in line.sentry.items if sort == "transaction" and "messages" in item["tags"]]
    linked = {link["trace_id"] for one in bundles for link in one["contexts"]["trace"]["links"]}
    assert linked <= {f"{number:032x}" for number in numbers}
    assert linked, "most of them came together"


def test_a_bug_is_reported_once_in_the_group_the_ledger_has_for_it_and_nothing_expected_is(line: Line) -> None:
    sql = line.stack.sql
    # Expected: an upstream down for a moment, one that has nothing, a contract violated, a page there is none of.
    line.stack.fault(path=f"/tvdb/v4/series/{SERIES}/extended", status=503, times=1)
    expected = line.stack.ask(SaveSeries(tvdb_id=SERIES), SaveSeries(tvdb_id=NOBODY))
    publish_with_pika(line.stack.rabbitmq_url, "scrape", "scrape.series.save", b'{"tvdb_id": "planted"}')
    assert line.api.get("/no-such-page").status_code == 404
    assert line.api.post("/v1/messages/scrape.series.save", json={"tvdb_id": "planted"}).status_code == 422
    # Unexpected: a bug in a handler, whose error quotes its message, and one in the API.
    (bug,) = line.stack.ask(Fail(error="planted-in-a-payload"))
    with sql() as connection:
        connection.execute(
            "INSERT INTO sync_log (message_id, kind, queue, correlation_id, published_at, started_at, status, attempts)"
            """ VALUES ('broken', 'k', 'q', 'c', now(), now(), 'running', '[{"attempt": "planted-in-a-row"}]')"""
        )
    assert line.api.get("/v1/messages/broken").status_code == 500

    letter = line.stack.letter(bug)
    for message in expected:
        line.stack.ended(message)
    eventually(lambda: len(line.stack.rows("SELECT 1 FROM dead_letters WHERE reason = 'invalid'")) == 1, what="it")
    (reported,) = eventually(lambda: line.sentry.errors(message_id=bug), what="the report of the handler's bug")
    eventually(lambda: line.sentry.errors(route="/v1/messages/{message_id}"), what="the report of the API's bug")

    assert len(line.sentry.errors()) == 2, "nothing else"
    assert reported["fingerprint"] == [letter["fingerprint"]]
    assert (reported["release"], reported["environment"]) == (f"millrace@{VERSION}", "tests")
    assert reported["server_name"] == "test"
    assert {name: reported["tags"][name] for name in ("queue", "kind", "attempt", "reason")} == {
        "queue": "maintenance",
        "kind": "maintenance.probe.fail",
        "attempt": "0",
        "reason": "unexpected",
    }
    assert reported["exception"]["values"][-1]["type"] == "KeyError"
    frames = [frame for one in reported["exception"]["values"] for frame in one["stacktrace"]["frames"]]
    assert not any("vars" in frame for frame in frames)


def test_no_secret_reaches_a_sentry(line: Line) -> None:
    passwords = [line.stack.database_url, line.stack.rabbitmq_url]
    secrets = [*PLANTED, *passwords, *(address.split("@")[0].rpartition(":")[2] for address in passwords)]
    assert len(line.sentry.received) > 10
    for envelope in line.sentry.received:
        assert not [secret for secret in secrets if secret in envelope]


def test_what_is_left_when_a_process_ends_is_still_sent(line: Line) -> None:
    line.sentry.delay = 0.2
    messages = line.stack.ask(*(Fail(error="ZeroDivisionError") for _ in range(4)))
    for message in messages:
        line.stack.letter(message)

    assert "SIGTERM" in line.workers["maintenance"].stop()

    assert [len(line.sentry.errors(message_id=message)) for message in messages] == [1, 1, 1, 1]

    recycled = line.stack.worker("maintenance", "--max-tasks-per-child", "1", concurrency=1)
    numbers = (0xD0, 0xD1)
    for number in numbers:
        line.stack.ask(Fail(error="ZeroDivisionError"), traceparent=traceparent(number))
    for number in numbers:
        line.trace(f"{number:032x}", "queue.process maintenance.probe.fail")
    assert recycled.alive()
