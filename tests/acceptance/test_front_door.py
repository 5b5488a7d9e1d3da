"""Celery's own front door: calls and results work on the line as on any Celery."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from celery.exceptions import TimeoutError as CeleryTimeout
from celery.result import AsyncResult

from consumers.results import MessageFailed
from shared import clock
from shared.errors import ContractViolation, UnknownKind
from tests.acceptance.stack import Stack
from tests.eventually import eventually

pytestmark = pytest.mark.usefixtures("content")

BREAKING_BAD = 81189


@pytest.fixture(scope="module")
def series(stack: Stack) -> Any:
    return stack.app.tasks["scrape.series.save"]


@pytest.fixture(scope="module")
def fail(stack: Stack) -> Any:
    return stack.app.tasks["maintenance.probe.fail"]


def test_delay_publishes_the_request_and_get_returns_its_result(series: Any) -> None:
    result = series.delay(tvdb_id=BREAKING_BAD)
    assert result.get(timeout=20)["name"] == "Breaking Bad"
    assert (result.ready(), result.successful(), result.state) == (True, True, "SUCCESS")
    assert result.date_done is not None
    assert result.name == "scrape.series.save"


def test_a_result_is_read_after_the_database_was_restarted_behind_the_caller_s_back(stack: Stack, series: Any) -> None:
    result = series.delay(tvdb_id=BREAKING_BAD)
    assert result.get(timeout=20)["name"] == "Breaking Bad"
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'millrace-celery'"
    assert stack.rows(ours), "this process holds connections"
    assert AsyncResult(result.id, app=stack.app).get(timeout=20)["name"] == "Breaking Bad"


def test_positional_arguments_are_the_payload_s_fields_in_their_order(series: Any) -> None:
    assert series.delay(BREAKING_BAD).get(timeout=20)["episodes"] >= 62


def test_a_result_that_nobody_has_begun_is_pending_and_waiting_for_it_ends(stack: Stack) -> None:
    result = AsyncResult("never-published", app=stack.app)
    assert (result.state, result.ready()) == ("PENDING", False)
    with pytest.raises(CeleryTimeout):
        result.get(timeout=0.3)


def test_a_task_that_runs_is_started_and_not_ready(stack: Stack, sleep: Any) -> None:
    result = sleep.delay(key=stack.keys(1)[0], seconds=1.5)
    eventually(lambda: result.state == "STARTED", what="the state STARTED")
    assert not result.ready()
    assert result.get(timeout=20) is None
    assert result.state == "SUCCESS"


def test_a_task_that_died_raises_what_it_died_of(fail: Any) -> None:
    result = fail.delay(error="ZeroDivisionError")
    with pytest.raises(MessageFailed, match="ZeroDivisionError: a bug"):
        result.get(timeout=20)
    assert (result.state, result.failed()) == ("FAILURE", True)
    assert "ZeroDivisionError" in result.traceback


def test_a_task_that_is_tried_again_is_not_ready_until_it_ended(fail: Any) -> None:
    result = fail.delay(error="UpstreamAway", times=3)
    states = set()

    def seen() -> bool:
        states.add(result.state)
        return bool(result.ready())

    eventually(seen, what="the end")
    assert result.successful()
    assert "RETRY" in states


def test_arguments_that_fit_no_contract_are_refused_before_anything_is_published(series: Any, stack: Stack) -> None:
    with pytest.raises(ContractViolation):
        series.delay(tvdb_id="Breaking Bad")
    with pytest.raises(ContractViolation):
        series.delay(1, 2)
    with pytest.raises(UnknownKind):
        stack.app.send_task("scrape.nothing.known")


def test_send_task_by_name_is_the_same(stack: Stack) -> None:
    result = stack.app.send_task("scrape.series.probe_sleep", kwargs={"key": stack.keys(1)[0], "seconds": 0.0})
    assert result.get(timeout=20) is None


def test_a_countdown_starts_no_sooner_and_not_much_later(stack: Stack, sleep: Any) -> None:
    asked_at = clock.now()
    result = sleep.apply_async(kwargs={"key": stack.keys(1)[0], "seconds": 0.0}, countdown=2)
    row = stack.ended(result.id)
    assert timedelta(seconds=2) <= row["started_at"] - asked_at < timedelta(seconds=4)


def test_an_eta_is_such_a_moment(stack: Stack, sleep: Any) -> None:
    eta = clock.now() + timedelta(seconds=1)
    result = sleep.apply_async(kwargs={"key": stack.keys(1)[0], "seconds": 0.0}, eta=eta)
    assert timedelta(0) <= stack.ended(result.id)["started_at"] - eta < timedelta(seconds=2)


def test_what_expired_before_it_started_is_not_done_but_kept(stack: Stack, sleep: Any) -> None:
    (key,) = stack.keys(1)
    result = sleep.apply_async(kwargs={"key": key, "seconds": 0.0}, expires=0.5, countdown=1.5)
    assert stack.letter(result.id)["reason"] == "expired"
    assert stack.times(key) == []
    assert result.failed()


def test_what_expires_later_is_done(stack: Stack, sleep: Any) -> None:
    (key,) = stack.keys(1)
    assert sleep.apply_async(kwargs={"key": key, "seconds": 0.0}, expires=60).get(timeout=20) is None
    assert stack.times(key) == [1]


def test_a_task_id_of_the_caller_s_own_makes_two_calls_one_effect(stack: Stack, sleep: Any) -> None:
    (key,) = stack.keys(1)
    for _ in range(2):
        sleep.apply_async(kwargs={"key": key, "seconds": 0.0}, task_id=f"call-{key}").get(timeout=20)
    eventually(lambda: stack.depth("content") == 0, what="an empty queue")
    assert stack.times(key) == [1]
