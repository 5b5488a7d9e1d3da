"""A node of our own: private, loopback only, and the same again after it was killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pika
import psutil
import pytest

from deploy.local import rabbitmq
from deploy.local.process import Process, recall, remember
from deploy.local.rabbitmq import Broker
from tests import services
from tests.eventually import eventually


@pytest.fixture(scope="module")
def node() -> Iterator[Broker]:
    """Start a node of this module's own: its tests kill it."""
    with services.a_broker() as started:
        yield started


def family(broker: Broker) -> list[psutil.Process]:
    """Return the node's processes, Erlang's own helpers among them."""
    first = psutil.Process(broker.pid)
    return [first, *first.children(recursive=True)]


def registered(broker: Broker, queue: bytes) -> bool:
    """Say whether the node has written down on disk that it holds a quorum queue."""
    return any(queue in file.read_bytes() for file in broker.log.parent.glob("data/**/quorum/**/names.dets"))


def test_only_our_user_and_our_virtual_host_are_there(node: Broker) -> None:
    with httpx.Client(base_url=f"{node.management_url}/api") as client:
        users = [user["name"] for user in client.get("/users").json()]
        hosts = [host["name"] for host in client.get("/vhosts").json()]

    assert users == ["millrace"]
    assert hosts == ["millrace"]


def test_a_wrong_password_opens_no_connection(node: Broker) -> None:
    address = urlsplit(node.url)
    wrong = address._replace(netloc=f"millrace:guess@{address.hostname}:{address.port}").geturl()

    assert not rabbitmq.accepts(wrong, address.port or 0)
    assert rabbitmq.accepts(node.url, address.port or 0)


def test_everything_that_listens_listens_on_loopback_only(node: Broker) -> None:
    listening = [
        connection.laddr
        for process in family(node)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]

    ports = {address.port for address in listening}
    assert len(ports) == len(rabbitmq.PORTS)
    assert {address.ip for address in listening} <= {"127.0.0.1", "::1"}


def test_management_and_prometheus_answer(node: Broker) -> None:
    with httpx.Client() as client:
        overview = client.get(f"{node.management_url}/api/overview")

    assert overview.json()["rabbitmq_version"].split(".")[0] in {"3", "4"}


def test_a_confirmed_message_survives_a_kill_and_the_ports_stay(node: Broker) -> None:
    url, ports = node.url, urlsplit(node.url).port
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.queue_declare("kept", durable=True, arguments={"x-queue-type": "quorum"})
        channel.basic_publish("", "kept", b"still here", pika.BasicProperties(delivery_mode=2))
    # A queue a second old may be forgotten in a crash: the node writes its register of queues when it has a moment.
    eventually(lambda: registered(node, b"kept"), within=10, what="the queue's entry in the node's register")

    before = family(node)
    node.kill()
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in before)
    node.start()

    with pika.BlockingConnection(pika.URLParameters(node.url)) as again:
        _, _, body = again.channel().basic_get("kept", auto_ack=True)
    assert (node.url, urlsplit(node.url).port) == (url, ports)
    assert body == b"still here"


def test_a_node_that_is_told_to_stop_stops_and_leaves_no_process(node: Broker) -> None:
    before = family(node)
    ended_by = node.stop()
    left = [process for process in before if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    node.start()

    assert ended_by == "SIGTERM"
    assert left == []


def test_another_process_with_the_same_id_is_not_taken_for_ours(node: Broker, tmp_path: Path) -> None:
    assert node.process is not None
    file = tmp_path / "node.json"

    remember(Process(node.process.pid, node.process.born), file)
    known = recall(file)
    remember(Process(node.process.pid, node.process.born - 3600), file)
    stranger = recall(file)

    assert known is not None
    assert known.alive()
    assert stranger is not None
    assert not stranger.alive()
