"""A cluster's addresses are tried in turn: at once within a round, with growing pauses between rounds."""

from __future__ import annotations

import httpx
import pytest

from shared.broker import addresses
from shared.broker.connection import RECONNECT, pause
from shared.management import Nodes, vhost_of

CLUSTER = "amqp://a:b@one/line;amqp://a:b@two:5673/line;"
NODES = [httpx.URL("http://a:b@one:15672"), httpx.URL("http://c:d@two:15672")]


def test_each_address_has_its_own_host_and_all_the_same_heartbeat() -> None:
    found = addresses.parameters(CLUSTER)

    assert [(node.host, node.port, node.virtual_host) for node in found] == [
        ("one", 5672, "line"),
        ("two", 5673, "line"),
    ]
    assert {node.heartbeat for node in found} == {addresses.HEARTBEAT}
    assert vhost_of(CLUSTER) == "line"


def test_a_lost_connection_is_made_again_at_once_and_failures_wait_between_rounds_only() -> None:
    assert [pause(failures, 3) for failures in range(7)] == [0, 0, 0, RECONNECT[0], 0, 0, RECONNECT[1]]
    assert [pause(failures, 1) for failures in range(8)] == [0, *RECONNECT, RECONNECT[-1], RECONNECT[-1]]


class Broken:
    """Nodes of which some cannot be reached, or say nothing."""

    def __init__(self, **broken: type[httpx.TransportError]) -> None:
        self.broken = broken
        self.asked: list[tuple[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        self.asked.append((host, request.headers["Authorization"]))
        if error := self.broken.get(host):
            raise error("not here")
        assert request.headers["Host"] == f"{host}:15672"
        return httpx.Response(200, json=[host])


def client(broken: Broken) -> httpx.Client:
    return httpx.Client(base_url="http://a:b@one:15672/api", transport=Nodes(NODES, httpx.MockTransport(broken)))


def test_the_management_api_is_asked_at_the_next_node_with_its_own_password_and_stays_there() -> None:
    broken = Broken(one=httpx.ConnectError)
    with client(broken) as asking:
        assert asking.get("/queues").json() == ["two"]
        assert asking.get("/queues").json() == ["two"]

    one, two = "Basic YTpi", "Basic Yzpk"
    assert broken.asked == [("one", one), ("two", two), ("two", two)]


def test_what_may_have_been_done_is_not_asked_for_again_at_another_node() -> None:
    broken = Broken(one=httpx.ReadTimeout)
    with client(broken) as asking:
        with pytest.raises(httpx.ReadTimeout):
            asking.delete("/queues")
        assert asking.get("/queues").json() == ["two"]


def test_when_no_node_answers_the_last_error_is_told() -> None:
    broken = Broken(one=httpx.ConnectError, two=httpx.ConnectTimeout)
    with client(broken) as asking, pytest.raises(httpx.ConnectTimeout):
        asking.delete("/queues")
