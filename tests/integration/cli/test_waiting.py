"""`millrace publish --wait` tells what became of the message, as the run log has it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from shared import runlog
from shared.database.engine import open_engine
from tests.integration.cli.places import Place

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ASK = ("publish", "scrape.series.save", "tvdb_id=81189", "--id", "asked", "--wait")


def entry(message_id: str = "asked") -> runlog.Entry:
    return runlog.Entry(message_id, "scrape.series.save", "content", "series:81189", message_id, None, AT, AT)


def attempt(outcome: str, message: str | None = None, number: int = 0) -> runlog.Attempt:
    error = None if message is None else "UpstreamGone"
    return runlog.Attempt(number, AT.isoformat(), AT.isoformat(), outcome, error, message)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url, pool=2, name="waiting-tests")
    yield opened
    opened.dispose()


def succeed(engine: Engine) -> None:
    with engine.begin() as connection:
        runlog.finish(connection, entry(), attempt("done"), {"episodes": 62}, AT)


def fail(engine: Engine, message: str, number: int = 0) -> None:
    with engine.begin() as connection:
        runlog.fail(connection, entry(), attempt("dead", message, number), final=True, at=AT)


def test_a_message_that_succeeds_is_told_with_its_result(place: Place, engine: Engine, database_url: str) -> None:
    with ThreadPoolExecutor(1) as worker:
        asked = worker.submit(place.run, *ASK, "--json", DATABASE_URL=database_url)
        place.first("content")
        succeed(engine)
        result = asked.result(timeout=30)

    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (told["message_id"], told["status"], told["result"]) == ("asked", "succeeded", {"episodes": 62})


def test_a_message_that_fails_for_good_is_told_with_its_error(place: Place, engine: Engine, database_url: str) -> None:
    fail(engine, "what happened yesterday")
    with ThreadPoolExecutor(1) as worker:
        asked = worker.submit(place.run, *ASK, DATABASE_URL=database_url)
        place.first("content")
        fail(engine, "series 81189 is not there", number=1)
        result = asked.result(timeout=30)

    assert result.exit_code == 1
    assert "asked scrape.series.save failed: UpstreamGone: series 81189 is not there" in result.stdout


def test_a_message_that_succeeded_before_is_told_at_once(place: Place, engine: Engine, database_url: str) -> None:
    succeed(engine)

    result = place.run(*ASK, DATABASE_URL=database_url)

    assert result.exit_code == 0
    assert result.stdout == 'asked scrape.series.save succeeded: {"episodes": 62}\n'


def test_patience_ends_with_what_is_known(place: Place, database_url: str) -> None:
    result = place.run(*ASK, "--patience", "0.3", DATABASE_URL=database_url)

    assert result.exit_code == 1
    assert "message asked was published, but has not ended in 0.3 s; nobody has begun with it" in result.stderr
    assert place.depth("content") == 1


def test_nothing_is_published_when_its_outcome_could_not_be_seen(place: Place) -> None:
    result = place.run(*ASK, DATABASE_URL="postgresql://127.0.0.1:1/nowhere")

    assert result.exit_code == 1
    assert "next: check DATABASE_URL" in result.stderr
    assert place.depth("content") == 0
