"""A real Prometheus on a real stack: it finds every program, and every query of every dashboard returns data."""

from __future__ import annotations

import functools
import math
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from deploy.grafana import boards, reading, render
from deploy.local.ports import LOOPBACK, free_port, is_open
from deploy.local.postgres import Database
from deploy.local.program import Service
from deploy.local.rabbitmq import Broker
from deploy.prometheus import private
from deploy.prometheus.asking import Prometheus
from deploy.prometheus.scraping import Target
from deploy.prometheus.tools import Tools
from shared.contracts.kinds import CONTRACTS
from shared.contracts.screen import SaveSeries
from shared.database.engine import open_engine
from shared.schedules import firing, store
from shared.schedules.definition import Definition
from shared.schedules.trigger import Interval
from tests import services
from tests.acceptance.stack import Running, Stack
from tests.eventually import eventually
from tests.unit.monitoring.names import OF_RABBITMQ

EVERY = 1.0
"""Seconds between two looks of Prometheus."""

BORN = (
    'millrace_messages_handled_total{queue="content",outcome="done"}',
    'millrace_messages_handled_total{queue="content",outcome="dead"}',
    'millrace_http_requests_total{route="unmatched"}',
    'millrace_upstream_requests_total{job="pool"}',
    'millrace_published_total{job="relay"}',
)
"""What the first round of asking counts up from nothing."""

FILES = sorted(boards.FOLDER.glob("*.json"))


def _start(stack: Stack) -> list[Target]:
    """Start one of everything, all at once, and return where each tells its metrics."""

    def role(name: str, *words: str) -> Running:
        command = (sys.executable, "-m", "producers.cli", name, *words)
        return stack.start(name, *command, ready=lambda it: is_open(int(words[-1]) if words else it.metrics_port))

    api = str(free_port())
    with ThreadPoolExecutor() as pool:
        content = pool.submit(stack.worker, "content", concurrency=1)
        maintenance = pool.submit(stack.worker, "maintenance", concurrency=1)
        roles = {name: pool.submit(role, name) for name in ("relay", "scheduler", "exporter")}
        pool.submit(role, "api", "--port", api).result()
        pool.submit(stack.sandbox).result()
    found = [Target(name, _metrics(one.result().metrics_port)) for name, one in roles.items()]
    found += [Target("pool", _metrics(content.result().metrics_port), {"pool": "content"})]
    found += [Target("pool", _metrics(maintenance.result().metrics_port), {"pool": "maintenance"})]
    return [*found, Target("api", _metrics(int(api))), Target("rabbitmq", stack.broker.metrics_url)]


def _metrics(port: int) -> str:
    return f"http://{LOOPBACK}:{port}/metrics"


def _add_a_schedule(stack: Stack) -> None:
    engine = open_engine(stack.database_url, pool=1)
    with engine.begin() as connection:
        every = Definition(name="often", kind="maintenance.cleanup.tokens", trigger=Interval(1))
        store.add(connection, CONTRACTS, every, "test", firing.moment(connection))
    engine.dispose()


def _ask_for_something(stack: Stack, api: Target) -> None:
    """Ask over AMQP and HTTP: a series, something that nobody can read, and pages that are and are not there."""
    series = stack.compose(SaveSeries(tvdb_id=81189))
    stack.publish([series, replace(series, message_id=str(uuid.uuid4()), body=b"{}")])
    with httpx.Client(base_url=api.url.removesuffix("/metrics"), timeout=10) as client:
        for path in ("/series/81189", "/statistics", "/nowhere"):
            client.get(path)


