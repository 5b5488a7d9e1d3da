"""Three private RabbitMQ nodes that are one cluster: each may be killed, paused and started again."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import psutil

from deploy.local import rabbitmq
from deploy.local.ports import LOOPBACK, free_port, is_open
from deploy.local.process import Command
from deploy.local.program import Program, Service
from deploy.local.rabbitmq import Broker, Identity
from deploy.local.rabbitmq_found import Installed, find_installed, missing
from shared.broker.addresses import SEPARATOR
from tests import services

NODES = 3


@dataclass
class Node:
    """One node of the cluster; `broker` starts and kills it."""

    identity: Identity
    home: Path
    broker: Broker

    @property
    def name(self) -> str:
        """Name by which the other nodes know it."""
        return self.identity.node

    def kill(self) -> None:
        """SIGKILL to the node: nothing is closed, nobody is told."""
        self.broker.kill()

    def start(self) -> None:
        """Start the node with the data it had, and wait until it lets clients in."""
        self.broker.start()

    def pause(self) -> None:
        """Have the node stand still with its sockets open: to all others a network that swallows everything."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the node go on."""
        self._signal(signal.SIGCONT)

    @property
    def running(self) -> bool:
        """Whether it was started and has not been killed since."""
        return self.broker.pid is not None

    def _signal(self, number: signal.Signals) -> None:
        family = psutil.Process(self.broker.pid).children(recursive=True)
        for process in family:
            if process.name().startswith("beam"):
                process.send_signal(number)


class Cluster:
    """The nodes, and the tools to ask them and to move a queue's leader among them."""

    def __init__(self, nodes: Sequence[Node], installed: Installed) -> None:
        self.nodes = list(nodes)
        self._installed = installed

    def address(self, vhost: str = rabbitmq.VHOST, first: Node | None = None) -> str:
        """Return the addresses of all nodes for RABBITMQ_URL, one node's before the others."""
        order = sorted(self.nodes, key=lambda node: node is not first)
        return SEPARATOR.join(node.identity.url.removesuffix(rabbitmq.VHOST) + vhost for node in order)

    @property
    def management_url(self) -> str:
        """The addresses of the management API."""
        return SEPARATOR.join(node.identity.management_url for node in self.nodes)

    def living(self) -> list[Node]:
        """Return the nodes that have not been killed."""
        return [node for node in self.nodes if node.running]

    def named(self, name: str) -> Node:
        """Return the node of that name."""
        return next(node for node in self.nodes if node.name == name)

    def others(self, *nodes: Node) -> list[Node]:
        """Return all other nodes."""
        return [node for node in self.nodes if node not in nodes]

    def node_at(self, port: int) -> Node | None:
        """Return the node whose clients connect to this port."""
        return next((node for node in self.nodes if node.identity.amqp == port), None)

    def queue(self, vhost: str, name: str) -> dict[str, Any]:
        """Return what a living node says of a queue: `members`, `online`, `messages`, some seconds old."""
        with httpx.Client(base_url=self.living()[0].identity.management_url, timeout=10) as client:
            answer = client.get(f"/api/queues/{vhost.replace('/', '%2F')}/{name}").raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def whole(self, vhost: str, name: str) -> bool:
        """Say whether every node lets clients in, and has a replica of a queue that is online."""
        accept = (rabbitmq.accepts(node.identity.url, node.identity.amqp) for node in self.nodes)
        return all(accept) and len(self.queue(vhost, name).get("online", ())) == len(self.nodes)

    def version(self) -> str:
        """Return the version of RabbitMQ that runs here."""
        with httpx.Client(base_url=self.living()[0].identity.management_url, timeout=10) as client:
            return str(client.get("/api/overview").raise_for_status().json()["rabbitmq_version"])

    def transfer(self, vhost: str, queue: str, to: Node) -> bool:
        """Have a node lead a queue; say whether it does, which it may only after some tries."""
        told = self.control(
            "eval",
            f'{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"{vhost}">>, queue, <<"{queue}">>)), '
            f"{{rabbit_quorum_queue:transfer_leadership(Q, '{to.name}'), ra:members(amqqueue:get_pid(Q))}}.",
        )
        leader = told.rpartition("{")[2]
        return to.name in leader

    def control(self, *arguments: str) -> str:
        """Run `rabbitmqctl` on a living node."""
        node = self.living()[0]
        told = subprocess.run(
            [self._installed.server.with_name("rabbitmqctl"), *arguments],
            env={**os.environ, **rabbitmq.node_environment(node.home, node.identity)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert told.returncode == 0, told.stdout + told.stderr
        return told.stdout.strip()


@contextmanager
def a_cluster(number: int = NODES) -> Iterator[Cluster]:
    """Start nodes for as long as a test needs them, and remove everything they kept."""
    installed = find_installed()
    if installed is None:
        raise missing()
    with services.a_folder() as folder:
        register = Service(_register(installed, folder, port := free_port()), folder / "epmd.log")
        nodes = _nodes(number, folder, installed, port)
        register.start()
        try:
            # RabbitMQ 3.10: the first alone. Of nodes that are all new, one may start while another makes the virtual
            # host, and then let nobody into it. A first one of RabbitMQ 4 waits for the others, which begin after it.
            first = 1 if _generation(installed, port) < 4 else 0
            for node in nodes[:first]:
                node.start()
            with ThreadPoolExecutor(number) as pool:
                list(pool.map(Node.start, nodes[first:]))
            yield Cluster(nodes, installed)
        finally:
            for node in nodes:
                node.resume() if node.running else None
                node.kill()
            register.kill()


def _generation(installed: Installed, epmd: int) -> int:
    """Return the first number of RabbitMQ's version."""
    told = subprocess.run(
        [installed.server.with_name("rabbitmqctl"), "version"],
        # Without a register of ours it would start one of its own, for ever and for everybody.
        env={**os.environ, "ERL_EPMD_PORT": str(epmd), "ERL_EPMD_ADDRESS": LOOPBACK},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return int(told.stdout.strip().partition(".")[0])


def _register(installed: Installed, folder: Path, port: int) -> Program:
    """Return Erlang's register of names, in which the nodes find each other."""
    command = Command((str(installed.epmd), "-port", str(port), "-address", LOOPBACK), dict(os.environ), folder)
    return Program("epmd", lambda: command, ready=lambda: is_open(port))


def _nodes(number: int, folder: Path, installed: Installed, epmd: int) -> list[Node]:
    identities: list[Identity] = []
    taken = {epmd}
    for _ in range(number):
        identity = rabbitmq.new_identity()
        secrets = identities[0] if identities else identity
        identity = replace(identity, password=secrets.password, cookie=secrets.cookie, epmd=epmd)
        # Those of a node that is starting are not taken yet, and would be given twice.
        for name in ("amqp", "management", "prometheus", "distribution"):
            port = free_port(taken)
            taken.add(port)
            identity = replace(identity, **{name: port})  # type: ignore[arg-type]
        identities.append(identity)
    peers = [identity.node for identity in identities]
    nodes = []
    for place, identity in enumerate(identities, 1):
        home = folder / f"rabbitmq{place}"
        program = rabbitmq.program(home, identity, installed, os.environ, peers)
        nodes.append(Node(identity, home, Broker(home, identity, program)))
    return nodes
