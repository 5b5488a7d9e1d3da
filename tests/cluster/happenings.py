"""What happens to a cluster in the middle of a trial: nodes die, stand still, and hand over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from tests.cluster.flood import Flood
from tests.cluster.nodes import Node
from tests.cluster.trial import Line, Outcome
from tests.eventually import eventually, throughout

STILL = 20.0
"""Seconds for which a node stands still: twice the heartbeat, and less than the 45 after which the other nodes may give
it up, and RabbitMQ 3.10 has a partition when it goes on."""

MINORITY = 10.0
"""Seconds for which one node of three is left alone."""


def killed(*nodes: Node) -> Callable[[Flood], None]:
    """Return what kills these nodes with SIGKILL."""

    def happen(_flood: Flood) -> None:
        for node in nodes:
            node.kill()

    return happen


def leader_killed(line: Line, messages: int) -> Outcome:
    """Kill the queue's leader, which is also the node that publisher and pool are connected to."""
    node = line.node_of_pool()
    line.lead(node)
    return line.trial("leader killed, clients on it", messages, node, killed(node), node.start)


def follower_killed(line: Line, messages: int) -> Outcome:
    """Kill a node that neither leads the queue nor has clients."""
    node = line.node_of_pool()
    line.lead(node)
    follower = line.cluster.others(node)[0]
    return line.trial("follower killed", messages, node, killed(follower), follower.start)


def distant_leader_killed(line: Line, messages: int) -> Outcome:
    """Kill the leader, while publisher and pool are connected to another node."""
    node = line.node_of_pool()
    leader = line.cluster.others(node)[0]
    line.lead(leader)
    return line.trial("leader killed, clients elsewhere", messages, node, killed(leader), leader.start)


def clients_node_killed(line: Line, messages: int) -> Outcome:
    """Kill the node that publisher and pool are connected to, while another leads the queue."""
    node = line.node_of_pool()
    line.lead(line.cluster.others(node)[0])
    return line.trial("clients' node killed, not the leader", messages, node, killed(node), node.start)


def leader_moved(line: Line, messages: int) -> Outcome:
    """Have each node lead in turn, as a rebalance or a node in maintenance does."""
    node = line.node_of_pool()
    line.lead(node)

    def happen(_flood: Flood) -> float:
        for other in line.cluster.others(node):
            line.lead(other)
        return time.monotonic()

    return line.trial("leader moved twice, gracefully", messages, node, happen)


def majority_killed(line: Line, messages: int) -> Outcome:
    """Kill two nodes of three, see that nothing is confirmed meanwhile, and start one of them again."""
    node = line.node_of_pool()
    line.lead(node)
    other = line.cluster.others(node)[0]

    def happen(flood: Flood) -> float:
        killed(node, other)(flood)
        eventually(lambda: flood.errors, within=60, what="word of a message that was not confirmed")
        confirmed = flood.confirmed
        throughout(lambda: flood.confirmed == confirmed, seconds=MINORITY, what="nothing confirmed by a minority")
        moment = time.monotonic()
        other.start()
        return moment

    return line.trial("two of three killed; from one's start", messages, node, happen, node.start)


def leader_still(line: Line, messages: int) -> Outcome:
    """Have the leader, with the clients connected to it, stand still: its sockets stay open, and nothing answers."""
    node = line.node_of_pool()
    line.lead(node)
    enough = threading.Timer(STILL, node.resume)

    def happen(_flood: Flood) -> None:
        enough.start()
        node.pause()

    def mend() -> None:
        enough.cancel()
        node.resume()

    try:
        return line.trial("leader stands still, clients on it", messages, node, happen, mend)
    finally:
        mend()


HAPPENINGS: tuple[Callable[[Line, int], Outcome], ...] = (
    leader_killed,
    leader_moved,
    distant_leader_killed,
    follower_killed,
    clients_node_killed,
    majority_killed,
    leader_still,
)
