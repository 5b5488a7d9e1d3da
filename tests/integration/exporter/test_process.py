"""`millrace exporter` as a process, beside a real broker and a real database, one of which goes and comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pika
import pytest
from prometheus_client.parser import text_string_to_metric_families

from deploy.local.ports import LOOPBACK, free_port
from deploy.local.postgres import Database
from deploy.local.rabbitmq import Broker
from shared.broker import topology
from tests.eventually import eventually

ROOT = Path(__file__).parents[3]


@dataclass
class Exporter:
    process: subprocess.Popen[bytes]
    port: int

    def told(self) -> dict[str, float]:
        """Return what it tells now, by name and label values; nothing before it answers."""
        try:
            text = httpx.get(f"http://{LOOPBACK}:{self.port}/metrics", timeout=5).text
        except httpx.ConnectError:
            return {}
        samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        return {" ".join([one.name.removeprefix("millrace_"), *one.labels.values()]): one.value for one in samples}

    def up(self) -> dict[str, float]:
        return {name.split()[1]: value for name, value in self.told().items() if name.startswith("exporter_source_up")}


@pytest.fixture
def exporter(broker: Broker, rabbitmq_url: str, database_url: str, tmp_path: Path) -> Iterator[Exporter]:
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "RABBITMQ_URL": rabbitmq_url,
        "RABBITMQ_MANAGEMENT_URL": broker.management_url,
        "DATABASE_URL": database_url,
    }
    command = [sys.executable, "-m", "producers.cli", "exporter", "--port", str(port), "--every", "0.2"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, stderr=log)
    yield Exporter(process, port)
    process.kill()
    process.wait()


def test_it_tells_of_each_source_that_answers_and_ends_at_once(
    exporter: Exporter, rabbitmq_url: str, database: Database
) -> None:
    with pika.BlockingConnection(pika.URLParameters(rabbitmq_url)) as connection:
        channel = connection.channel()
        for number in range(3):
            channel.basic_publish("scrape", "scrape.series.save", b'{"tvdb_id": %d}' % number)
        channel.basic_publish("retry.5s", "person", b"{}", pika.BasicProperties(expiration="5000"))
        method, _, _ = channel.basic_get("content")
        assert method is not None

        def seen() -> bool:
            told = exporter.told()
            depth = [told.get(f"queue_messages content {state}") for state in ("ready", "unacked")]
            # Broker and pools are looked at each by itself.
            return depth == [2, 1] and told.get("queue_oldest_message_age_seconds content", 0) > 0

        eventually(seen, within=40, what="the depth of the queue, and its age")
        told = exporter.told()
        assert told["pool_instances content"] == 0
        assert exporter.up() == {"broker": 1, "pools": 1, "database": 1}
        every = {queue.name for queue in topology.queues()}
        assert {name.split()[1] for name in told if name.startswith("queue_messages ")} == every
        assert {name.split()[1] for name in told if name.startswith("queue_consumers ")} == every
        assert told["queue_objective_seconds content"] == topology.pool_named("content").objective
        assert told["pool_recommended_processes content"] >= 1
        assert told["outbox_pending"] == 0

    database.kill()
    eventually(lambda: exporter.up()["database"] == 0, what="the database gone")
    told = exporter.told()
    assert not any(name.startswith(("outbox", "dead_letter", "stale", "schedule")) for name in told)
    assert told["queue_messages content ready"] >= 2, "what the broker tells is as true as before"
    assert exporter.up()["broker"] == 1
    database.start()
    eventually(lambda: exporter.up()["database"] == 1, what="the database again")
    assert exporter.told()["outbox_pending"] == 0

    exporter.process.send_signal(signal.SIGTERM)
    # A look that waits for its answer is not waited for. Ten seconds are for a busy machine.
    assert exporter.process.wait(timeout=10) == 0


def test_without_a_port_it_says_what_is_missing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "producers.cli", "exporter"]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "MILLRACE_METRICS_PORT" in ended.stderr
