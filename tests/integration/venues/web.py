"""A small web on a loopback port: bodies by path, with ETags, and what was asked."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class LocalWeb:
    """What is served, by path; `kinds` has content types other than text/plain."""

    port: int = 0
    bodies: dict[str, bytes] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def answer(self, path: str, etag: str | None) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body for a request."""
        self.asked.append(path)
        body = self.bodies.get(path)
        if body is None:
            return 404, {}, b"not here"
        own = f'"{hashlib.sha256(body).hexdigest()[:8]}"'
        if etag == own:
            return 304, {"ETag": own}, b""
        return 200, {"ETag": own, "Content-Type": self.kinds.get(path, "text/plain")}, body


@contextmanager
def a_local_web() -> Iterator[LocalWeb]:
    """Serve until the block ends."""
    web = LocalWeb()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = web.answer(self.path, self.headers.get("If-None-Match"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield web
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
