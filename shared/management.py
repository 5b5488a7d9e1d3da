"""RabbitMQ's management API: what the broker says about itself. Only operators' tools ask; the line never does."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

import httpx

from shared.broker import addresses, tls
from shared.errors import MillraceError

TIMEOUT = 10.0
"""Seconds; a broker with thousands of queues takes a few to list them."""

NOT_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout)


class ManagementRefused(MillraceError):
    """The management API answered, but not with what was asked for; `status` is its HTTP status."""

    def __init__(self, status: int, what: str) -> None:
        self.status = status
        super().__init__(f"the management API answered {status} to {what}")


class Nodes(httpx.BaseTransport):
    """Asks the first node of a cluster that answers, and begins with that one the next time."""

    def __init__(self, urls: Sequence[httpx.URL], transport: httpx.BaseTransport | None = None) -> None:
        self._nodes = deque(urls)
        self._transport = transport or httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to one node after another; raises the last one's TransportError when none answers."""
        for left in reversed(range(len(self._nodes))):
            node = self._nodes[0]
            request.url = request.url.copy_with(scheme=node.scheme, host=node.host, port=node.port)
            request.headers["Host"] = node.netloc.decode()
            next(httpx.BasicAuth(node.username, node.password).auth_flow(request))
            try:
                return self._transport.handle_request(request)
            except httpx.TransportError as error:
                # What was sent may have been done: only a question is asked again elsewhere.
                if not left or not (isinstance(error, NOT_SENT) or request.method == "GET"):
                    raise
                self._nodes.rotate(-1)
        raise AssertionError("a cluster has a node")

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()


def connect(urls: str) -> httpx.Client:
    """Return a client for the management API at `urls`, one address or several, with user and password in them."""
    each = addresses.split(urls)
    nodes = [httpx.URL(tls.without_files(url).rstrip("/")) for url in each]
    transport = httpx.HTTPTransport(verify=tls.context(each[0]) or True)
    return httpx.Client(base_url=f"{nodes[0]}/api", timeout=TIMEOUT, transport=Nodes(nodes, transport))


def vhost_of(amqp_urls: str) -> str:
    """Return the virtual host that an AMQP address, or each of several, means as pika reads it: no path is `/`."""
    return httpx.URL(addresses.split(amqp_urls)[0]).path.removeprefix("/") or "/"


class Management:
    """One virtual host, seen through the management API.

    Every method raises ManagementRefused, or httpx's TransportError when nobody answers.
    """

    def __init__(self, client: httpx.Client, vhost: str) -> None:
        self._client = client
        self._vhost = quote(vhost, safe="")

    def exchanges(self) -> list[dict[str, Any]]:
        """Return the exchanges as the broker describes them."""
        return self._list("exchanges")

    def queues(self) -> list[dict[str, Any]]:
        """Return the queues with arguments, `messages_ready`, `messages_unacknowledged` and `consumers`.

        A queue declared a moment ago may lack the numbers still; they are gathered every five seconds.
        """
        return self._list("queues")

    def bindings(self) -> list[dict[str, Any]]:
        """Return every binding, also those of the default exchange."""
        return self._list("bindings")

    def _list(self, what: str) -> list[dict[str, Any]]:
        answer = self._client.get(f"/{what}/{self._vhost}")
        if answer.status_code != httpx.codes.OK:
            raise ManagementRefused(answer.status_code, f"a look at the {what} of virtual host {self._vhost}")
        listed: list[dict[str, Any]] = answer.json()
        return listed
