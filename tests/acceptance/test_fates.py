"""What becomes of a message when its upstream refuses, fails, lies or has nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from shared import ledger
from shared.contracts.screen import SaveSeries
from shared.database.engine import open_engine
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.probe.kinds import Ask, Fail, Store

BREAKING_BAD, OTHER = 81189, 78878
NOBODY = 424_242_424
"""An id that TheTVDB has nothing under."""


@pytest.fixture(scope="module", autouse=True)
def one_process(stack: Stack, maintenance: Running) -> Iterator[Running]:  # noqa: ARG001 - keeps what dies
    """Start a content worker with one process: what an upstream says to it, it says to all that follow."""
    worker = stack.worker("content", concurrency=1)
    yield worker
    worker.stop()


def record_of(series: int) -> str:
    return f"/tvdb/v4/series/{series}/extended"


def moment(value: str) -> datetime:
    return datetime.fromisoformat(value)


def outcomes(row: dict[str, Any]) -> list[tuple[int, str]]:
    return [(attempt["attempt"], attempt["outcome"]) for attempt in row["attempts"]]


def test_an_upstream_that_is_down_three_times_is_asked_a_fourth_time(stack: Stack) -> None:
    stack.fault(path=record_of(BREAKING_BAD), status=503, times=3)
    (message,) = stack.ask(SaveSeries(tvdb_id=BREAKING_BAD))

    row = stack.ended(message)

    assert row["status"] == "succeeded"
    assert outcomes(row) == [(0, "retried"), (1, "retried"), (2, "retried"), (3, "done")]
    assert {attempt["error"] for attempt in row["attempts"][:3]} == {"UpstreamAway"}
    assert all("503" in attempt["message"] and attempt["traceback"] for attempt in row["attempts"][:3])
    assert stack.letters(message) == []


def test_an_upstream_that_stays_down_ends_in_the_dead_letters_after_four_attempts(stack: Stack) -> None:
    stack.fault(path=record_of(BREAKING_BAD), status=503, times=4)
    (message,) = stack.ask(SaveSeries(tvdb_id=BREAKING_BAD))

    letter = stack.letter(message)

    assert (letter["reason"], letter["error_class"]) == ("exhausted", "UpstreamAway")
    assert outcomes(stack.ended(message)) == [(0, "retried"), (1, "retried"), (2, "retried"), (3, "dead")]


def test_a_connection_cut_in_the_middle_of_an_answer_is_tried_again(stack: Stack) -> None:
    stack.fault(path=record_of(BREAKING_BAD), cut=100, times=1)
    (message,) = stack.ask(SaveSeries(tvdb_id=BREAKING_BAD))
    assert outcomes(stack.ended(message)) == [(0, "retried"), (1, "done")]


def test_what_the_upstream_does_not_have_is_recorded_as_gone_and_not_asked_for_again(stack: Stack) -> None:
    (message,) = stack.ask(SaveSeries(tvdb_id=NOBODY))

    row = stack.ended(message)

    assert (row["status"], row["result"]) == ("succeeded", {"gone": True})
    assert outcomes(row) == [(0, "done")]
    assert len(stack.requests(record_of(NOBODY))) == 1
    assert stack.letters(message) == []


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        ({"body": "<html>we are moving</html>", "content_type": "text/html"}, "<html>we are moving</html>"),
        ({"truncate": 300}, '"data"'),
        ({"body": "[]"}, "[]"),
        ({"body": '{"status": "success", "data": {"id": "eleven"}}'}, "eleven"),
    ],
    ids=["html", "truncated", "another shape", "another type"],
)
def test_an_answer_that_cannot_be_read_kills_the_message_and_is_kept_beside_it(
    stack: Stack, harm: dict[str, Any], said: str
) -> None:
    stack.fault(path=record_of(BREAKING_BAD), times=1, **harm)
    (message,) = stack.ask(SaveSeries(tvdb_id=BREAKING_BAD))

    letter = stack.letter(message)

    assert (letter["reason"], letter["error_class"]) == ("rejected", "UnreadableAnswer")
    engine = open_engine(stack.database_url)
    with engine.connect() as connection:
        shown = ledger.show(connection, letter["id"])
    engine.dispose()
    assert shown["error"].startswith("tvdb:")
    assert [attempt["outcome"] for attempt in shown["attempts"]] == ["dead"]
    assert said in shown["attempts"][0]["answer"]


def test_a_refusal_with_retry_after_is_waited_out_and_the_wait_of_others_spends_none_of_their_attempts(
    stack: Stack,
) -> None:
    stack.fault(path=record_of(BREAKING_BAD), status=429, headers={"Retry-After": "7"}, times=1)
    refused, behind = stack.ask(SaveSeries(tvdb_id=BREAKING_BAD), SaveSeries(tvdb_id=OTHER))

    row = stack.ended(refused, within=40)
    other = stack.ended(behind, within=40)

    first, second = row["attempts"]
    assert (first["error"], first["outcome"], second["outcome"]) == ("RateLimited", "retried", "done")
    waited = (moment(second["started_at"]) - moment(first["ended_at"])).total_seconds()
    assert 7 <= waited < 20, "neither too early nor a whole tier late"
    assert other["status"] == "succeeded"
    assert {attempt["attempt"] for attempt in other["attempts"]} == {0}
    assert other["attempts"][0]["error"] == "LimitReached"


def test_what_a_handler_asked_for_before_it_failed_vanishes_with_its_effect(stack: Stack) -> None:
    (key,) = (10_000 * key for key in stack.keys(1))
    (message,) = stack.ask(Ask(key=key, children=3, fail=True))

    assert stack.letter(message)["reason"] == "unexpected"

    assert stack.times(*range(key, key + 4)) == []
    assert stack.rows("SELECT id FROM outbox WHERE properties -> 'headers' ->> 'cause' = %s", message) == []
    assert stack.ended(message)["status"] == "failed"


def test_what_a_handler_asked_for_follows_with_its_cause_and_its_root(stack: Stack) -> None:
    (key,) = (10_000 * key for key in stack.keys(1))
    (message,) = stack.ask(Ask(key=key, children=3), correlation_id="the root")
    eventually(lambda: stack.times(*range(key, key + 4)) == [1] * 4, what="what it asked for")
    rows = stack.rows("SELECT correlation_id FROM sync_log WHERE cause = %s", message)
    assert [row["correlation_id"] for row in rows] == ["the root"] * 3


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        ("MemoryError", "exhausted"),
        ("SystemExit", "delivery_limit"),
        ("Ignore", "unexpected"),
        ("Reject", "unexpected"),
        ("Retry", "unexpected"),
        ("Unpicklable", "unexpected"),
        ("ZeroDivisionError", "unexpected"),
    ],
)
def test_an_error_that_means_something_to_celery_is_one_more_bug_of_a_handler(
    stack: Stack, maintenance: Running, error: str, reason: str
) -> None:
    (message,) = stack.ask(Fail(error=error))

    letter = stack.letter(message, within=60)

    assert letter["reason"] == reason
    assert letter["error_class"] == (None if error == "SystemExit" else error)
    (key,) = stack.keys(1)
    stack.ask(Store(key=key))
    eventually(lambda: stack.times(key) == [1], what="the next message")
    assert maintenance.alive()
    assert len(stack.letters(message)) == 1
