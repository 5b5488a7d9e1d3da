"""What may stand in a label: names of our own.

Whatever a stranger made up is `unknown`, so that no flood of invented names becomes a flood of series.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from shared.broker import topology
from shared.ledger import REASONS, UNKNOWN

QUEUES: Final = frozenset(queue.name for queue in topology.queues())
EXCHANGES: Final = frozenset(exchange.name for exchange in topology.exchanges())


def queue(name: str) -> str:
    """Return the name of a queue of the topology, or unknown."""
    return name if name in QUEUES else UNKNOWN


def exchange(name: str) -> str:
    """Return the name of an exchange of the topology, or unknown."""
    return name if name in EXCHANGES else UNKNOWN


def kind(name: str, known: Container[str]) -> str:
    """Return a kind that has a contract, or unknown."""
    return name if name in known else UNKNOWN


def reason(name: str) -> str:
    """Return a reason for which messages die, or unknown."""
    return name if name in REASONS else UNKNOWN
