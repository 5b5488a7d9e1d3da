"""Raw pika, the peer for publishing: no envelope, no contract, no reconnecting, nothing but the protocol."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pika
from pika.adapters.select_connection import SelectConnection

WINDOW = 1000


@dataclass(frozen=True, slots=True)
class Letter:
    """What pika publishes."""

    exchange: str
    routing_key: str
    body: bytes
    properties: pika.BasicProperties


class Pipeline:
    """One SelectConnection publishing with a window of unconfirmed messages, in the caller's thread."""

    def __init__(self, url: str, letters: Iterator[Letter]) -> None:
        self._letters = letters
        self._open: dict[int, None] = {}
        self._tag = 0
        self._began = self._ended = 0.0
        self._exhausted = False
        self._channel: Any = None
        self._connection = SelectConnection(
            pika.URLParameters(url), on_open_callback=self._opened, on_close_callback=self._closed
        )

    def run(self) -> tuple[int, float]:
        """Publish all letters; return how many were confirmed, and in how many seconds."""
        self._connection.ioloop.start()
        return self._tag, self._ended - self._began

    def _opened(self, connection: SelectConnection) -> None:
        connection.channel(on_open_callback=self._channel_opened)

    def _channel_opened(self, channel: Any) -> None:
        self._channel = channel
        channel.confirm_delivery(self._confirmed, callback=self._start)

    def _start(self, _frame: object) -> None:
        self._began = time.perf_counter()
        self._fill()

    def _fill(self) -> None:
        for letter in self._letters:
            self._channel.basic_publish(letter.exchange, letter.routing_key, letter.body, letter.properties)
            self._tag += 1
            self._open[self._tag] = None
            if len(self._open) >= WINDOW:
                return
        self._exhausted = True

    def _confirmed(self, frame: Any) -> None:
        method = frame.method
        if method.NAME != "Basic.Ack":
            raise RuntimeError("the broker refused a message")
        if method.multiple:
            for tag in list(self._open):
                if tag > method.delivery_tag:
                    break
                del self._open[tag]
        else:
            del self._open[method.delivery_tag]
        if not self._exhausted:
            self._fill()
        if self._exhausted and not self._open:
            self._ended = time.perf_counter()
            self._connection.close()

    def _closed(self, connection: SelectConnection, _reason: object) -> None:
        connection.ioloop.stop()
