"""What the broker tells of its queues: one request of its management API, whatever the number of queues."""

from __future__ import annotations

from typing import Any

import httpx

from producers.exporter.sources import Fact
from shared.broker import topology
from shared.errors import MissingSetting
from shared.management import Management, connect, vhost_of
from shared.settings import Settings
from shared.telemetry import metrics

QUEUES = tuple(queue.name for queue in topology.queues())

STATES = {"ready": "messages_ready", "unacked": "messages_unacknowledged"}


class Broker:
    """Looks at every queue of the topology: work queues, urgent lanes, delay tiers and dead letters."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: httpx.Client | None = None

    def look(self) -> list[Fact]:
        """Return depth and consumers of each queue; nothing of one that is not declared.

        Raises MissingSetting without the address of the management API, ManagementRefused, or an error of httpx.
        """
        told = {queue["name"]: queue for queue in self._queues()}
        facts = [
            Fact(metrics.queue_messages, float(told[name][field]), {"queue": name, "state": state})
            for name in QUEUES
            for state, field in STATES.items()
            # A queue that was declared a moment ago has no numbers yet.
            if told.get(name, {}).get(field) is not None
        ]
        facts += [
            Fact(metrics.queue_consumers, float(told[name]["consumers"]), {"queue": name})
            for name in QUEUES
            if told.get(name, {}).get("consumers") is not None
        ]
        return facts

    def _queues(self) -> list[dict[str, Any]]:
        if self._settings.rabbitmq_management_url is None:
            raise MissingSetting("RABBITMQ_MANAGEMENT_URL", "nobody else knows how long queues are")
        if self._client is None:
            self._client = connect(self._settings.rabbitmq_management_url.get_secret_value())
        vhost = vhost_of(self._settings.rabbitmq_url.get_secret_value())
        return Management(self._client, vhost).queues()
