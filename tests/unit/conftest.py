"""Unit tests open no socket; one that tries fails at the line that tried."""

from __future__ import annotations

import socket
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def no_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make opening a socket an error. A pair of connected ones, by which an event loop wakes itself, is none."""
    opened = socket.socket.__init__

    def refuse(self: socket.socket, *arguments: Any, **named: Any) -> None:
        fileno = named.get("fileno", arguments[3] if len(arguments) > 3 else None)
        assert fileno is not None, "a unit test opened a socket; what needs one belongs in tests/integration"
        opened(self, *arguments, **named)

    monkeypatch.setattr(socket.socket, "__init__", refuse)
