"""How every pool's queues are right now, by the broker's own word; for the command line and the API."""

from __future__ import annotations

from dataclasses import dataclass

from shared.broker import topology
from shared.errors import MissingSetting
from shared.management import Management, connect, vhost_of
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Standing:
    """One queue of a pool: messages that wait, messages being worked on, and consumers.

    All three are None while the queue is not declared, or was declared a few seconds ago.
    """

    pool: str
    queue: str
    waiting: int | None
    in_work: int | None
    consumers: int | None
    declared: bool


def standings(settings: Settings) -> list[Standing]:
    """Return every pool's queues in the order of the topology.

    Raises MissingSetting without the address of the management API, ManagementRefused and httpx's TransportError.
    """
    if settings.rabbitmq_management_url is None:
        raise MissingSetting("RABBITMQ_MANAGEMENT_URL", "nobody else knows how long queues are")
    vhost = vhost_of(settings.rabbitmq_url.get_secret_value())
    with connect(settings.rabbitmq_management_url.get_secret_value()) as client:
        queues = {queue["name"]: queue for queue in Management(client, vhost).queues()}
    return [
        Standing(
            pool.name,
            name,
            queues.get(name, {}).get("messages_ready"),
            queues.get(name, {}).get("messages_unacknowledged"),
            queues.get(name, {}).get("consumers"),
            name in queues,
        )
        for pool in topology.POOLS
        for name in pool.queues
    ]
