"""TLS for tests: an authority that lasts as long as its test, and a door to PostgreSQL that speaks it.

The PostgreSQL of the wheel is built without TLS. The door ends TLS in front of it, as PgBouncer or a cloud's proxy
does: to clients, libpq's own checks included, it is a server with `ssl = on`.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import trustme

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
"""What a client of PostgreSQL says first when it wants TLS (PostgreSQL's documentation, 54.7)."""


@dataclass(frozen=True, slots=True)
class Papers:
    """PEM files: of an authority, and of a certificate for 127.0.0.1 with its key; and of another authority."""

    authority: Path
    certificate: Path
    key: Path
    stranger: Path


def papers(folder: Path) -> Papers:
    """Make them."""
    made = Papers(folder / "ca.pem", folder / "certificate.pem", folder / "key.pem", folder / "stranger.pem")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(made.authority))
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_pem.write_to_path(str(made.key))
    for pem in issued.cert_chain_pems:
        pem.write_to_path(str(made.certificate), append=True)
    trustme.CA().cert_pem.write_to_path(str(made.stranger))
    return made


@contextmanager
def a_door(server: Path, made: Papers) -> Iterator[int]:
    """Give the port of a door that lets nobody in without TLS; behind it is PostgreSQL, at its socket `server`."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made.certificate, made.key)
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []
    open_ones: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = listener.accept()
                open_ones.append(client)
                threads.append(threading.Thread(target=admit, args=(client,), daemon=True))
                threads[-1].start()

    def admit(client: socket.socket) -> None:
        with suppress(OSError):
            if client.recv(len(SSL_REQUEST), socket.MSG_WAITALL) != SSL_REQUEST:
                client.close()
                return
            client.sendall(b"S")
            inner = context.wrap_socket(client, server_side=True)
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(str(server))
            open_ones.extend([inner, behind])
            back = threading.Thread(target=pump, args=(behind, inner), daemon=True)
            threads.append(back)
            back.start()
            pump(inner, behind)

    acceptor = threading.Thread(target=serve, daemon=True)
    acceptor.start()
    try:
        yield listener.getsockname()[1]
    finally:
        for one in (listener, *open_ones):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in (acceptor, *threads):
            thread.join(timeout=5)


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes until either end has had enough; then both have."""
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
