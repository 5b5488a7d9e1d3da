"""A Sentry of a test's own: an HTTP server that takes envelopes and keeps what was in them."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "0123456789abcdef0123456789abcdef"


@dataclass
class Sentry:
    """What was received: every envelope as text, and its items by their sort."""

    dsn: str
    received: list[str] = field(default_factory=list)
    delay: float = 0.0
    """Seconds it takes to answer."""
    items: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def take(self, envelope: bytes) -> None:
        """Keep an envelope: a line of headers, then for each item a line of headers and its payload."""
        self.received.append(envelope.decode())
        lines = envelope.split(b"\n")[1:]
        while len(lines) > 1:
            head, body, *lines = lines
            self.items.append((json.loads(head)["type"], json.loads(body)))

    def errors(self, **tags: str) -> list[dict[str, Any]]:
        """Return the errors reported with these tags."""
        return [
            item for sort, item in list(self.items) if sort == "event" and tags.items() <= item.get("tags", {}).items()
        ]

    def transactions(self, trace_id: str) -> list[dict[str, Any]]:
        """Return the transactions of a trace."""
        return [
            item
            for sort, item in list(self.items)
            if sort == "transaction" and item["contexts"]["trace"]["trace_id"] == trace_id
        ]


@contextmanager
def a_sentry() -> Iterator[Sentry]:
    """Run one on a free port of this machine."""
    sentry = Sentry("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(sentry.delay)
            sentry.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            with suppress(ConnectionError):  # whoever sent it may have ended
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sentry.dsn = f"http://{KEY}@127.0.0.1:{server.server_port}/1"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield sentry
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def a_silent_sentry() -> Iterator[str]:
    """Give the DSN of one that takes a connection and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://{KEY}@127.0.0.1:{listening.getsockname()[1]}/1"
