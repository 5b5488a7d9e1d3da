"""What a Sentry costs a process that ends, that finds it away or silent, or that has none."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import pytest

from deploy.local.ports import free_port
from tests.envelopes import KEY, a_sentry, a_silent_sentry

ROOT = Path(__file__).parents[3]

REPORTS = """
import time
from shared.settings import Settings
from shared.telemetry import start, traces
start.start(Settings())
began = time.monotonic()
for number in range(200):
    with traces.under_way(traces.begun(), "queue.process", "a kind", {}) as recording:
        recording.ended("done")
    try:
        raise ValueError(number)
    except ValueError as error:
        start.report(error, tags={"queue": "content"}, fingerprint=str(number))
print(time.monotonic() - began)
"""

ENDS = """
import os
from shared.settings import Settings
from shared.telemetry import start
start.start(Settings())
raise RuntimeError(os.environ["DATABASE_URL"] + " ended it")
"""

WITHOUT = """
import sys
from shared.settings import Settings
from shared.telemetry import start, traces
import consumers.app, producers.api.app, producers.relay, producers.scheduler.leader
start.start(Settings())
with traces.under_way(traces.begun(), "queue.process", "a kind", {}), traces.step("db", "effect"):
    start.report(ValueError())
start.flush()
print([name for name in sys.modules if "sentry" in name])
"""


def run(script: str, **environment: str) -> str:
    """Run a script in a process of its own, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("sort", ["closed", "silent"])
def test_a_sentry_that_does_not_answer_delays_nobody_and_the_end_of_a_process_for_a_moment(sort: str) -> None:
    closed = nullcontext(f"http://{KEY}@127.0.0.1:{free_port()}/1")
    given: AbstractContextManager[str] = closed if sort == "closed" else a_silent_sentry()
    with given as dsn:
        began = time.monotonic()
        reporting = float(run(REPORTS, SENTRY_DSN=dsn, SENTRY_TRACES_SAMPLE_RATE="1"))
        took = time.monotonic() - began
    assert reporting < 3, "400 reports were handed over, none was waited for"
    assert took < 20, "the goodbye is short"


def test_an_error_that_ends_a_process_is_reported_before_it_is_gone_without_its_secrets() -> None:
    with a_sentry() as sentry:
        with pytest.raises(subprocess.CalledProcessError):
            run(ENDS, SENTRY_DSN=sentry.dsn, DATABASE_URL="postgresql://somebody:hunter2@host/database")
        (reported,) = sentry.errors()
    assert reported["exception"]["values"][0]["value"] == "*** ended it"


def test_a_process_without_a_sentry_does_not_import_it() -> None:
    assert run(WITHOUT, SENTRY_TRACES_SAMPLE_RATE="1") == "[]"
