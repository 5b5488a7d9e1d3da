"""A virtual host for a test of commands: how to run one against it, and how to look into it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pika
from typer.testing import CliRunner, Result

from producers.cli.root import app
from tests.eventually import eventually


@dataclass(frozen=True)
class Place:
    """A virtual host: its address, and the management API that shows it."""

    name: str
    url: str
    management_url: str

    def run(self, *words: str, stdin: str | None = None, **environment: str) -> Result:
        addresses = {"RABBITMQ_URL": self.url, "RABBITMQ_MANAGEMENT_URL": self.management_url}
        return CliRunner().invoke(app, words, input=stdin, env={**addresses, **environment}, prog_name="millrace")

    def on_channel(self, act: Callable[[Any], Any]) -> Any:
        with closing(pika.BlockingConnection(pika.URLParameters(self.url))) as connection:
            return act(connection.channel())

    def depth(self, queue: str) -> int:
        return int(self.on_channel(lambda channel: channel.queue_declare(queue, passive=True).method.message_count))

    def first(self, queue: str) -> tuple[Any, bytes]:
        """Take the first message of a queue: its properties and its body."""
        _, properties, body = eventually(
            lambda: self.on_channel(lambda channel: _present(channel.basic_get(queue, auto_ack=True))),
            what=f"a message in {queue}",
        )
        return properties, body


def _present(got: tuple[Any, Any, Any]) -> tuple[Any, Any, Any] | None:
    return None if got[0] is None else got
