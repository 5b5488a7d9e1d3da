"""Answers this process has sent before, for as long as their version is what PostgreSQL says it is."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of answers kept: some thousand series."""

OVERHEAD: Final = 256
"""Bytes an entry costs beside its body, about."""


class Bodies:
    """The bodies asked for last, by entity; nothing in here is ever sent without asking for its version."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._kept: OrderedDict[str, tuple[str, bytes]] = OrderedDict()
        self._size = 0

    def get(self, entity: str) -> tuple[str, bytes] | None:
        """Return version and body of what was sent last."""
        found = self._kept.get(entity)
        if found is not None:
            self._kept.move_to_end(entity)
        return found

    def put(self, entity: str, version: str, body: bytes) -> None:
        """Keep a body, letting go of those that nobody has asked for the longest."""
        before = self._kept.pop(entity, None)
        if before is not None:
            self._size -= len(before[1]) + OVERHEAD
        self._kept[entity] = (version, body)
        self._size += len(body) + OVERHEAD
        while self._size > self._largest:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._size -= len(dropped) + OVERHEAD
