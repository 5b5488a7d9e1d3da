"""RabbitMQ's management API: what the broker says about itself. Only operators' tools ask; the line never does."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from shared.errors import MillraceError

TIMEOUT = 10.0
"""Seconds; a broker with thousands of queues takes a few to list them."""


class ManagementRefused(MillraceError):
    """The management API answered, but not with what was asked for; `status` is its HTTP status."""

    def __init__(self, status: int, what: str) -> None:
        self.status = status
        super().__init__(f"the management API answered {status} to {what}")


def connect(url: str) -> httpx.Client:
    """Return a client for the management API at `url`, whose user and password stand in the address itself."""
    return httpx.Client(base_url=url.rstrip("/") + "/api", timeout=TIMEOUT)


def vhost_of(amqp_url: str) -> str:
    """Return the virtual host that an AMQP address means, as pika reads it: no path is `/`."""
    return httpx.URL(amqp_url).path.removeprefix("/") or "/"


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
