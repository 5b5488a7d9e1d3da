"""One trial: messages are published and worked on while something happens to a node, then every effect is counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from deploy.local.postgres import Database
from shared.broker.publisher import Publisher
from tests.acceptance.stack import Running, Stack
from tests.cluster.flood import CHUNK, Flood
from tests.cluster.nodes import Cluster, Node
from tests.eventually import eventually
from tests.probe.kinds import Observe

QUEUE = "maintenance"
"""The queue of the probe's messages."""

PREFETCH = 100
"""Messages each of the pool's two processes may hold, and so have delivered again after a lost connection."""

PER_SECOND = 2000.0
"""Messages published in a second at most: slow enough for something to happen in the middle."""

PATIENCE = 5.0
"""Seconds after which the publisher here reports that no confirm came; the flood then publishes the same again."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a trial. Times are in seconds, from what happened to the first success afterwards."""

    name: str
    messages: int
    lost: int
    repeated: int
    until_confirmed: float
    until_effect: float
    longest_wait: float
    """What a publisher waited for its confirms at most, from what happened on."""
    reported: int
    """Messages the publisher said were not confirmed in time; they were published again."""
    recognised: int
    """Deliveries of messages that had been done already: what would have been repeated."""

    @property
    def good(self) -> bool:
        """Whether nothing was lost and nothing was done twice."""
        return self.lost == self.repeated == 0


class Line(Stack):
    """The line on a cluster, with one pool."""

    def __init__(self, cluster: Cluster, database: Database, database_url: str, folder: Path) -> None:
        super().__init__(cluster.nodes[0].broker, database, cluster.address(), database_url, folder)
        self.cluster = cluster
        self.pool: Running

    def begin(self) -> Self:
        """Declare the topology and start the pool."""
        self.prepare()
        self.pool = self.worker(QUEUE, concurrency=2, prefetch=PREFETCH)
        return self

    def environment(self) -> dict[str, str]:
        """Return what the environment of a process of this line is."""
        return {**super().environment(), "RABBITMQ_MANAGEMENT_URL": self.cluster.management_url}

    @property
    def vhost(self) -> str:
        """The virtual host of the line."""
        return self.rabbitmq_url.rpartition("/")[2]

    def node_of_pool(self) -> Node:
        """Return the node that the pool are connected to; waits until there is one."""

        def look() -> Node | None:
            links = psutil.Process(self.pool.pid).net_connections(kind="tcp")
            nodes = (self.cluster.node_at(link.raddr.port) for link in links if link.raddr)
            return next((node for node in nodes if node is not None and node.running), None)

        return eventually(look, within=60, what="a connection of the pool") or self.cluster.nodes[0]

    def lead(self, node: Node) -> None:
        """Have a node lead the queue."""
        eventually(lambda: self.cluster.transfer(self.vhost, QUEUE, node), within=60, what=f"{node.name} leading")

    def trial(
        self,
        name: str,
        least: int,
        at: Node,
        happen: Callable[[Flood], float | None],
        mend: Callable[[], None] = lambda: None,
    ) -> Outcome:
        """Publish messages by way of one node first; at a third of them, when work is under way, something happens.

        Then wait until all goes on: until a message that was published afterwards is confirmed, and one has had its
        effect. `happen` may return the moment from which to count; otherwise it is when it is called. At last `mend`
        makes the cluster whole, and every effect is counted.
        """
        (start,) = self.keys(1)
        recognised = self._recognised()
        with Publisher(self.cluster.address(self.vhost, first=at), name="flood", timeout=PATIENCE) as publisher:
            flood = Flood(
                publisher,
                lambda number: self.compose(Observe(key=start + number)),
                lambda: self._done(start),
                least=least,
                per_second=PER_SECOND,
            )
            flood.start()
            eventually(
                lambda: flood.confirmed > least // 3 and self._done(start) > least // 10,
                within=60,
                what="publishing and consuming",
            )
            before = time.monotonic()
            moment = happen(flood) or before
            happened = time.monotonic()
            after = eventually(lambda: flood.confirmed_after(happened), within=120, what="a confirm after it")
            assert after is not None
            effect = eventually(
                lambda: self._done(start + after.last - CHUNK) and time.monotonic(), within=120, what="an effect"
            )
            flood.finish()
        mend()
        eventually(lambda: self.cluster.whole(self.vhost, QUEUE), within=120, what="a cluster that is whole")
        confirmed = flood.confirmed
        self.keys(confirmed)  # used
        eventually(lambda: self._done(start) >= confirmed, within=120, what="all effects")
        # A node that was started anew knows no numbers for some seconds.
        empty = lambda: self.cluster.queue(self.vhost, QUEUE).get("messages") == 0  # noqa: E731
        eventually(empty, within=60, what="an empty queue")
        times = self.times(*range(start, start + confirmed))
        return Outcome(
            name,
            confirmed,
            lost=confirmed - len(times),
            repeated=sum(number > 1 for number in times),
            until_confirmed=after.ended - moment,
            until_effect=effect - moment,
            longest_wait=flood.longest_wait(before),
            reported=len(flood.errors),
            recognised=self._recognised() - recognised,
        )

    def _done(self, first: int) -> int:
        return int(self.rows("SELECT count(*) FROM probe_rows WHERE key >= %s", first)[0]["count"])

    def _recognised(self) -> int:
        counted = self.pool.metrics().items()
        return int(sum(value for name, value in counted if "handled_total" in name and '"duplicate"' in name))