@pytest.fixture(scope="module")
def line(
    broker: Broker, database: Database, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    with services.a_virtual_host(broker) as rabbitmq_url, services.a_clone(database, template) as database_url:
        made = Stack(broker, database, rabbitmq_url, database_url, tmp_path_factory.mktemp("line"))
        made.prepare()
        try:
            yield made
        finally:
            with ThreadPoolExecutor() as pool:
                list(pool.map(Running.stop, made.running))
            made.stop()


@pytest.fixture(scope="module")
def prometheus(line: Stack, programs: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    _add_a_schedule(line)
    targets = _start(line)
    port = free_port()
    folder = tmp_path_factory.mktemp("prometheus")
    watching = Service(private.program(folder, programs, port, targets, every=EVERY), folder / "prometheus.log")
    watching.start()
    try:
        with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", timeout=10) as client:
            asked = Prometheus(client)
            eventually(lambda: len(asked.now("up == 1")) > len(targets), within=30, what="everything scraped once")
            api = next(target for target in targets if target.job == "api")
            _ask_for_something(line, api)
            # A counter is born with its first value; only what is counted after that is a rate.
            for counter in BORN:
                eventually(functools.partial(asked.now, counter), within=40, what=counter)
            _ask_for_something(line, api)
            yield asked
    finally:
        watching.stop()


def test_everything_that_runs_is_found_and_read(prometheus: Prometheus) -> None:
    eventually(lambda: all(one["health"] == "up" for one in prometheus.targets()), what="every target up")
    jobs = {series.labels["job"] for series in prometheus.now("up == 1")}
    assert jobs == {"api", "relay", "scheduler", "exporter", "pool", "rabbitmq", "prometheus"}
    pools = {series.labels["pool"] for series in prometheus.now('up{job="pool"}')}
    assert pools == {"content", "maintenance"}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_query_of_a_dashboard_returns_data(prometheus: Prometheus, file: Path) -> None:
    panels = reading.read(file, {"queue": "content"}, window="5m").panels
    queries = [(f"{panel.title}, {query.ref}", query.expr) for panel in panels for query in panel.queries]
    assert queries

    def silent() -> list[str]:
        return [where for where, expr in queries if not _tells(prometheus, expr)]

    eventually(lambda: not silent(), within=40, what=f"data for all panels but {silent()}")


def _tells(prometheus: Prometheus, expr: str) -> bool:
    return any(not math.isnan(series.last) for series in prometheus.now(expr))


def test_a_number_is_one_number_at_all_times(prometheus: Prometheus) -> None:
    boards_read = [reading.read(file, {"queue": "content"}, window="5m") for file in FILES]
    numbers = [panel for board in boards_read for panel in board.panels if panel.sort == "stat"]
    several = {
        panel.title
        for panel in numbers
        if not panel.queries[0].instant
        and len(prometheus.course(panel.queries[0].expr, time.time() - 120, time.time(), 2)) > 1
    }
    assert several == set()


def test_a_dashboard_is_drawn_without_grafana(prometheus: Prometheus) -> None:
    board = reading.read(boards.FOLDER / "overview.json", {}, window="1m")
    page = render.rendered(board, prometheus, time.time() - 60, time.time())
    assert page.count("<section") == len(board.panels)
    assert "content.urgent" in page


def test_every_rule_is_evaluated_without_error(prometheus: Prometheus) -> None:
    eventually(lambda: all(rule["health"] == "ok" for rule in prometheus.rules()), what="every rule evaluated")
    assert [rule["lastError"] for rule in prometheus.rules() if rule.get("lastError")] == []


def test_the_broker_tells_all_that_is_asked_of_it(prometheus: Prometheus) -> None:
    assert {name for name in OF_RABBITMQ if not prometheus.now(f'{name}{{job="rabbitmq"}}')} == set()


def test_a_death_and_pools_without_a_worker_call(prometheus: Prometheus) -> None:
    def calling() -> set[tuple[str, str]]:
        alerts = prometheus.now('ALERTS{alertstate=~"pending|firing"}')
        return {(one.labels["alertname"], one.labels.get("queue", "")) for one in alerts}

    eventually(lambda: ("PoolDead", "person") in calling(), what="an alert about a pool that nobody started")
    assert ("PoolDead", "content") not in calling()
