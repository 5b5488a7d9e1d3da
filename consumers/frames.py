"""Messages whose properties py-amqp cannot read: they arrive like any other, and say so in a header.

py-amqp decodes properties as it reads the socket, in the worker's main loop. One that it cannot decode (a name in
Latin-1, a time in the year 146 billion, tables within tables) would end the worker, unacknowledged, and then the next
worker it is delivered to. Here such properties are set aside as the bytes they are, and the message goes on.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from amqp import method_framing
from amqp.exceptions import AMQPError
from amqp.serialization import decode_properties_basic, dumps

from shared.broker.wire import UNREADABLE_HEADER

Frame = tuple[int, int, bytes]

METHOD, HEADER = 1, 2
"""Types of frames, as AMQP 0-9-1 numbers them."""

DELIVER = struct.pack(">HH", 60, 60)
NOTHING = bytes(8)
"""The size of an empty body."""

FIXED = 12
"""Bytes before the properties: class, weight, size of the body."""

HAS_HEADERS = struct.pack(">H", 1 << 13)

MOST_KEPT = 32 * 1024
"""Bytes of unreadable properties that are kept: what says why is at their beginning."""

UNREADABLE = (ValueError, ArithmeticError, OSError, LookupError, TypeError, RecursionError, struct.error, AMQPError)
"""What decoding strangers' bytes may raise."""


class FrameHandler:
    """What py-amqp makes its reading of frames with: its own handler, with an eye on what that cannot read.

    A class, so that Celery's `inspect stats`, which shows the options of the transport, can show it.
    """

    def __json__(self) -> str:
        return __name__

    def __call__(self, connection: Any, callback: Callable[..., None]) -> Callable[[Frame], bool]:
        """Return what is called with every frame of a connection."""
        stock = method_framing.frame_handler(connection, callback)

        def on_frame(frame: Frame) -> bool:
            kind, channel, payload = frame
            if kind == METHOD and payload[:4] == DELIVER:
                frame = (kind, channel, readable_delivery(payload))
            elif kind == HEADER:
                try:
                    if payload[4:FIXED] != NOTHING:
                        return bool(stock(frame))
                    # The stock handler hands an empty message on at once; errors of later steps are not ours to catch.
                    decode_properties_basic(payload, FIXED)
                except UNREADABLE as error:
                    frame = (kind, channel, set_aside(payload, error))
            return bool(stock(frame))

        return on_frame


def set_aside(payload: bytes, error: Exception) -> bytes:
    """Return a content header whose only property is a header that holds the unreadable ones and the reason."""
    told = {"error": f"{type(error).__name__}: {error}"[:500], "properties": payload[FIXED : FIXED + MOST_KEPT].hex()}
    return payload[:FIXED] + HAS_HEADERS + bytes(dumps("F", [{UNREADABLE_HEADER: told}]))


def readable_delivery(payload: bytes) -> bytes:
    """Return the arguments of a delivery with every name in UTF-8: a routing key may be any bytes.

    They are consumer tag, delivery tag (8 bytes), redelivered (1), exchange, routing key; lengths stay as they are.
    """
    start = 5 + payload[4] + 9
    if payload[start:].isascii():
        return payload
    pieces = [payload[:start]]
    while start < len(payload):
        end = start + 1 + payload[start]
        pieces.append(payload[start : start + 1] + _readable(payload[start + 1 : end]))
        start = end
    return b"".join(pieces)


def _readable(name: bytes) -> bytes:
    try:
        name.decode()
    except UnicodeDecodeError:
        return bytes(byte if byte < 128 else ord("?") for byte in name)  # noqa: PLR2004 - ASCII's end
    return name
