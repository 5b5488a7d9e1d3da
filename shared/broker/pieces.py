"""pika's connection, with many messages written to the socket at once: the one place that overrides pika."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pika.adapters.select_connection import SelectConnection
from pika.exceptions import StreamLostError

PIECE = 256 * 1024
"""Bytes written to the socket at once, at most but for the last message of a piece."""


class InPieces(SelectConnection):
    """Writes the frames of many messages in one piece.

    pika hands each frame to the socket by itself, three for a message, and those system calls cost more than all the
    rest of a message. `_adapter_emit_data` is the method that pika's adapters are made of.
    """

    _held: bytearray | None = None

    def _adapter_emit_data(self, data: bytes) -> None:
        if self._held is None:
            super()._adapter_emit_data(data)
            return
        self._held += data
        if len(self._held) >= PIECE:
            held, self._held = bytes(self._held), bytearray()
            super()._adapter_emit_data(held)

    def abandon(self) -> None:
        """Close the socket without another word, whatever state the connection is in; its callbacks tell of it."""
        self._terminate_stream(StreamLostError("given up while it was being made or closed"))

    @contextmanager
    def in_one_piece(self) -> Iterator[None]:
        """Hold back the frames of this with-block, and write them at its end or when they fill a piece."""
        self._held = bytearray()
        try:
            yield
        finally:
            held, self._held = bytes(self._held), None
            if held and not self.is_closed:
                super()._adapter_emit_data(held)
