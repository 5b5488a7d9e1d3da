"""The exporter's looks: each source by itself, told from the last look, and never longer than it is true."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from producers.exporter.exporter import LONGEST, Exporter
from producers.exporter.sources import Fact, Source
from shared.errors import MissingSetting
from shared.telemetry import metrics
from tests.eventually import eventually


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Told:
    """A source that tells what it was told to tell, or fails with what it was told to."""

    name: str
    tell: Callable[[], Sequence[Fact]]
    looks: int = 0
    error: Exception | None = None
    source: Source = field(init=False)

    def __post_init__(self) -> None:
        self.source = Source(self.name, self.look, share=0.1)

    def look(self) -> Sequence[Fact]:
        self.looks += 1
        if self.error is not None:
            raise self.error
        return self.tell()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def broker() -> Told:
    return Told("broker", lambda: [Fact(metrics.queue_consumers, 3, {"queue": "content"})])


@pytest.fixture
def database() -> Told:
    return Told("database", lambda: [Fact(metrics.outbox_pending, 7)])


@pytest.fixture
def exporter(broker: Told, database: Told, clock: Clock) -> Exporter:
    return Exporter([broker.source, database.source], every=5.0, clock=clock)


def scraped(exporter: Exporter) -> dict[str, float]:
    registry = CollectorRegistry(support_collectors_without_names=True)
    registry.register(exporter)
    text = generate_latest(registry).decode()
    families = text_string_to_metric_families(text)
    return {
        sample.name.removeprefix("millrace_") + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_before_the_first_look_nothing_is_up_and_nothing_is_told(exporter: Exporter) -> None:
    assert scraped(exporter) == {"exporter_source_up broker": 0.0, "exporter_source_up database": 0.0}


def test_what_was_seen_is_told_however_often_it_is_asked_for(exporter: Exporter, broker: Told, database: Told) -> None:
    for each in (broker, database):
        exporter.look(each.source)
    for _ in range(10):
        assert scraped(exporter) == {
            "exporter_source_up broker": 1.0,
            "exporter_source_up database": 1.0,
            "queue_consumers content": 3.0,
            "outbox_pending": 7.0,
        }
    assert (broker.looks, database.looks) == (1, 1)


@pytest.mark.parametrize("error", [MissingSetting("X", "why"), ConnectionRefusedError(), ZeroDivisionError("a bug")])
def test_a_source_that_does_not_answer_takes_its_metrics_along_and_no_others(
    exporter: Exporter, broker: Told, database: Told, error: Exception
) -> None:
    for each in (broker, database):
        exporter.look(each.source)

    broker.error = error
    exporter.look(broker.source)

    expected = {"exporter_source_up broker": 0.0, "exporter_source_up database": 1.0, "outbox_pending": 7.0}
    assert scraped(exporter) == expected
    broker.error = None
    exporter.look(broker.source)
    assert scraped(exporter)["queue_consumers content"] == 3.0


def test_what_is_wrong_is_said_once_and_again_when_it_is_something_else(exporter: Exporter, broker: Told) -> None:
    def said(error: Exception | None) -> list[str]:
        broker.error = error
        with capture_logs() as logs:
            exporter.look(broker.source)
        return [line["event"] for line in logs]

    errors = [
        ConnectionRefusedError(),
        ConnectionRefusedError(),
        ZeroDivisionError("a bug"),
        ZeroDivisionError("a bug"),
    ]
    assert [said(error) for error in errors] == [["source away"], [], ["look failed"], []]
    assert [said(None), said(None)] == [["source answers"], []]
    assert said(ConnectionRefusedError()) == ["source away"]


def test_what_a_look_no_longer_finds_is_told_no_more(exporter: Exporter, broker: Told) -> None:
    exporter.look(broker.source)
    broker.tell = lambda: [Fact(metrics.queue_consumers, 1, {"queue": "person"})]
    exporter.look(broker.source)
    assert {name for name in scraped(exporter) if name.startswith("queue")} == {"queue_consumers person"}


def test_what_was_seen_is_not_told_for_ever_when_the_next_look_hangs(
    exporter: Exporter, broker: Told, clock: Clock
) -> None:
    pause = exporter.look(broker.source)
    clock.now += pause + LONGEST - 0.1
    assert scraped(exporter)["exporter_source_up broker"] == 1.0
    clock.now += 0.2
    assert scraped(exporter) == {"exporter_source_up broker": 0.0, "exporter_source_up database": 0.0}


def test_who_needs_long_to_answer_is_asked_less_often(exporter: Exporter, database: Told, clock: Clock) -> None:
    took = 0.2

    def slowly() -> list[Fact]:
        clock.now += took
        return [Fact(metrics.outbox_pending, 7)]

    database.tell = slowly
    assert exporter.look(database.source) == pytest.approx(4.8), "every five seconds, all in all"
    took = 4.0
    pause = exporter.look(database.source)
    assert 4.0 / (4.0 + pause) == pytest.approx(0.1)
    clock.now += pause
    assert scraped(exporter)["outbox_pending"] == 7.0, "as long as it is asked so seldom, its word holds so long"


def test_a_source_that_hangs_holds_up_no_other(broker: Told, database: Told) -> None:
    hanging = threading.Event()
    broker.tell = lambda: [Fact(metrics.outbox_pending, 0)] if hanging.wait() else []
    exporter = Exporter([broker.source, database.source], every=0.01)
    exporter.start()
    eventually(lambda: database.looks > 2, what="looks at the other")
    assert scraped(exporter) == {
        "exporter_source_up broker": 0.0,
        "exporter_source_up database": 1.0,
        "outbox_pending": 7.0,
    }
    exporter.stop()
    hanging.set()
