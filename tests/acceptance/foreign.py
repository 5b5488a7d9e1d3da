"""Publishers that have never heard of Millrace: plain AMQP clients, and one that writes whatever bytes it likes."""

from __future__ import annotations

import struct
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp
import pika


def publish_with_py_amqp(url: str, exchange: str, key: str, body: bytes, **properties: Any) -> None:
    """Publish with py-amqp, mandatory and confirmed."""
    parts = urlsplit(url)
    connection = amqp.Connection(
        f"{parts.hostname}:{parts.port}",
        userid=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        virtual_host=unquote(parts.path[1:]),
        confirm_publish=True,
    )
    with connection, connection.channel() as channel:
        channel.basic_publish(amqp.Message(body, **properties), exchange, key, mandatory=True)


def publish_with_pika(url: str, exchange: str, key: str, body: bytes, **properties: Any) -> None:
    """Publish with pika, mandatory and confirmed."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        channel = connection.channel()
        channel.confirm_delivery()
        channel.basic_publish(exchange, key, body, pika.BasicProperties(**properties), mandatory=True)
    finally:
        connection.close()


class Raw(pika.BasicProperties):  # type: ignore[misc]
    """Properties as bytes of one's own choosing: what a client in C with a bug, or with bad intentions, sends.

    `headers` is the inside of a field table; the others are the bytes of a short string, or a number.
    """

    def __init__(self, *, headers: bytes | None = None, timestamp: int | None = None, **strings: bytes) -> None:
        super().__init__()
        self._written = _properties(headers, timestamp, strings)

    def encode(self) -> list[bytes]:
        return [self._written]


def raw_header(name: bytes, kind: bytes, value: bytes) -> bytes:
    """Return one entry of a field table."""
    return bytes([len(name)]) + name + kind + value


def raw_text(value: bytes) -> bytes:
    """Return a long string."""
    return struct.pack(">I", len(value)) + value


FLAGS = {
    "content_type": 1 << 15,
    "content_encoding": 1 << 14,
    "headers": 1 << 13,
    "correlation_id": 1 << 10,
    "reply_to": 1 << 9,
    "message_id": 1 << 7,
    "timestamp": 1 << 6,
    "type": 1 << 5,
    "app_id": 1 << 3,
}
"""In the order in which AMQP 0-9-1 writes them."""


def _properties(headers: bytes | None, timestamp: int | None, strings: dict[str, bytes]) -> bytes:
    flags, pieces = 0, []
    for name, flag in FLAGS.items():
        if name == "headers" and headers is not None:
            pieces.append(raw_text(headers))
        elif name == "timestamp" and timestamp is not None:
            pieces.append(struct.pack(">Q", timestamp))
        elif name in strings:
            pieces.append(bytes([len(strings[name])]) + strings[name])
        else:
            continue
        flags |= flag
    return struct.pack(">H", flags) + b"".join(pieces)
